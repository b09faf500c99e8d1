import type { FatalError, RoomInfo } from "../signalling-messages.ts";
import { Faults } from "./faults.ts";
import { HeldRoom, type Seat } from "./held-room.ts";
import type { Meeting, Wire } from "./meeting.ts";
import { type JoinRequest, roomInfo } from "./participant.ts";
import { isExpired, newRoom, type Room } from "./room.ts";
import type { CreateRoom, UpdateRoom } from "./room-properties.ts";
import type { EjectRequest } from "./session-requests.ts";
import type { Claims } from "./token-properties.ts";
import { type TokenIssuer, verifyToken } from "./tokens.ts";

/** Rooms kept at once, the expired ones included: far above what tests make, and a bound for a loop gone wild. */
const MAX_ROOMS = 10_000;

/** A token and a room that went together when they were looked at. */
export interface Admission {
  roomName: string;
  claims: Claims | undefined;
  info: RoomInfo;
}

export type Admitted = { ok: true; admission: Admission } | { ok: false; error: FatalError };

export type Joined = { ok: true; seat: Seat } | { ok: false; error: FatalError };

export type RoomCreated = { ok: true; room: Room } | { ok: false; reason: "exists" | "too-many" };

type Entry = { ok: true; held: HeldRoom } | { ok: false; error: FatalError };

/** One Daily account: its rooms, who is in them, and who may come in. No sockets; time by platform timers. */
export class Domain {
  readonly #issuer: TokenIssuer;
  readonly #faults: Faults;
  /** In the order of their creation. */
  readonly #rooms = new Map<string, HeldRoom>();

  constructor(issuer: TokenIssuer, faults = new Faults()) {
    this.#issuer = issuer;
    this.#faults = faults;
  }

  /** The rooms that exist for the REST API, which are those that have not expired; the oldest first. */
  get rooms(): Room[] {
    return [...this.#rooms.values()].map(({ room }) => room).filter((room) => !isExpired(room));
  }

  /** These, and the expired ones that somebody is still in. */
  get roomsInUse(): Room[] {
    const inUse = [...this.#rooms.values()].filter(
      ({ room, meeting }) => !isExpired(room) || meeting.size > 0,
    );
    return inUse.map(({ room }) => room);
  }

  room(name: string): Room | undefined {
    const room = this.#rooms.get(name)?.room;
    return room && !isExpired(room) ? room : undefined;
  }

  /** Who is in a room, also in an expired one that does not eject. */
  meeting(roomName: string): Meeting | undefined {
    return this.#rooms.get(roomName)?.meeting;
  }

  createRoom(request: CreateRoom): RoomCreated {
    const room = newRoom(request);
    const namesake = this.#rooms.get(room.name);
    if (namesake && (!isExpired(namesake.room) || namesake.meeting.size > 0)) {
      return { ok: false, reason: "exists" };
    }
    if (this.#rooms.size >= MAX_ROOMS) this.#forgetExpired();
    if (this.#rooms.size >= MAX_ROOMS) return { ok: false, reason: "too-many" };
    this.#rooms.delete(room.name); // or it would keep its namesake's place in the order
    this.#rooms.set(room.name, new HeldRoom(room));
    return { ok: true, room };
  }

  /** The room as it is afterwards; undefined when there is none. */
  updateRoom(name: string, change: UpdateRoom): Room | undefined {
    if (!this.room(name)) return undefined;
    const held = this.#rooms.get(name);
    held?.update(change);
    return held?.room;
  }

  /** False when there was no such room, or it had expired. Whoever is in it hears `no-room`, as with Daily. */
  deleteRoom(name: string): boolean {
    const existed = this.room(name) !== undefined;
    const held = this.#rooms.get(name);
    this.#rooms.delete(name);
    held?.clear({ type: "no-room", msg: "The room was deleted." });
    return existed;
  }

  /** Ejects by session ids and by user ids; returns the session ids of those who were there. */
  eject(roomName: string, request: EjectRequest): string[] {
    return this.#rooms.get(roomName)?.eject(request) ?? [];
  }

  /** Whether a token may enter a room now. */
  async admit(roomName: string, token: string | undefined): Promise<Admitted> {
    if (this.#faults.refusesAsOutdated()) return { ok: false, error: END_OF_LIFE };
    const verified = token === undefined ? undefined : await verifyToken(token, roomName, this.#issuer);
    // A room that is not there is the nearer cause than a token that does not fit it.
    if (verified?.ok === false && this.#rooms.has(roomName)) return verified;
    const claims = verified?.ok ? verified.claims : undefined;
    const entry = this.#enter(roomName, claims);
    if (!entry.ok) return entry;
    return { ok: true, admission: { roomName, claims, info: roomInfo(entry.held.room, claims) } };
  }

  /** Takes a place, after asking everything again: time has passed since the admission. */
  join({ roomName, claims }: Admission, request: JoinRequest, wire: Wire): Joined {
    const entry = this.#enter(roomName, claims);
    return entry.ok ? { ok: true, seat: entry.held.seat(claims, request, wire) } : entry;
  }

  /** Deletes every room. */
  reset(): void {
    for (const name of [...this.#rooms.keys()]) this.deleteRoom(name);
  }

  #enter(roomName: string, claims: Claims | undefined): Entry {
    const held = this.#rooms.get(roomName);
    if (!held || Date.now() < held.room.createdAtMs + this.#faults.roomLateMs) {
      return { ok: false, error: NO_ROOM };
    }
    const error = held.refuse(claims);
    return error ? { ok: false, error } : { ok: true, held };
  }

  /** They are kept until there is need, because a late join should hear `exp-room` and not `no-room`. */
  #forgetExpired(): void {
    for (const [name, { room, meeting }] of this.#rooms) {
      if (isExpired(room) && meeting.size === 0) this.#rooms.delete(name);
    }
  }
}

const END_OF_LIFE: FatalError = {
  type: "end-of-life",
  msg: "This version of daily-js is no longer supported. Please upgrade.",
};
const NO_ROOM: FatalError = { type: "no-room", msg: "The meeting you're trying to join does not exist." };
