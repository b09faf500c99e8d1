import type { CanSend, FatalError, Media, Participant, ServerMessage } from "../signalling-messages.ts";

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

/** The people who are in one room at one time. Knows nothing of tokens or clocks. */
export class Meeting {
  readonly sessionId = crypto.randomUUID();
  readonly #members = new Map<string, Member>();

  get participants(): Participant[] {
    return [...this.#members.values()].map(({ participant }) => participant);
  }

  get size(): number {
    return this.#members.size;
  }

  /** Tells those who were there before; returns them, and the newcomer as everybody sees them. */
  add(newcomer: Participant, wire: Wire): { you: Participant; others: Participant[] } {
    const others = this.participants;
    const you = { ...newcomer, media: permitted(newcomer.media, newcomer.canSend) };
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

  update(id: string, change: Partial<Pick<Participant, "media" | "userName" | "userData">>): void {
    const member = this.#members.get(id);
    if (!member) return;
    const participant = { ...member.participant, ...change };
    participant.media = permitted(participant.media, participant.canSend);
    member.participant = participant;
    this.#tellOthers(id, { type: "participant-updated", participant });
  }

  /** To one, or to all others by `*`. Whoever is not there any more hears nothing, as with Daily. */
  send(from: string, to: string, message: ServerMessage): void {
    if (to === "*") this.#tellOthers(from, message);
    else if (to !== from) this.#members.get(to)?.wire.send(message);
  }

  #tellOthers(id: string, message: ServerMessage): void {
    for (const [otherId, { wire }] of this.#members) if (otherId !== id) wire.send(message);
  }
}

/** Media that a token does not allow is off for everyone, whatever its sender claims. */
function permitted(media: Media, canSend: CanSend): Media {
  const may = (kind: "audio" | "video") => canSend === true || (canSend !== false && canSend.includes(kind));
  return { audio: may("audio") ? media.audio : "off", video: may("video") ? media.video : "off" };
}
