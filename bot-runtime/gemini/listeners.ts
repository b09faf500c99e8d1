import type { RememberedTurn } from "./briefing.ts";
import type { GeminiNote, GiveUpReason } from "./note.ts";
import type { ServerContent, ServerMessage } from "./server-message.ts";
import type { LiveSessionEvents, LiveSessionOptions, SessionStatus } from "./session-options.ts";
import type { ToolEvent } from "./tool-calls.ts";

/**
 * Whoever runs a session, as the session speaks to them. They are called from sockets and timers, where what one throws
 * would be the end of the process and of all its calls: it is noted instead. After `close` nobody is told anything.
 */
export class Listeners implements Required<LiveSessionEvents> {
  readonly #options: Pick<LiveSessionOptions, "events" | "conversation">;
  #closed = false;

  constructor(options: Pick<LiveSessionOptions, "events" | "conversation">) {
    this.#options = options;
  }

  close(): void {
    this.#closed = true;
  }

  content(content: ServerContent): void {
    this.#tell("content", (events) => events.content(content));
  }

  answerEnded(cut: boolean): void {
    this.#tell("answerEnded", (events) => events.answerEnded(cut));
  }

  status(status: SessionStatus): void {
    this.#tell("status", (events) => events.status(status));
  }

  tool(event: ToolEvent): void {
    this.#tell("tool", (events) => events.tool(event));
  }

  usage(counts: NonNullable<ServerMessage["usageMetadata"]>): void {
    this.#tell("usage", (events) => events.usage(counts));
  }

  mute(): void {
    this.#tell("mute", (events) => events.mute());
  }

  note(note: GeminiNote): void {
    this.#tell("note", (events) => events.note(note));
  }

  handle(handle: string): void {
    this.#tell("handle", (events) => events.handle?.(handle));
  }

  failed(why: GiveUpReason): void {
    this.#tell("failed", (events) => events.failed(why));
    this.close();
  }

  /** What was said so far; undefined where nobody remembers. */
  conversation(): readonly RememberedTurn[] | undefined {
    try {
      return this.#options.conversation?.();
    } catch (thrown) {
      this.#threw("conversation", thrown);
      return undefined;
    }
  }

  #tell(listener: string, tell: (events: LiveSessionEvents) => void): void {
    if (this.#closed) return;
    try {
      tell(this.#options.events);
    } catch (thrown) {
      this.#threw(listener, thrown);
    }
  }

  #threw(listener: string, thrown: unknown): void {
    // Where notes themselves fail there is nobody left to tell.
    if (listener === "note") return;
    this.note({ kind: "listener-failed", listener, detail: whereOf(thrown) });
  }
}

/** The kind of an error and where it was thrown. Its words may be the user's. */
function whereOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return typeof thrown;
  const place = thrown.stack?.split("\n").find((line) => /^\s+at /.test(line));
  return [thrown.name, place?.trim()].join(" ");
}
