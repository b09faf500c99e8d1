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
import type { RoomInput } from "./room-io/room-input.ts";
import type { RoomOutput } from "./room-io/room-output.ts";

/** App messages kept until the join is confirmed. A client says `client-ready` then, once or for each track. */
const MAX_EARLY_MESSAGES = 32;

/** Not every room can. */
interface Republishing {
  republish(): void;
}

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
  #room: (Room & Partial<Republishing>) | undefined;
  /** The last call of `open`; it may outlast the session, and must not outlast `close`. */
  #opening: Promise<void> = Promise.resolve();
  /** Counts rooms: what an earlier one still says, whose join has failed, is about no call of ours. */
  #roomNumber = 0;
  /** Set when the room ended before its join was confirmed. */
  #endBeforeJoined: RoomEnd | undefined;
  /** App messages that came before the join was confirmed: until then the room takes no answer to them. */
  readonly #early: { data: unknown; fromId: string }[] = [];

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

  /** Publishes the bot's microphone anew, at which clients say `client-ready` that missed their cue for it. */
  republish(): void {
    this.#room?.republish?.();
  }

  /** Leaves, and resolves when nothing is left. No event comes after it was called. */
  async close(): Promise<void> {
    this.#phase = "closed";
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
    const { input, log, onEvent, onJoined } = this.#options;
    const startedAt = Date.now();
    this.#phase = "joining";
    try {
      await this.#room?.join();
      if (this.#isClosed()) return;
      this.#phase = "inside";
      onJoined(Date.now() - startedAt);
      onEvent({ kind: "joined", clientPresent: this.#clients.size > 0 });
      for (const { data, fromId } of this.#early.splice(0)) input.appMessage(data, fromId);
      if (this.#endBeforeJoined) this.#roomEnded(this.#endBeforeJoined);
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
    this.#options.onEvent({ kind: "room-ended", end });
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
