import type { SpokenLine, Takeover } from "../protocol/takeover.ts";
import type { ConversationEntry } from "./context/conversation.ts";
import type { KnownSince } from "./edge-link.ts";
import type { Resumption } from "./gemini/session-options.ts";
import type { AssistantStatus } from "./pipeline/frame.ts";

type Memory = Extract<AssistantStatus, { kind: "back" }>["memory"];

/** Whether there is a conversation to go on with. If not, a bot begins as any other, though it may not be the first. */
export function isUnderWay(takeover: Takeover | undefined): boolean {
  return takeover !== undefined && (takeover.client !== undefined || takeover.conversation.length > 0);
}

/** What the bots before have left to this one of their conversation with the model. The first one finds nothing. */
export class Legacy {
  readonly #before: readonly SpokenLine[];
  #since: readonly SpokenLine[] = [];
  #handle: string | undefined;

  constructor(takeover: Takeover | undefined) {
    this.#before = takeover?.conversation ?? [];
    this.#handle = takeover?.handle;
  }

  /** After a hand-over: what was left counts, and what was known before it only where it was not told anew. */
  add({ handle, conversation }: KnownSince): void {
    if (handle === undefined && conversation === undefined) return;
    this.#handle = handle;
    this.#since = conversation ?? [];
  }

  resume(): Resumption | undefined {
    return this.#handle === undefined ? undefined : { handle: this.#handle };
  }

  /** Oldest first. */
  conversation(): readonly ConversationEntry[] {
    return [...this.#before, ...this.#since].map(({ role, text, at, interrupted }) => ({
      role,
      text,
      at: Date.parse(at),
      ...(interrupted ? { interrupted } : {}),
    }));
  }

  /** What the model will know of it. */
  get memory(): Memory {
    if (this.#handle !== undefined) return "kept";
    return this.#before.length + this.#since.length > 0 ? "retold" : "lost";
  }
}
