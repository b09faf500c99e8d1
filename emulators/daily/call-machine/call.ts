import type { MediaKind, MergeStrategy, Participant } from "../signalling-messages.ts";
import { activeSpeaker } from "./active-speaker.ts";
import type { Post } from "./daily-js.ts";
import type { LocalMedia } from "./local-media.ts";
import { NetworkMonitor } from "./network-monitor.ts";
import { networkState } from "./network-stats.ts";
import { Others } from "./others.ts";
import type { ParticipantChange } from "./participant-change.ts";
import { toDaily } from "./participants.ts";
import type { Signalling } from "./signalling.ts";
import type { CallMessage, Joined } from "./signalling-client.ts";
import type { Store } from "./store.ts";

/** How often the active speaker is looked for. */
const SPEAKER_EVERY_MS = 500;

export interface CallOptions {
  joined: Joined;
  signalling: Signalling;
  media: LocalMedia;
  audioBitrate: number | undefined;
  store: Store;
  post: Post;
}

/** A joined call, from the events of its beginning to `close`, which leaves it. */
export class Call {
  readonly #signalling: Signalling;
  readonly #media: LocalMedia;
  readonly #store: Store;
  readonly #post: Post;
  readonly #others: Others;
  readonly #network: NetworkMonitor;
  readonly #speakerTimer: number;
  readonly #meetingSessionId: string;
  #you: Participant;
  #speaker: string | null = null;

  constructor({ joined, signalling, media, audioBitrate, store, post }: CallOptions) {
    this.#signalling = signalling;
    this.#media = media;
    this.#store = store;
    this.#post = post;
    this.#you = joined.you;
    this.#meetingSessionId = joined.meetingSessionId;
    const signal: Others["receive"] = (to, peerSignal) => {
      signalling.send({ type: "peer-signal", to, signal: peerSignal });
    };
    this.#others = new Others({ media, audioBitrate, store, post, signal, you: () => this.#you });
    this.#announce(joined);
    for (const participant of joined.others) this.#others.add(participant, { offers: true });
    this.#count();
    this.#speakerTimer = window.setInterval(() => this.#findSpeaker(), SPEAKER_EVERY_MS);
    this.#network = new NetworkMonitor(() => this.#others.reports(), post);
  }

  get meetingSessionId(): string {
    return this.#meetingSessionId;
  }

  /** daily-js computes track events from updates and not from `joined-meeting`, so the order matters. */
  #announce({ maxAppMessageChars, sessionData }: Joined): void {
    this.localChanged();
    this.#post({ action: "access-state-updated", access: { level: "full" } });
    this.#post({
      action: "joined-meeting",
      participants: { local: toDaily(this.#you, { link: "self", problems: this.#media.problems }) },
      internal: { _maxAppMessageSize: maxAppMessageChars },
    });
    const meetingSession = { id: this.#meetingSessionId };
    this.#post({ action: "meeting-session-summary-updated", meetingSession });
    this.#showSessionData(sessionData);
    this.signallingIs("connected");
    this.#post({ action: "network-quality-change", stats: { latest: {} }, ...networkState(null) });
  }

  receive(message: CallMessage): void {
    switch (message.type) {
      case "participant-joined":
        this.#others.add(message.participant, { offers: false });
        this.#count();
        break;
      case "participant-updated":
        this.#others.update(message.participant);
        this.#count();
        break;
      case "participant-left":
        this.#others.remove(message.id);
        this.#count();
        break;
      case "you-updated":
        // Not all of it: a new name may be on its way there, and would be gone here for good.
        this.#you = { ...this.#you, permissions: message.you.permissions, media: message.you.media };
        this.#others.showAll();
        this.#count();
        // What may be sent now is what the change of our media tells.
        void this.#media.permit(message.you.permissions);
        break;
      case "media-requested":
        void this.#media.setWanted(message.kind, message.on, "request");
        break;
      case "session-data":
        this.#showSessionData(message.data);
        break;
      case "app-message":
        this.#post({ action: "app-message", data: message.data, fromId: message.from });
        break;
      case "peer-signal":
        this.#others.receive(message.from, message.signal);
        break;
      case "session-data-too-large":
        this.#post({
          action: "nonfatal-error",
          type: "meeting-session-data-error",
          errorMsg: "The session data would be larger than 100 KB.",
        });
        break;
      case "denied":
        this.#post({
          action: "nonfatal-error",
          type: "denied",
          errorMsg: `Not allowed: ${message.what}.`,
        });
        break;
    }
  }

  signallingIs(event: "connected" | "interrupted"): void {
    const session_id = this.#you.sessionId;
    this.#post({ action: "network-connection", type: "signaling", event, session_id });
  }

  /** Our own media changed: the others, the connections and the app are told what is new of it. */
  localChanged(): void {
    const { media, tracks } = this.#media;
    const changed = media.audio !== this.#you.media.audio || media.video !== this.#you.media.video;
    this.#you = { ...this.#you, media };
    if (changed) this.#signalling.send({ type: "media", media });
    this.#store.setLocal(tracks);
    this.#others.refresh();
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

  sendAppMessage(data: unknown, to: string | string[]): void {
    this.#signalling.send({ type: "app-message", data, to });
  }

  /** daily-js lets no more through than the emulator takes. What a merge makes of them is the emulator's to say. */
  setSessionData(data: Record<string, unknown>, mergeStrategy: MergeStrategy): void {
    this.#signalling.send({ type: "session-data", data, mergeStrategy });
  }

  /** Of another, or of ourselves by `local`. Whether we may is the emulator's to say. */
  change(participant: string, change: ParticipantChange): void {
    const id = participant === "local" ? this.#you.sessionId : participant;
    switch (change.what) {
      case "eject":
        this.#signalling.send({ type: "eject", id });
        break;
      case "media":
        this.#changeMedia(id, change);
        break;
      case "permissions":
        this.#signalling.send({ type: "set-permissions", id, permissions: change.permissions });
        break;
    }
  }

  remoteLevels(): Record<string, number> {
    return this.#others.levels;
  }

  networkStats(): ReturnType<NetworkMonitor["stats"]> {
    return this.#network.stats();
  }

  /** Leaves. Posts nothing: the machine says why it ended. */
  close(): void {
    clearInterval(this.#speakerTimer);
    this.#network.close();
    this.#others.close();
    this.#signalling.close();
  }

  #changeMedia(id: string, { kind, on }: { kind: MediaKind; on: boolean }): void {
    if (id === this.#you.sessionId) void this.#media.setWanted(kind, on);
    else this.#signalling.send({ type: "set-media", id, kind, on });
  }

  #showLocal(): void {
    const participant = toDaily(this.#you, { link: "self", problems: this.#media.problems });
    this.#post({ action: "participant-updated", participant });
  }

  #showSessionData(data: Record<string, unknown>): void {
    const meetingSessionState = { data, topology: "peer" } as const;
    this.#post({ action: "meeting-session-state-updated", meetingSessionState });
  }

  /** daily-js tells the app only what differs. */
  #count(): void {
    this.#post({ action: "participant-counts-updated", participantCounts: this.#others.counts });
  }

  #findSpeaker(): void {
    const speaker = activeSpeaker(this.#speaker, this.#others.levels);
    if (speaker !== null && speaker !== this.#speaker) {
      this.#post({ action: "active-speaker-change", activeSpeaker: { peerId: speaker } });
    }
    this.#speaker = speaker;
  }
}
