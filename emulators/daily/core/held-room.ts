import type { FatalError, Participant } from "../signalling-messages.ts";
import { at } from "./deadline.ts";
import { EJECTED, nextEjection } from "./ejection.ts";
import { refuseEntry } from "./entry.ts";
import { Meeting, type Wire } from "./meeting.ts";
import { type JoinRequest, newParticipant } from "./participant.ts";
import { type Room, updated } from "./room.ts";
import type { UpdateRoom } from "./room-properties.ts";
import type { EjectRequest } from "./session-requests.ts";
import type { Claims } from "./token-properties.ts";

/** User ids that stay banned; Daily too keeps no more than it has memory for. The oldest make way. */
const MAX_BANNED = 1000;

/** A place in a meeting. Its holder calls `leave` when the connection goes for good, whatever ended it. */
export interface Seat {
  meeting: Meeting;
  you: Participant;
  others: Participant[];
  leave(): void;
}

interface Sitter {
  claims: Claims | undefined;
  joinedAtMs: number;
  timer: Disposable | undefined;
}

/** A room with who is in it, who may not come back, and when each has to go. */
export class HeldRoom {
  readonly meeting = new Meeting();
  #room: Room;
  readonly #sitters = new Map<string, Sitter>();
  readonly #banned = new Set<string>();

  constructor(room: Room) {
    this.#room = room;
  }

  get room(): Room {
    return this.#room;
  }

  /** Later joins meet the new room; who is in it stays, and has to go when the new room says so. */
  update(change: UpdateRoom): void {
    this.#room = updated(this.#room, change);
    for (const [sessionId, sitter] of this.#sitters) this.#arm(sessionId, sitter);
  }

  refuse(claims: Claims | undefined): FatalError | null {
    const userId = claims?.ud;
    return refuseEntry({
      room: this.#room,
      claims,
      banned: userId !== undefined && this.#banned.has(userId),
      present: this.meeting.size,
      nowMs: Date.now(),
    });
  }

  /** Takes a place for somebody who is not refused. */
  seat(claims: Claims | undefined, request: JoinRequest, wire: Wire): Seat {
    const room = this.#room;
    const joinedAtMs = Date.now();
    const ejection = nextEjection({ config: room.config, claims, joinedAtMs });
    const newcomer = newParticipant({ room, claims, request, ejection });
    if (room.config.enforce_unique_user_ids) this.eject({ ids: [], user_ids: [newcomer.userId], ban: false });
    const { meeting } = this;
    const { you, others } = meeting.add(newcomer, wire);
    const sitter: Sitter = { claims, joinedAtMs, timer: undefined };
    this.#sitters.set(you.sessionId, sitter);
    this.#arm(you.sessionId, sitter);
    const leave = () => {
      this.#forget(you.sessionId);
      meeting.leave(you.sessionId);
    };
    return { meeting, you, others, leave };
  }

  /**
   * Ejects by session ids and by user ids; returns the session ids of those who were there. A user id is what a token
   * gave: the session id that stands for it in the call is none.
   */
  eject({ ids, user_ids: userIds, ban }: EjectRequest): string[] {
    if (ban) this.#ban(userIds);
    const ejected = this.meeting.participants
      .filter(
        ({ sessionId, userId }) =>
          ids.includes(sessionId) || (userId !== sessionId && userIds.includes(userId)),
      )
      .map(({ sessionId }) => sessionId);
    for (const id of ejected) this.#sendOut(id, EJECTED);
    return ejected;
  }

  /** Everybody hears this error and has to go. */
  clear(error: FatalError): void {
    for (const { sessionId } of this.meeting.participants) this.#sendOut(sessionId, error);
  }

  #arm(sessionId: string, sitter: Sitter): void {
    sitter.timer?.[Symbol.dispose]();
    const ejection = nextEjection({ config: this.#room.config, ...sitter });
    sitter.timer = ejection && at(ejection.atMs, () => this.#sendOut(sessionId, ejection.error));
  }

  #sendOut(sessionId: string, error: FatalError): void {
    this.#forget(sessionId);
    this.meeting.remove(sessionId, error);
  }

  #forget(sessionId: string): void {
    this.#sitters.get(sessionId)?.timer?.[Symbol.dispose]();
    this.#sitters.delete(sessionId);
  }

  #ban(userIds: string[]): void {
    for (const userId of userIds) {
      this.#banned.delete(userId);
      this.#banned.add(userId);
    }
    for (const userId of this.#banned) {
      if (this.#banned.size <= MAX_BANNED) break;
      this.#banned.delete(userId);
    }
  }
}
