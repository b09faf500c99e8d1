import type { Participant, PeerSignal, ServerMessage } from "../signalling-messages.ts";
import { activeSpeaker } from "./active-speaker.ts";
import type { Post } from "./daily-js.ts";
import type { LocalMedia } from "./local-media.ts";
import { toDaily } from "./participants.ts";
import { Peer } from "./peer.ts";
import type { CallMessage, SignallingClient } from "./signalling-client.ts";
import type { Store } from "./store.ts";

/** How often the active speaker is looked for. */
const SPEAKER_EVERY_MS = 500;

interface Other {
  participant: Participant;
  readonly peer: Peer;
  /** What daily-js was told last. */
  link: Peer["link"];
}

export interface CallOptions {
  joined: Extract<ServerMessage, { type: "joined" }>;
  signalling: SignallingClient;
  media: LocalMedia;
  store: Store;
  post: Post;
}

/** A joined call: the others, the connections to them, and the events about them. `close` leaves it. */
export class Call {
  readonly #signalling: SignallingClient;
  readonly #media: LocalMedia;
  readonly #store: Store;
  readonly #post: Post;
  readonly #others = new Map<string, Other>();
  readonly #speakerTimer: number;
  readonly #meetingSessionId: string;
  #you: Participant;
  #speaker: string | null = null;

  constructor({ joined, signalling, media, store, post }: CallOptions) {
    this.#signalling = signalling;
    this.#media = media;
    this.#store = store;
    this.#post = post;
    this.#you = joined.you;
    this.#meetingSessionId = joined.meetingSessionId;
    this.#speakerTimer = window.setInterval(() => this.#findSpeaker(), SPEAKER_EVERY_MS);
    this.#announce(joined);
    for (const participant of joined.others) this.#add(participant, { offers: true });
    this.#count();
  }

  get meetingSessionId(): string {
    return this.#meetingSessionId;
  }

  /** daily-js computes track events from updates and not from `joined-meeting`, so the order matters. */
  #announce({ maxAppMessageChars }: CallOptions["joined"]): void {
    const id = this.#you.sessionId;
    this.localChanged();
    this.#post({ action: "access-state-updated", access: { level: "full" } });
    this.#post({
      action: "joined-meeting",
      participants: { local: toDaily(this.#you, "self", this.#media.problems) },
      internal: { _maxAppMessageSize: maxAppMessageChars },
    });
    const meetingSession = { id: this.#meetingSessionId };
    this.#post({ action: "meeting-session-summary-updated", meetingSession });
    const meetingSessionState = { data: {}, topology: "peer" } as const;
    this.#post({ action: "meeting-session-state-updated", meetingSessionState });
    this.#post({ action: "network-connection", type: "signaling", event: "connected", session_id: id });
    const state = { state: "good" as const, reasons: [] };
    this.#post({ action: "network-quality-change", state, threshold: "good", quality: 100 });
  }

  receive(message: CallMessage): void {
    switch (message.type) {
      case "participant-joined":
        this.#add(message.participant, { offers: false });
        this.#count();
        break;
      case "participant-updated": {
        const other = this.#others.get(message.participant.sessionId);
        if (!other) break;
        other.participant = message.participant;
        this.#show("participant-updated", other);
        break;
      }
      case "participant-left":
        this.#remove(message.id);
        break;
      case "app-message":
        this.#post({ action: "app-message", data: message.data, fromId: message.from });
        break;
      case "peer-signal":
        this.#others.get(message.from)?.peer.receive(message.signal);
        break;
      case "denied":
        this.#post({
          action: "nonfatal-error",
          type: "denied",
          errorMsg: `Only owners may ${message.what}.`,
        });
        break;
    }
  }

  /** Our own media changed: the others, the connections and the app are told what is new of it. */
  localChanged(): void {
    const { media, tracks } = this.#media;
    const changed = media.audio !== this.#you.media.audio || media.video !== this.#you.media.video;
    this.#you = { ...this.#you, media };
    if (changed) this.#signalling.send({ type: "media", media });
    this.#store.setLocal(tracks);
    for (const { peer } of this.#others.values()) peer.refresh();
    this.#showLocal();
  }

  setUserName(userName: string): void {
    this.#you = { ...this.#you, userName };
    this.#signalling.send({ type: "user-name", userName });
    this.#showLocal();
  }

  setUserData(userData: unknown): void {
    this.#you = { ...this.#you, userData };
    this.#signalling.send({ type: "user-data", userData });
    this.#showLocal();
  }

  sendAppMessage(data: unknown, to: string): void {
    this.#signalling.send({ type: "app-message", data, to });
  }

  eject(id: string): void {
    this.#signalling.send({ type: "eject", id });
  }

  /** Only of those whom daily-js knows as participants: DailyTransport looks each of them up unguarded. */
  remoteLevels(): Record<string, number> {
    const levels = [...this.#others].map(([id, other]) => [id, this.#level(other)]);
    return Object.fromEntries(levels);
  }

  /** Leaves. Posts nothing: the machine says why it ended. */
  close(): void {
    clearInterval(this.#speakerTimer);
    for (const { peer } of this.#others.values()) peer.close();
    this.#others.clear();
    this.#signalling.close();
  }

  #add(participant: Participant, { offers }: { offers: boolean }): void {
    const id = participant.sessionId;
    const peer = new Peer({
      offers,
      outgoing: (kind) => this.#media.outgoing(kind),
      signal: (signal: PeerSignal) => this.#signalling.send({ type: "peer-signal", to: id, signal }),
      onChange: () => this.#peerChanged(id),
      onProblem: (error) => {
        this.#post({ action: "nonfatal-error", type: "peer-connection", errorMsg: String(error) });
      },
    });
    const other: Other = { participant, peer, link: peer.link };
    this.#others.set(id, other);
    this.#show("participant-joined", other);
  }

  #remove(id: string): void {
    const other = this.#others.get(id);
    if (!other) return;
    this.#others.delete(id);
    const participant = toDaily(other.participant, other.peer.link);
    other.peer.close();
    this.#store.removeRemote(id);
    this.#post({ action: "participant-left", participant });
    this.#count();
  }

  #peerChanged(id: string): void {
    const other = this.#others.get(id);
    if (!other) return;
    this.#show("participant-updated", other);
    const { link } = other.peer;
    if (link === other.link) return;
    other.link = link;
    this.#post({ action: "network-connection", type: "peer-to-peer", event: link, session_id: id });
  }

  #show(action: "participant-joined" | "participant-updated", { participant, peer }: Other): void {
    this.#store.setRemote(participant.sessionId, peer.tracks);
    this.#post({ action, participant: toDaily(participant, peer.link) });
  }

  #showLocal(): void {
    const participant = toDaily(this.#you, "self", this.#media.problems);
    this.#post({ action: "participant-updated", participant });
  }

  #count(): void {
    const participantCounts = { present: this.#others.size + 1, hidden: 0 };
    this.#post({ action: "participant-counts-updated", participantCounts });
  }

  #findSpeaker(): void {
    const speaker = activeSpeaker(this.#speaker, this.remoteLevels());
    if (speaker !== null && speaker !== this.#speaker) {
      this.#post({ action: "active-speaker-change", activeSpeaker: { peerId: speaker } });
    }
    this.#speaker = speaker;
  }

  #level({ participant, peer }: Other): number {
    return participant.media.audio === "on" ? peer.audioLevel() : 0;
  }
}
