import { jsonLength, MAX_SESSION_DATA_CHARS } from "../signalling-limits.ts";
import type {
  FatalError,
  Media,
  MediaKind,
  MergeStrategy,
  Participant,
  ServerMessage,
} from "../signalling-messages.ts";
import { mayAdminister, maySend } from "./participant-permissions.ts";
import type { Permissions } from "./permissions.ts";

/** The connection of one participant, as the core sees it. */
export interface Wire {
  send(message: ServerMessage): void;
  /** Closes after what was sent. */
  close(): void;
}

interface Member {
  participant: Participant;
  wire: Wire;
}

const KINDS = ["audio", "video"] as const;

/** The people who are in one room at one time. Knows nothing of tokens or clocks. */
export class Meeting {
  readonly #members = new Map<string, Member>();
  #session = newSession();

  /** Another one each time that a room fills again after it was empty. */
  get sessionId(): string {
    return this.#session.id;
  }

  /** What the participants share beside their media, for as long as somebody is there. */
  get sessionData(): Record<string, unknown> {
    return this.#session.data;
  }

  get participants(): Participant[] {
    return [...this.#members.values()].map(({ participant }) => participant);
  }

  get size(): number {
    return this.#members.size;
  }

  /** Tells those who were there before; returns them, and the newcomer as everybody sees them. */
  add(newcomer: Participant, wire: Wire): { you: Participant; others: Participant[] } {
    if (this.size === 0) this.#session = newSession();
    const others = this.participants;
    const you = permitted(newcomer);
    this.#members.set(you.sessionId, { participant: you, wire });
    this.#tellOthers(you.sessionId, { type: "participant-joined", participant: you });
    return { you, others };
  }

  /** Somebody went by themselves, or their connection did. */
  leave(id: string): void {
    if (this.#members.delete(id)) this.#tellOthers(id, { type: "participant-left", id });
  }

  /** Sends somebody out with a fatal error. */
  remove(id: string, error: FatalError): void {
    const member = this.#members.get(id);
    if (!member) return;
    this.#members.delete(id);
    member.wire.send({ type: "fatal", error });
    member.wire.close();
    this.#tellOthers(id, { type: "participant-left", id });
  }

  update(id: string, change: Partial<Pick<Participant, "userName" | "userData">>): void {
    const member = this.#members.get(id);
    if (member) this.#set(member, { ...member.participant, ...change });
  }

  /** What somebody says that they send. Whatever they may not send is off for everyone, and they are told. */
  setMedia(id: string, media: Media): void {
    const member = this.#members.get(id);
    if (!member) return;
    const { permissions } = member.participant;
    for (const kind of KINDS) {
      if (media[kind] === "on" && !maySend(permissions, kind)) {
        member.wire.send({ type: "denied", what: `send ${kind}` });
      }
    }
    this.#set(member, { ...member.participant, media });
  }

  /**
   * By an administrator: asks somebody else's call machine to switch a microphone or a camera off; on, by an owner
   * alone (docs.daily.co, "updateParticipant()").
   */
  requestMedia(by: string, { id, kind, on }: { id: string; kind: MediaKind; on: boolean }): void {
    if (!this.#administers(by, `switch another's ${kind}`)) return;
    const asking = this.#members.get(by);
    if (on && !asking?.participant.owner) {
      asking?.wire.send({ type: "denied", what: `switch another's ${kind} on` });
    } else {
      this.#members.get(id)?.wire.send({ type: "media-requested", kind, on });
    }
  }

  /** By an administrator. Only what is given changes. Owners cannot be demoted. */
  setPermissions(by: string, { id, permissions }: { id: string; permissions: Permissions }): void {
    if (!this.#administers(by, "change permissions")) return;
    const member = this.#members.get(id);
    if (!member) return;
    if (member.participant.owner && permissions.canAdmin !== undefined) {
      this.#members.get(by)?.wire.send({ type: "denied", what: "change what an owner may administer" });
      return;
    }
    const given = Object.fromEntries(Object.entries(permissions).filter(([, value]) => value !== undefined));
    const { participant } = member;
    this.#set(member, { ...participant, permissions: { ...participant.permissions, ...given } });
    member.wire.send({ type: "you-updated", you: member.participant });
  }

  /** By an administrator. */
  eject(by: string, { id, error }: { id: string; error: FatalError }): void {
    if (this.#administers(by, "eject")) this.remove(id, error);
  }

  /** Everybody hears of it, whoever set it too. False: what came of it is too large, and nothing was set. */
  setSessionData(given: Record<string, unknown>, mergeStrategy: MergeStrategy): boolean {
    const data = mergeStrategy === "replace" ? given : { ...this.#session.data, ...given };
    if (jsonLength(data) > MAX_SESSION_DATA_CHARS) return false;
    this.#session.data = data;
    for (const { wire } of this.#members.values()) wire.send({ type: "session-data", data });
    return true;
  }

  /** To one, to several, or to all others by `*`. Whoever is not there any more hears nothing, as with Daily. */
  send(from: string, to: string | string[], message: ServerMessage): void {
    if (to === "*") {
      this.#tellOthers(from, message);
      return;
    }
    for (const id of new Set(typeof to === "string" ? [to] : to)) {
      if (id !== from) this.#members.get(id)?.wire.send(message);
    }
  }

  #administers(by: string, what: string): boolean {
    const member = this.#members.get(by);
    if (!member) return false;
    if (mayAdminister(member.participant, "participants")) return true;
    member.wire.send({ type: "denied", what });
    return false;
  }

  #set(member: Member, participant: Participant): void {
    member.participant = permitted(participant);
    const { sessionId } = participant;
    this.#tellOthers(sessionId, { type: "participant-updated", participant: member.participant });
  }

  #tellOthers(id: string, message: ServerMessage): void {
    for (const [otherId, { wire }] of this.#members) if (otherId !== id) wire.send(message);
  }
}

function newSession(): { id: string; data: Record<string, unknown> } {
  return { id: crypto.randomUUID(), data: {} };
}

/** Media that may not be sent is off for everyone, whatever its sender claims. */
function permitted(participant: Participant): Participant {
  const { media, permissions } = participant;
  const of = (kind: MediaKind) => (maySend(permissions, kind) ? media[kind] : "off");
  return { ...participant, media: { audio: of("audio"), video: of("video") } };
}
