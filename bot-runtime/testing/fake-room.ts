import {
  type Participant,
  type Room,
  RoomError,
  type RoomEvents,
  type RoomHost,
  type RoomHostStats,
  type RoomOptions,
} from "../room/room.ts";
import { noStats } from "../room/room-host-stats.ts";

/** A call of any method of `Room`, as it was made. */
export type RoomCall = { [M in keyof Room]: { method: M; args: Parameters<Room[M]> } }[keyof Room];

/** What a `join` does: succeed, fail with a room error of this type, or wait for `close`. */
export type JoinScript = "ok" | "hang" | { fails: string };

/** A room in memory. Records every call; a method added to `Room` and not here does not compile. */
export class FakeRoom implements Room {
  readonly calls: RoomCall[] = [];
  readonly options: RoomOptions;
  readonly events: RoomEvents;
  readonly #join: JoinScript;
  readonly #closed = Promise.withResolvers<void>();
  closed = false;
  /** The lost room that it was opened in place of. */
  continues: Room | undefined;
  /** Whether it takes app messages, as a room does from its join on. */
  inCall = true;

  constructor(options: RoomOptions, events: RoomEvents, join: JoinScript) {
    this.options = options;
    this.events = events;
    this.#join = join;
  }

  async join(): Promise<void> {
    this.calls.push({ method: "join", args: [] });
    if (this.#join === "hang") {
      await this.#closed.promise;
      throw new RoomError("closed", "closed while joining");
    }
    if (this.#join === "ok") {
      this.inCall = true;
      return;
    }
    this.closed = true;
    this.events.ended({ kind: "failed", detail: this.#join.fails });
    throw new RoomError(this.#join.fails, `join failed: ${this.#join.fails}`);
  }

  sendAppMessage(data: unknown): void {
    if (!this.inCall) throw new RoomError("closed", "not in the room");
    this.calls.push({ method: "sendAppMessage", args: [data] });
  }

  play(pcm: Int16Array, generation: number): void {
    this.calls.push({ method: "play", args: [pcm, generation] });
  }

  pause(): void {
    this.calls.push({ method: "pause", args: [] });
  }

  resume(): void {
    this.calls.push({ method: "resume", args: [] });
  }

  flush(generation: number): void {
    this.calls.push({ method: "flush", args: [generation] });
  }

  republish(): void {
    this.calls.push({ method: "republish", args: [] });
  }

  async close(): Promise<void> {
    this.calls.push({ method: "close", args: [] });
    this.closed = true;
    this.#closed.resolve();
  }

  /** Names of the calls so far, without those of app messages. */
  get methods(): string[] {
    return this.calls.map(({ method }) => method).filter((method) => method !== "sendAppMessage");
  }

  /** App messages sent so far. */
  get messages(): unknown[] {
    return this.calls.flatMap((call) => (call.method === "sendAppMessage" ? [call.args[0]] : []));
  }

  /** Types of the RTVI messages sent so far. */
  get messageTypes(): unknown[] {
    return this.messages.map((message) => (message as { type?: unknown }).type);
  }
}

export const CLIENT: Participant = { id: "client-1", userId: "user-1", userName: "Ada" };

/** Rooms in memory. `joins` says what each next room's `join` does; `ok` once it is used up. */
export class FakeRoomHost implements RoomHost {
  readonly rooms: FakeRoom[] = [];
  readonly joins: JoinScript[];
  /** When set, `open` waits for it. */
  opening: Promise<void> | undefined;
  ready = true;
  /** So many times `open` fails, as without a browser. */
  failures = 0;

  constructor(...joins: JoinScript[]) {
    this.joins = joins;
  }

  async open(options: RoomOptions, events: RoomEvents, lost?: Room): Promise<FakeRoom> {
    await this.opening;
    if (this.failures-- > 0) throw new RoomError("lost", "There is no browser");
    const room = new FakeRoom(options, events, this.joins.shift() ?? "ok");
    room.continues = lost;
    room.inCall = false;
    this.rooms.push(room);
    return room;
  }

  /** The newest room. */
  get room(): FakeRoom {
    const room = this.rooms.at(-1);
    if (!room) throw new Error("No room was opened.");
    return room;
  }

  stats(): RoomHostStats {
    const rooms = this.rooms.filter(({ closed }) => !closed).length;
    return { ...noStats(), pages: 1, rooms };
  }

  async close(): Promise<void> {
    for (const room of this.rooms) await room.close();
  }
}
