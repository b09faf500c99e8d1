import type { FatalError, Participant, RoomInfo } from "../signalling-messages.ts";
import { at } from "./deadline.ts";
import { refuseEntry } from "./entry.ts";
import { Meeting, type Wire } from "./meeting.ts";
import { EJECTED, type JoinRequest, newParticipant, nextEjection, roomInfo } from "./participant.ts";
import { isExpired, newRoom, type Room } from "./room.ts";
import type { CreateRoom, EjectRequest } from "./room-properties.ts";
import { type Claims, type TokenIssuer, verifyToken } from "./tokens.ts";

/** Rooms kept at once, the expired ones included: far above what tests make, and a bound for a loop gone wild. */
const MAX_ROOMS = 10_000;

/** A token and a room that went together when they were looked at. */
export interface Admission {
  roomName: string;
  claims: Claims | undefined;
  info: RoomInfo;
}

export type Admitted = { ok: true; admission: Admission } | { ok: false; error: FatalError };

/** A place in a meeting. Its holder calls `leave` when the connection goes, whatever ended it. */
export interface Seat {
  meeting: Meeting;
  you: Participant;
  others: Participant[];
  leave(): void;
}

export type Joined = { ok: true; seat: Seat } | { ok: false; error: FatalError };

export type RoomCreated = { ok: true; room: Room } | { ok: false; reason: "exists" | "too-many" };

type Entry = { ok: true; room: Room; meeting: Meeting } | { ok: false; error: FatalError };

/** One Daily account: its rooms, who is in them, and who may come in. No sockets; time by platform timers. */
export class Domain {
  readonly #issuer: TokenIssuer;
  readonly #rooms = new Map<string, { room: Room; meeting: Meeting }>();

  constructor(issuer: TokenIssuer) {
    this.#issuer = issuer;
  }

  /** The rooms that exist for the REST API, which are those that have not expired. */
  get rooms(): Room[] {
    return [...this.#rooms.values()].map(({ room }) => room).filter((room) => !isExpired(room));
  }

  room(name: string): Room | undefined {
    const room = this.#rooms.get(name)?.room;
    return room && !isExpired(room) ? room : undefined;
  }

  /** Who is in a room, also in an expired one that does not eject. */
  meeting(roomName: string): Pick<Meeting, "sessionId" | "participants"> | undefined {
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
    this.#rooms.set(room.name, { room, meeting: new Meeting() });
    return { ok: true, room };
  }

  /** False when there was no such room, or it had expired. Whoever is in it hears `no-room`, as with Daily. */
  deleteRoom(name: string): boolean {
    const existed = this.room(name) !== undefined;
    const meeting = this.#rooms.get(name)?.meeting;
    this.#rooms.delete(name);
    for (const { sessionId } of meeting?.participants ?? []) {
      meeting?.remove(sessionId, { type: "no-room", msg: "The room was deleted." });
    }
    return existed;
  }

  /** Ejects by session ids and by user ids; returns the session ids of those who were there. */
  eject(roomName: string, { ids, user_ids: userIds }: Pick<EjectRequest, "ids" | "user_ids">): string[] {
    const meeting = this.#rooms.get(roomName)?.meeting;
    if (!meeting) return [];
    const ejected = meeting.participants
      .filter(({ sessionId, userId }) => ids.includes(sessionId) || userIds.includes(userId))
      .map(({ sessionId }) => sessionId);
    for (const id of ejected) meeting.remove(id, EJECTED);
    return ejected;
  }

  /** Whether a token may enter a room now. */
  async admit(roomName: string, token: string | undefined): Promise<Admitted> {
    const verified = token === undefined ? undefined : await verifyToken(token, roomName, this.#issuer);
    // A room that is not there is the nearer cause than a token that does not fit it.
    if (verified?.ok === false && this.#rooms.has(roomName)) return verified;
    const claims = verified?.ok ? verified.claims : undefined;
    const entry = this.#enter(roomName, claims);
    if (!entry.ok) return entry;
    return { ok: true, admission: { roomName, claims, info: roomInfo(entry.room, claims) } };
  }

  /** Takes a place, after asking everything again: time has passed since the admission. */
  join({ roomName, claims }: Admission, request: JoinRequest, wire: Wire): Joined {
    const entry = this.#enter(roomName, claims);
    if (!entry.ok) return entry;
    const { room, meeting } = entry;
    const ejection = nextEjection(room, claims);
    const newcomer = newParticipant(claims, request, ejection);
    if (room.config.enforce_unique_user_ids) this.eject(roomName, { ids: [], user_ids: [newcomer.userId] });
    const { you, others } = meeting.add(newcomer, wire);
    const timer = ejection && at(ejection.atMs, () => meeting.remove(you.sessionId, ejection.error));
    const leave = () => {
      timer?.[Symbol.dispose]();
      meeting.leave(you.sessionId);
    };
    return { ok: true, seat: { meeting, you, others, leave } };
  }

  /** Deletes every room. */
  reset(): void {
    for (const name of [...this.#rooms.keys()]) this.deleteRoom(name);
  }

  #enter(roomName: string, claims: Claims | undefined): Entry {
    const held = this.#rooms.get(roomName);
    if (!held) return { ok: false, error: NO_ROOM };
    const error = refuseEntry({ room: held.room, claims, present: held.meeting.size, nowMs: Date.now() });
    return error ? { ok: false, error } : { ok: true, ...held };
  }

  /** They are kept until there is need, because a late join should hear `exp-room` and not `no-room`. */
  #forgetExpired(): void {
    for (const [name, { room, meeting }] of this.#rooms) {
      if (isExpired(room) && meeting.size === 0) this.#rooms.delete(name);
    }
  }
}

const NO_ROOM: FatalError = { type: "no-room", msg: "The meeting you're trying to join does not exist." };
