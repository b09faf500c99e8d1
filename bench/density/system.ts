import type { Received } from "../common/talkers/talk.ts";

/** What calls are put on, to be measured: the product, or the least that would do. */
export interface System {
  /** The first process of the tree that is measured. Users and emulators are elsewhere. */
  readonly pid: number;
  /** Begins so many calls, spoken in from both ends; resolves when all are. */
  begin(calls: number): Promise<void>;
  /** Ends them all; resolves when nothing of them is left. */
  end(): Promise<void>;
  /** Not while anything is measured. */
  collectGarbage(): Promise<void>;
  /** What the users' ends of the calls have received so far. */
  received(): Promise<Received>;
  /** What only the product has. */
  readonly bridge?: BridgeFigures;
}

export interface BridgeFigures {
  /** The times between the batches of each page since the last look. */
  takeGapsMs(): Promise<number[]>;
  /** Frames that were missed on either side of the bridge, since the bot runtime began. */
  framesLost(): Promise<number>;
}
