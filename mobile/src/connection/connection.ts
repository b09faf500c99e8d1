import type { EndReason } from "../../../protocol/session.ts";
import type { Failure } from "./failure.ts";

/**
 * Where the conversation stands. The screens are a function of it; what has to be done in a state is done on entering
 * it (`voice-session.ts`); and every state that waits for somebody has a time limit (`waits.ts`).
 */
export type Connection =
  | { readonly phase: "idle" }
  /** The device gets ready: the service says what it is, and the microphone may be used. */
  | { readonly phase: "permission"; readonly resume?: string }
  /** A session was asked for. Nothing exists yet that would have to be stopped. */
  | { readonly phase: "starting" }
  | { readonly phase: "connecting"; readonly sessionId: string }
  /** In the room, where the assistant has not said yet that it is ready. */
  | { readonly phase: "waiting"; readonly sessionId: string }
  | { readonly phase: "live"; readonly sessionId: string }
  /** The way to the call is broken. Daily mends it by itself at first; then we leave and join anew. */
  | {
      readonly phase: "reconnecting";
      readonly sessionId: string;
      readonly by: "daily" | "us";
      readonly assistant: Assistant;
    }
  /** The way is fine, and the assistant is not: another one, or its model, is coming. */
  | {
      readonly phase: "recovering";
      readonly sessionId: string;
      readonly assistant: Exclude<Assistant, "here">;
    }
  | { readonly phase: "ended"; readonly sessionId: string; readonly end: CallEnd }
  | {
      readonly phase: "failed";
      readonly failure: Failure;
      readonly sessionId?: string;
      /** The session may well be alive, and can be joined once more. */
      readonly resumable: boolean;
    };

export type Phase = Connection["phase"];

/** `away`: in the room, without its model. `left`: not in the room. */
export type Assistant = "here" | "away" | "left";

export type CallEnd =
  | { readonly by: "user" }
  /** `reason` is what the session's record says, once it has been read. */
  | { readonly by: "service"; readonly reason?: EndReason };

export const IDLE: Connection = { phase: "idle" };

/** Nothing is under way: a conversation may begin. */
export function canConnect({ phase }: Connection): boolean {
  return phase === "idle" || phase === "ended" || phase === "failed";
}

/** Of the session that the connection is about, if there is one. */
export function sessionIdOf(connection: Connection): string | undefined {
  return "sessionId" in connection ? connection.sessionId : undefined;
}

export type InCall = Extract<Connection, { phase: "live" | "reconnecting" | "recovering" }>;

/** The assistant was there, and the conversation goes on or is being mended. */
export function isInCall(connection: Connection): connection is InCall {
  return ["live", "reconnecting", "recovering"].includes(connection.phase);
}
