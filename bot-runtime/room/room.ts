/** What a bot needs of a call. Everything it sees of Daily, Chromium and the bridge is behind this. */

export interface Participant {
  /** Daily's session id of this participant. */
  id: string;
  userId: string;
  userName: string;
}

/** Why a room is over for the bot. `lost`: browser, page or bridge went away beneath it. */
export type RoomEnd =
  | { kind: "left" }
  | { kind: "ejected" }
  | { kind: "expired" }
  | { kind: "failed"; detail: string }
  | { kind: "lost"; detail: string };

/** What reaches the far end's ear, as the page's clock sees it. One generation is one answer. */
export type Playout =
  /** First sample of this generation is being played. */
  | { kind: "started"; generation: number }
  /** So much of this generation was heard. A few times a second. */
  | { kind: "progress"; generation: number; playedMs: number }
  /** All samples queued so far were played. More may follow, with another `started`. `playedMs` counts the whole generation. */
  | { kind: "drained"; generation: number; playedMs: number }
  /** A flush took effect; `playedMs` of this generation had been heard. */
  | { kind: "flushed"; generation: number; playedMs: number };

/**
 * Callbacks of a room. Called in order, never after `ended`. They must not throw. Participants who were there
 * before are told like those who come later, and may be told before `join` has resolved.
 */
export interface RoomEvents {
  /**
   * `INPUT_FRAME_SAMPLES` at `INPUT_SAMPLE_RATE` of what is heard: fifty times a second from the first audio track
   * of a participant until the last participant with one has left. Who is muted is heard as silence, several are
   * heard as their sum, other bots of ours (user id `bot-<number>`) not at all. The array is the callee's to keep.
   */
  audio(pcm: Int16Array): void;
  participantJoined(participant: Participant): void;
  participantLeft(participant: Participant): void;
  appMessage(data: unknown, fromId: string): void;
  playout(state: Playout): void;
  /** The last event, exactly once after a successful `open`: also when `join` fails (just before it rejects) and on `close`. */
  ended(end: RoomEnd): void;
}

export interface RoomOptions {
  sessionId: string;
  url: string;
  token: string;
  userName: string;
}

/** One call of one bot. */
export interface Room {
  /**
   * Joins, publishing a silent audio track at once. Resolves when joined.
   * @throws RoomError when the join failed; the room is closed then.
   */
  join(): Promise<void>;
  /**
   * To everybody else in the room.
   * @throws RoomError `message-too-large` over 4,096 characters of JSON, Daily's limit; `closed` when not in the room.
   * Between an end as `lost` and the join of the room that goes on, it is kept for that one, as far as there is space.
   */
  sendAppMessage(data: unknown): void;
  /**
   * Queues s16 mono at `OUTPUT_SAMPLE_RATE`, any length, faster than real time if it likes; the page paces it.
   * Generations ascend: what is older than the newest, or was flushed, is dropped. Without effect after the end,
   * like `pause`, `resume` and `flush`; after an end as `lost` it is kept for the room that goes on with the call.
   */
  play(pcm: Int16Array, generation: number): void;
  /** Stops playing but keeps what is queued. */
  pause(): void;
  resume(): void;
  /** Drops all that is queued of `generation` and older, and whatever of them still arrives. Also resumes. */
  flush(generation: number): void;
  /**
   * Takes the bot's microphone out of the call and puts it in again: a new cue for clients that wait for one. A moment
   * of what is being said is lost to them. Without effect when not in the room.
   */
  republish(): void;
  /** Leaves and frees everything. Idempotent; safe at any time, also during `join`. */
  close(): Promise<void>;
}

/** Totals since the host started, for `/metrics`. */
export interface RoomHostStats {
  pages: number;
  rooms: number;
  /** Audio frames over the bridge, both ways. */
  framesIn: number;
  framesOut: number;
  /** Frames of ours that the page missed, or of the page's that we missed, by their sequence numbers. */
  framesLost: number;
  /** Longest time between two batches of one page while it held a call, in milliseconds. */
  maxGapMs: number;
  /** Such times that were longer than a listener's buffer lasts (`LATE_BATCH_MS`). */
  lateBatches: number;
  /** Pages and browsers that went away by themselves. */
  pagesLost: number;
  browsersLost: number;
  /** Browsers that were replaced for their age, their memory or their silence. */
  browsersReplaced: number;
  /** Rooms that went on in another page. */
  continued: number;
}

/** Makes rooms; owns the browser. */
export interface RoomHost {
  /**
   * Prepares page and audio for one call, without joining.
   * @param lost a room of this host that ended as `lost`: the new one goes on with what it had not said, once it has
   * joined, as if nothing had happened.
   * @throws RoomError when that cannot be done
   */
  open(options: RoomOptions, events: RoomEvents, lost?: Room): Promise<Room>;
  /** Whether browser and page are there. A host whose pages are full is ready: it opens another page. */
  readonly ready: boolean;
  stats(): RoomHostStats;
  /** Ends every room as `lost`, then the browser. */
  close(): Promise<void>;
}

export class RoomError extends Error {
  override readonly name = "RoomError";
  /**
   * Daily's error type (`no-room`, `exp-token`, …), or ours: `lost`, `closed`, `open-failed`, `join-timeout`,
   * `message-too-large`, `unknown`.
   */
  readonly type: string;

  constructor(type: string, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.type = type;
  }
}
