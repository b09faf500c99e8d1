import type { PageParticipant } from "../bridge/control.ts";
import type { AudioGraph } from "./audio-graph.ts";

export interface CallContext {
  graph: AudioGraph;
  slot: number;
  events: CallEvents;
}

/** What a call tells; never after `ended`. */
export interface CallEvents {
  participantJoined(participant: PageParticipant): void;
  participantLeft(participant: PageParticipant): void;
  appMessage(data: unknown, fromId: string): void;
  /** Over without our asking. `errorType` as Daily says it, or `left`. */
  ended(errorType: string, detail: string): void;
}

/** One call of the page. */
export interface Call {
  /** What the slot's output is to be connected to. */
  readonly output: AudioNode;
  /** Goes to a slot. Called once, before all else. */
  attach(context: CallContext): void;
  /** Resolves when joined. A failure is told by `ended`, and rejects too. */
  join(options: { url: string; token: string; userName: string }): Promise<void>;
  send(data: unknown): void;
  /** Its sound leaves the call and comes back, which the others see as a new track. Once it has joined. */
  republish(): void;
  /** Leaves and frees everything, within a bounded time. Never rejects. */
  close(): Promise<void>;
}

/** Makes calls, ahead of need. */
export interface CallMaker {
  /** Prepares a call: all that can be done before it is known which room it goes to. */
  prepare(context: AudioContext): Promise<Call>;
}
