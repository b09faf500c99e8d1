import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { LINK_PING_EVERY_MS, type LinkReport } from "../protocol/link.ts";
import { type EdgeLinkOptions, WebSocketEdgeLink } from "./edge-link.ts";
import type { SessionLogEvent } from "./log-events.ts";

/** The edge's end of links: it acknowledges nothing by itself. */
class Edge {
  readonly #http: Server = createServer();
  readonly #server = new WebSocketServer({ noServer: true });
  readonly sockets: WebSocket[] = [];
  readonly authorizations: (string | undefined)[] = [];
  /** What each connection said, in order. */
  readonly received: string[][] = [];
  /** Statuses with which the next handshakes are refused. */
  readonly refusals: number[] = [];

  async start(): Promise<void> {
    this.#http.on("upgrade", (request, socket, head) => {
      this.authorizations.push(request.headers.authorization);
      const status = this.refusals.shift();
      if (status !== undefined) {
        socket.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
        return;
      }
      this.#server.handleUpgrade(request, socket, head, (peer) => {
        const said: string[] = [];
        this.received.push(said);
        this.sockets.push(peer);
        peer.on("message", (data) => said.push(data.toString()));
      });
    });
    await new Promise<void>((resolve) => this.#http.listen(0, "127.0.0.1", resolve));
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}/internal/sessions/s/bot`;
  }

  get socket(): WebSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error("Nobody has connected.");
    return socket;
  }

  get open(): number {
    return this.#server.clients.size;
  }

  say(message: unknown): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The numbers of the reports that a connection brought. */
  seqs(connection: number): number[] {
    return (this.received[connection] ?? []).map((text) => (JSON.parse(text) as LinkReport).seq);
  }

  async close(): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}

const USAGE = { kind: "usage", usage: { promptTokens: 1, responseTokens: 1, totalTokens: 2 } } as const;

let edge: Edge;
const links: WebSocketEdgeLink[] = [];
beforeEach(async () => {
  edge = new Edge();
  await edge.start();
});
afterEach(async () => {
  vi.useRealTimers();
  // Fenced links close at once, without waiting for acknowledgements that no test gives.
  for (const socket of edge.sockets) socket.close(4410);
  await Promise.all(links.splice(0).map((link) => link.close()));
  await edge.close();
});

function open(options: Partial<EdgeLinkOptions> = {}) {
  const calls: string[] = [];
  const logged: SessionLogEvent[] = [];
  const link = new WebSocketEdgeLink({
    url: edge.url,
    token: "link-token",
    events: {
      roomReady: (since) => calls.push(since?.handle ? `room-ready ${since.handle}` : "room-ready"),
      handOver: () => calls.push("hand-over"),
      stop: (reason) => calls.push(`stop ${reason}`),
      fenced: () => calls.push("fenced"),
    },
    log: (event) => logged.push(event),
    random: () => 0,
    ...options,
  });
  links.push(link);
  return { link, calls, logged, events: () => logged.map(({ event }) => event) };
}

describe("WebSocketEdgeLink", () => {
  it("connects with its token and numbers reports from 1, also those made before it was open", async () => {
    const { link } = open();
    link.report({ kind: "mark", mark: "botJoined", at: 7 });
    await expect.poll(() => edge.seqs(0)).toEqual([1]);
    link.report(USAGE);
    await expect.poll(() => edge.seqs(0)).toEqual([1, 2]);
    expect(edge.authorizations).toEqual(["Bearer link-token"]);
    expect(JSON.parse(edge.received[0]?.[0] ?? "")).toEqual({
      type: "report",
      seq: 1,
      report: { kind: "mark", mark: "botJoined", at: 7 },
    });
  });

  it("hands on commands, and leaves out what it cannot read", async () => {
    const { calls, events } = open();
    await expect.poll(() => edge.open).toBe(1);
    edge.socket.send("{ nonsense");
    edge.say({ type: "dance" });
    edge.say({ type: "room-ready" });
    edge.say({ type: "room-ready", handle: "handle-2", conversation: [] });
    edge.say({ type: "hand-over" });
    edge.say({ type: "stop", reason: "expired" });
    await expect
      .poll(() => calls)
      .toEqual(["room-ready", "room-ready handle-2", "hand-over", "stop expired"]);
    expect(events().filter((event) => event === "link.unreadable_command")).toHaveLength(2);
  });

  it("comes back after a loss and sends again what was not acknowledged", async () => {
    const { link, calls } = open();
    for (let i = 0; i < 4; i += 1) link.report(USAGE);
    await expect.poll(() => edge.seqs(0)).toEqual([1, 2, 3, 4]);
    edge.say({ type: "ack", seq: 2 });
    edge.say({ type: "room-ready" });
    await expect.poll(() => calls).toHaveLength(1);
    edge.socket.terminate();
    await expect.poll(() => edge.seqs(1)).toEqual([3, 4]);
    link.report(USAGE);
    await expect.poll(() => edge.seqs(1)).toEqual([3, 4, 5]);
    expect(calls).toEqual(["room-ready"]);
  });

  it("takes a command with all that a bot can be told when it takes over", async () => {
    const { calls, logged } = open();
    await expect.poll(() => edge.open).toBe(1);
    const line = { role: "user", text: "x".repeat(1_000), at: new Date(0).toISOString() };
    const handle = "h".repeat(16_384);
    edge.say({ type: "room-ready", handle, conversation: Array.from({ length: 15 }, () => line) });
    await expect.poll(() => calls).toEqual([`room-ready ${handle}`]);
    expect(logged.map(({ event }) => event)).toEqual(["link.connected"]);
  });

  it("is back within 2 s of an edge that was away for long", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
    edge.refusals.push(...Array.from({ length: 8 }, () => 503));
    const { events } = open({ random: () => 1 });
    const losses = () => events().filter((event) => event === "link.lost").length;
    for (let refused = 1; refused <= 8; refused += 1) {
      await vi.waitFor(() => expect(losses()).toBe(refused));
      vi.advanceTimersByTime(2_000);
    }
    await vi.waitFor(() => expect(edge.open).toBe(1));
  });

  it("sends no handle again that a newer one has replaced", async () => {
    edge.refusals.push(503);
    const { link } = open();
    for (const handle of ["a", "b", "c"]) {
      link.report({ kind: "handle", handle });
      link.report(USAGE);
    }
    await expect.poll(() => edge.seqs(0)).toEqual([2, 4, 5, 6]);
    expect(edge.received[0]?.join()).toContain('"handle":"c"');
  });

  it("keeps trying while the edge refuses for other reasons", async () => {
    edge.refusals.push(503, 500);
    const { logged, calls } = open();
    await expect.poll(() => edge.open).toBe(1);
    expect(logged.filter(({ event }) => event === "link.refused")).toMatchObject([
      { status: 503 },
      { status: 500 },
    ]);
    expect(calls).toEqual([]);
  });

  it.each([4409, 4410, 4400])("is fenced by close code %i and does not come back", async (code) => {
    const { calls, link } = open();
    await expect.poll(() => edge.open).toBe(1);
    edge.socket.close(code);
    await expect.poll(() => calls).toEqual(["fenced"]);
    link.report({ kind: "ended", reason: "stopped" });
    await link.close();
    expect(edge.authorizations).toHaveLength(1);
    expect(edge.received).toEqual([[]]);
  });

  it("waits for the last acknowledgement before it closes", async () => {
    const { link } = open();
    link.report({ kind: "ended", reason: "stopped" });
    await expect.poll(() => edge.seqs(0)).toEqual([1]);
    let closed = false;
    const closing = link.close().then(() => {
      closed = true;
    });
    expect(edge.open).toBe(1);
    expect(closed).toBe(false);
    edge.say({ type: "ack", seq: 1 });
    await closing;
    await expect.poll(() => edge.open).toBe(0);
  });

  it("closes without acknowledgement after a second", async () => {
    const { link } = open();
    link.report(USAGE);
    await expect.poll(() => edge.seqs(0)).toEqual([1]);
    const startedAt = performance.now();
    await link.close();
    expect(performance.now() - startedAt).toBeGreaterThan(900);
    expect(performance.now() - startedAt).toBeLessThan(2_500);
  });

  it("closes while it is not connected, and reports nothing more", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
    edge.refusals.push(...Array.from({ length: 50 }, () => 503));
    const { link, events } = open();
    await vi.waitFor(() => expect(events().filter((event) => event === "link.lost")).toHaveLength(2));
    await link.close();
    link.report(USAGE);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("bounds what it keeps for an edge that is away, and says what it gave up", async () => {
    edge.refusals.push(503);
    const { link, logged } = open();
    for (let i = 0; i < 1_003; i += 1) link.report(USAGE);
    await expect.poll(() => edge.seqs(0).length).toBe(1_000);
    expect(edge.seqs(0)[0]).toBe(4);
    expect(logged.filter(({ event }) => event === "link.reports_dropped")).toHaveLength(3);
  });

  it("pings every 10 s and gives a connection up that does not answer in 10", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
    const { events } = open();
    await vi.waitFor(() => expect(edge.open).toBe(1));
    await vi.waitFor(() => expect(events()).toEqual(["link.connected"]));
    vi.advanceTimersByTime(LINK_PING_EVERY_MS);
    await vi.waitFor(() => expect(edge.received[0]).toEqual(["ping"]));
    edge.socket.send("pong");
    // Once this has come, so has the pong before it.
    edge.socket.send("{");
    await vi.waitFor(() => expect(events()).toContain("link.unreadable_command"));
    vi.advanceTimersByTime(LINK_PING_EVERY_MS);
    expect(events()).not.toContain("link.silent");
    vi.advanceTimersByTime(10_000);
    expect(events().at(-1)).toBe("link.silent");
    await vi.waitFor(() => expect(events().at(-1)).toBe("link.lost"));
  });
});
