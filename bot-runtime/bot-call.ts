import { describeError, type Log } from "../protocol/log.ts";
import { isBotUserId } from "../protocol/user-id.ts";
import type { BotEvent } from "./bot-state.ts";
import type { SessionLogEvent } from "./log-events.ts";
import {
  type Participant,
  type Room,
  type RoomEnd,
  RoomError,
  type RoomEvents,
  type RoomHost,
  type RoomOptions,
} from "./room/room.ts";
import { roomEndOf } from "./room/room-end.ts";
import type { RoomInput } from "./room-io/room-input.ts";
import type { RoomOutput } from "./room-io/room-output.ts";

/** App messages kept until the join is confirmed. A client says `client-ready` then, once or for each track. */
const MAX_EARLY_MESSAGES = 32;

/** Between two tries to come back from another page; doubled after each. */
const REJOIN_FIRST_MS = 250;
const REJOIN_MAX_MS = 2_000;
/** A call that loses its pages so often may be what breaks them, and their other calls with them: it is given up. */
const MAX_LOSSES = 3;
const LOSSES_WITHIN_MS = 300_000;
/** Daily's and our own reasons not to be let in that time may change. */
const PASSING: readonly string[] = [
  "lost",
  "open-failed",
  "join-timeout",
  "connection-error",
  "meeting-full",
];

export interface BotCallOptions {
  roomHost: RoomHost;
  room: RoomOptions;
  input: RoomInput;
  output: RoomOutput;
  log: Log<SessionLogEvent>;
  onEvent(event: BotEvent): void;
  onJoined(joinMs: number): void;
  /** Someone came who is no bot of ours. */
  onClient(): void;
}

/** A bot's way into its call, by as many rooms as it takes, and who is there. Decides nothing. */
export class BotCall {
  readonly #options: BotCallOptions;
  readonly #clients = new Set<string>();
  #phase: "outside" | "joining" | "inside" | "closed" = "outside";
  #room: Room | undefined;
  /** The last call of `open`; it may outlast the session, and must not outlast `close`. */
  #opening: Promise<void> = Promise.resolve();
  /** Counts rooms: what an earlier one still says, whose join has failed, is about no call of ours. */
  #roomNumber = 0;
  /** Set when the room ended before its join was confirmed. */
  #endBeforeJoined: RoomEnd | undefined;
  /** App messages that came before the join was confirmed: until then the room takes no answer to them. */
  readonly #early: { data: unknown; fromId: string }[] = [];
  /** When its pages were lost lately, in epoch milliseconds. */
  #losses: number[] = [];
  /** Ends the wait before another try. */
  #wake: (() => void) | undefined;

  constructor(options: BotCallOptions) {
    this.#options = options;
  }

  /** Prepares a room: `opened` or `open-failed` follows. */
  open(): void {
    this.#opening = this.#open();
  }

  /** Joins the room that was prepared: `joined` or `join-failed` follows. */
  join(): void {
    void this.#join();
  }

  /**
   * Comes back from another page after `room-lost`, as often as it takes: `rejoined` follows, or `room-ended`. Whoever
   * is in the room is told of anew, and nobody's leaving.
   */
  rejoin(): void {
    this.#opening = this.#rejoin();
  }

  /** Publishes the bot's microphone anew, at which clients say `client-ready` that missed their cue for it. */
  republish(): void {
    this.#room?.republish();
  }

  /** Leaves, and resolves when nothing is left. No event comes after it was called. */
  async close(): Promise<void> {
    this.#phase = "closed";
    this.#wake?.();
    const room = this.#room;
    this.#room = undefined;
    try {
      await room?.close();
    } finally {
      await this.#opening;
    }
  }

  async #open(): Promise<void> {
    const { roomHost, room, output, log, onEvent } = this.#options;
    this.#endBeforeJoined = undefined;
    try {
      const opened = await roomHost.open(room, this.#roomEvents(this.#roomNumber));
      if (this.#isClosed()) {
        await opened.close();
        return;
      }
      this.#room = opened;
      output.attach(opened);
      onEvent({ kind: "opened" });
    } catch (thrown) {
      if (this.#isClosed()) return;
      log({ event: "bot.open_failed", level: "error", detail: describeError(thrown) });
      onEvent({ kind: "open-failed" });
    }
  }

  async #join(): Promise<void> {
    const { log, onEvent, onJoined } = this.#options;
    const startedAt = Date.now();
    this.#phase = "joining";
    try {
      await this.#room?.join();
      if (this.#isClosed()) return;
      this.#phase = "inside";
      onJoined(Date.now() - startedAt);
      onEvent({ kind: "joined", clientPresent: this.#clients.size > 0 });
      this.#catchUp();
    } catch (thrown) {
      if (this.#isClosed()) return;
      this.#phase = "outside";
      const type = thrown instanceof RoomError ? thrown.type : "unknown";
      this.#room = undefined;
      this.#roomNumber += 1;
      log({ event: "bot.join_failed", level: "warn", type, detail: describeError(thrown) });
      onEvent({ kind: "join-failed", type });
    }
  }

  async #rejoin(): Promise<void> {
    const { log, onEvent } = this.#options;
    const startedAt = Date.now();
    const lost = this.#room;
    void lost?.close();
    this.#phase = "joining";
    this.#clients.clear();
    for (let tries = 1; !this.#isClosed(); tries++) {
      try {
        if (!(await this.#comeBack(lost))) return;
        this.#phase = "inside";
        log({ event: "bot.rejoined", awayMs: Date.now() - startedAt, tries });
        onEvent({ kind: "rejoined", clientPresent: this.#clients.size > 0 });
        this.#catchUp();
        return;
      } catch (thrown) {
        if (this.#isClosed()) return;
        const type = thrown instanceof RoomError ? thrown.type : "unknown";
        const detail = describeError(thrown);
        log({ event: "bot.rejoin_failed", level: "warn", type, detail });
        if (!PASSING.includes(type)) return this.#roomEnded(roomEndOf(type, detail));
      }
      await this.#wait(Math.min(REJOIN_FIRST_MS * 2 ** (tries - 1), REJOIN_MAX_MS));
    }
  }

  /** One try, in a room that goes on where the lost one was. Whether it is still wanted. @throws RoomError */
  async #comeBack(lost: Room | undefined): Promise<boolean> {
    const { roomHost, room, output } = this.#options;
    this.#endBeforeJoined = undefined;
    this.#roomNumber += 1;
    const opened = await roomHost.open(room, this.#roomEvents(this.#roomNumber), lost);
    if (this.#isClosed()) {
      await opened.close();
      return false;
    }
    this.#room = opened;
    output.attach(opened);
    await opened.join();
    return !this.#isClosed();
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
    });
  }

  /** The join is confirmed: what was kept until then is dealt with. */
  #catchUp(): void {
    for (const { data, fromId } of this.#early.splice(0)) this.#options.input.appMessage(data, fromId);
    if (this.#endBeforeJoined) this.#roomEnded(this.#endBeforeJoined);
  }

  /** Behind a call, since it changes while something is awaited. */
  #isClosed(): boolean {
    return this.#phase === "closed";
  }

  #roomEvents(roomNumber: number): RoomEvents {
    const { input, output } = this.#options;
    return {
      audio: (pcm) => input.audio(pcm),
      appMessage: (data, fromId) => this.#appMessage(data, fromId),
      playout: (state) => output.playout(state),
      participantJoined: (participant) => this.#clientJoined(participant),
      participantLeft: (participant) => this.#clientLeft(participant),
      ended: (end) => {
        if (roomNumber !== this.#roomNumber) return;
        // A failed join ends its room, too; that is `join`'s to tell.
        if (this.#phase === "joining") this.#endBeforeJoined = end;
        else this.#roomEnded(end);
      },
    };
  }

  #appMessage(data: unknown, fromId: string): void {
    const { input, log } = this.#options;
    if (this.#phase !== "joining") input.appMessage(data, fromId);
    else if (this.#early.length < MAX_EARLY_MESSAGES) this.#early.push({ data, fromId });
    else log({ event: "room.message_lost", level: "warn", type: "early" });
  }

  #roomEnded(end: RoomEnd): void {
    if (this.#isClosed()) return;
    const detail = "detail" in end ? { detail: end.detail } : {};
    this.#options.log({ event: "bot.room_ended", kind: end.kind, ...detail });
    const comesBack = end.kind === "lost" && !this.#isLostTooOften();
    this.#options.onEvent(comesBack ? { kind: "room-lost" } : { kind: "room-ended", end });
  }

  #isLostTooOften(): boolean {
    const now = Date.now();
    this.#losses = [...this.#losses, now].filter((at) => now - at < LOSSES_WITHIN_MS);
    return this.#losses.length > MAX_LOSSES;
  }

  #clientJoined({ id, userId }: Participant): void {
    // Bots of earlier attempts may linger in the room for a moment.
    if (isBotUserId(userId) || this.#clients.has(id)) return;
    this.#clients.add(id);
    this.#options.onClient();
    this.#options.onEvent({ kind: "client-joined" });
  }

  #clientLeft({ id }: Participant): void {
    if (!this.#clients.delete(id)) return;
    this.#options.log({ event: "bot.client_left" });
    if (this.#clients.size === 0) this.#options.onEvent({ kind: "client-left" });
  }
}
