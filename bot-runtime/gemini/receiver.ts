import type { Link } from "./links.ts";
import type { Listeners } from "./listeners.ts";
import { durationMs, type ServerMessage } from "./server-message.ts";
import type { SessionEvent } from "./session-types.ts";
import type { ToolCalls } from "./tool-calls.ts";
import { turnEndOf, turnEventsOf } from "./turn-events.ts";
import type { TurnState } from "./turn-state.ts";

export interface ReceiverOptions {
  listeners: Listeners;
  tools: ToolCalls;
  turn(): TurnState;
  /** Whether what comes over a connection still counts. */
  hears(link: Link): boolean;
  happened(event: SessionEvent): void;
  /** Functions were called, or need not be waited for any more. */
  toolsChanged(): void;
}

/** What a message of the model brings about. */
export class Receiver {
  readonly #options: ReceiverOptions;

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  receive(message: ServerMessage, link: Link): void {
    const { listeners, happened, hears } = this.#options;
    const { sessionResumptionUpdate, usageMetadata } = message;
    if (usageMetadata) listeners.usage(usageMetadata);
    if (sessionResumptionUpdate?.resumable && sessionResumptionUpdate.newHandle) {
      happened({ kind: "handle", handle: sessionResumptionUpdate.newHandle });
    }
    // Each of its parts may be what this connection is left for: the others are of no concern then.
    for (const part of this.#partsOf(message, link)) {
      if (!hears(link)) return;
      part();
    }
  }

  /** What is to be done with each part of a message, in an order that keeps a turn whole: its end comes last. */
  *#partsOf(message: ServerMessage, { number }: Link): Generator<() => void> {
    const { listeners, tools, turn, happened, toolsChanged } = this.#options;
    const { serverContent, toolCall, toolCallCancellation, goAway } = message;
    if (toolCallCancellation?.ids) {
      const { ids } = toolCallCancellation;
      yield () => {
        const count = tools.cancel(ids, number);
        if (count > 0) happened({ kind: "tools-settled", count });
        toolsChanged();
      };
    }
    if (serverContent) {
      // Listeners first: what the state makes of it may be the end of this connection.
      yield () => listeners.content(serverContent);
      for (const event of turnEventsOf(serverContent, turn)) yield () => happened(event);
    }
    if (toolCall?.functionCalls) {
      const { functionCalls } = toolCall;
      yield () => {
        const count = tools.begin(functionCalls, number);
        if (count > 0) happened({ kind: "tools-called", count });
        toolsChanged();
      };
    }
    if (goAway) yield () => happened({ kind: "go-away", timeLeftMs: durationMs(goAway.timeLeft ?? "") });
    const end = serverContent && turnEndOf(serverContent);
    if (end) yield () => happened(end);
  }
}
