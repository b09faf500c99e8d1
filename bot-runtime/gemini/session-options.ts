import type { RememberedTurn } from "./briefing.ts";
import type { SessionLimits } from "./limits.ts";
import type { LiveConnect, LiveSetup } from "./live-connect.ts";
import type { ModelRules } from "./model-rules.ts";
import type { GeminiNote, GiveUpReason } from "./note.ts";
import type { Requests } from "./requests.ts";
import type { RuleName } from "./rules.ts";
import type { ServerContent, ServerMessage } from "./server-message.ts";
import type { ToolEvent } from "./tool-calls.ts";
import type { Tool } from "./tools.ts";

/** Whether the model can be talked to. `memory`: what it still knows of the conversation. */
export type SessionStatus =
  | { kind: "away" }
  | { kind: "cut" }
  | { kind: "back"; memory: "kept" | "retold" | "lost" };

/** What a guarded session tells whoever runs it. What these throw is noted and has no other effect. */
export interface LiveSessionEvents {
  /** What the model says, whichever connection it comes from. */
  content(content: ServerContent): void;
  /** The answer under way is over without a word of the model; `cut`: and not whole. Nothing more of it will come. */
  answerEnded(cut: boolean): void;
  status(status: SessionStatus): void;
  tool(event: ToolEvent): void;
  usage(counts: NonNullable<ServerMessage["usageMetadata"]>): void;
  /** The model stays mute, whatever is done. */
  mute(): void;
  note(note: GeminiNote): void;
  /** The newest handle. A credential. */
  handle?(handle: string): void;
  /** The session cannot go on; the last event. */
  failed(why: GiveUpReason): void;
}

/** A session of Gemini's that somebody else has had before. */
export interface Resumption {
  /** The newest one. A credential. */
  handle: string;
  /** When it was given, in epoch milliseconds: what was said since is told. Nothing is when absent. */
  givenAt?: number;
}

export interface LiveSessionOptions {
  connect: LiveConnect;
  setup: LiveSetup;
  events: LiveSessionEvents;
  tools?: readonly Tool[];
  /** What was said so far, newest last; a fresh session is told. Without it, it begins anew. */
  conversation?(): readonly RememberedTurn[];
  requests?: Partial<Requests>;
  /** How turns are taken to begin with. */
  manualTurns?: boolean;
  /** What to begin with, asked when the session starts; anew without it. */
  resume?(): Resumption | undefined;
  /** By the model when absent. */
  modelRules?: ModelRules;
  limits?: Partial<SessionLimits>;
  /** From 0 up to 1, for the spread of retries. */
  random?(): number;
  /** Rules that are not followed; for tests of the tests. */
  off?: ReadonlySet<RuleName>;
}
