import { exports } from "cloudflare:workers";
import { expect, vi } from "vitest";
import type { StartSignal } from "../../protocol/bot-host.ts";
import { type BotReport, LinkCommand, linkPath } from "../../protocol/link.ts";
import { ORIGIN } from "./edge-client.ts";
import { PATIENCE } from "./patience.ts";

/** A bot's end of a link. */
export class TestLink {
  readonly commands: LinkCommand[] = [];
  /** Texts that are no command, such as the answer to a ping. */
  readonly texts: string[] = [];
  closed: { code: number; reason: string } | undefined;
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const text = String(data);
      if (text.startsWith("{")) this.commands.push(LinkCommand.parse(JSON.parse(text)));
      else this.texts.push(text);
    });
    socket.addEventListener("close", ({ code, reason }) => {
      this.closed = { code, reason };
    });
    socket.accept();
  }

  /** Whether it may still say something. */
  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  send(text: string | ArrayBuffer): void {
    this.#socket.send(text);
  }

  report(seq: number, report: BotReport): void {
    this.send(JSON.stringify({ type: "report", seq, report }));
  }

  /** Reports and waits for the acknowledgement. */
  async reported(seq: number, report: BotReport): Promise<void> {
    this.report(seq, report);
    await vi.waitFor(() => expect(this.commands).toContainEqual({ type: "ack", seq }), PATIENCE);
  }

  async untilCommand(command: LinkCommand): Promise<void> {
    await vi.waitFor(() => expect(this.commands).toContainEqual(command), PATIENCE);
  }

  async untilClosed(): Promise<{ code: number; reason: string }> {
    return vi.waitUntil(() => this.closed, PATIENCE);
  }

  close(): void {
    this.#socket.close(1000, "the test is done");
  }
}

/** The upgrade as a bot asks for it. */
export function askForLink(sessionId: string, token: string | undefined): Promise<Response> {
  return exports.default.fetch(`${ORIGIN}${linkPath(sessionId)}`, {
    headers: { upgrade: "websocket", ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
  });
}

/** The link of the bot that was sent this signal. */
export async function openLink({
  sessionId,
  link,
}: Pick<StartSignal, "sessionId" | "link">): Promise<TestLink> {
  const response = await askForLink(sessionId, link.token);
  if (!response.webSocket) throw new Error(`the upgrade was answered ${response.status}`);
  return new TestLink(response.webSocket);
}
