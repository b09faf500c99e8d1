import { mayReceive } from "../core/participant-permissions.ts";
import type { Participant, PeerSignal } from "../signalling-messages.ts";
import type { Post } from "./daily-js.ts";
import type { LocalMedia } from "./local-media.ts";
import { toDaily } from "./participants.ts";
import { Peer } from "./peer.ts";
import type { Store } from "./store.ts";

interface Other {
  participant: Participant;
  readonly peer: Peer;
  /** What daily-js was told last. */
  link: Peer["link"];
}

export interface OthersOptions {
  media: LocalMedia;
  /** Of what we say, in bits a second. */
  audioBitrate: number | undefined;
  store: Store;
  post: Post;
  signal(to: string, signal: PeerSignal): void;
  you(): Participant;
}

/**
 * The other participants of a call, the connections to them, and the events about them. A hidden one has a
 * connection, to receive by, and is otherwise only counted.
 */
export class Others {
  readonly #options: OthersOptions;
  readonly #others = new Map<string, Other>();

  constructor(options: OthersOptions) {
    this.#options = options;
  }

  add(participant: Participant, { offers }: { offers: boolean }): void {
    const id = participant.sessionId;
    const peer = new Peer({
      offers,
      outgoing: (kind) => this.#options.media.outgoing(kind),
      audioBitrate: this.#options.audioBitrate,
      signal: (signal) => this.#options.signal(id, signal),
      onChange: () => this.#peerChanged(id),
      onProblem: (error) => {
        this.#options.post({ action: "nonfatal-error", type: "peer-connection", errorMsg: String(error) });
      },
    });
    const other: Other = { participant, peer, link: peer.link };
    this.#others.set(id, other);
    if (isPresent(participant)) this.#show("participant-joined", other);
  }

  update(participant: Participant): void {
    const other = this.#others.get(participant.sessionId);
    if (!other) return;
    const wasPresent = isPresent(other.participant);
    other.participant = participant;
    if (isPresent(participant)) {
      this.#show(wasPresent ? "participant-updated" : "participant-joined", other);
    } else if (wasPresent) {
      this.#tellLeft(other, "hidden");
    }
  }

  remove(id: string): void {
    const other = this.#others.get(id);
    if (!other) return;
    this.#others.delete(id);
    if (isPresent(other.participant)) this.#tellLeft(other);
    other.peer.close();
  }

  receive(from: string, signal: PeerSignal): void {
    this.#others.get(from)?.peer.receive(signal);
  }

  /** Our own media changed. */
  refresh(): void {
    for (const { peer } of this.#others.values()) peer.refresh();
  }

  /** What we may receive changed. */
  showAll(): void {
    for (const other of this.#others.values()) {
      if (isPresent(other.participant)) this.#show("participant-updated", other);
    }
  }

  get counts(): { present: number; hidden: number } {
    const everybody = [this.#options.you(), ...[...this.#others.values()].map((other) => other.participant)];
    const present = everybody.filter(isPresent).length;
    return { present, hidden: everybody.length - present };
  }

  /** Only of those whom daily-js knows as participants: DailyTransport looks each of them up unguarded. */
  get levels(): Record<string, number> {
    const present = [...this.#others].filter(([, { participant }]) => isPresent(participant));
    return Object.fromEntries(present.map(([id, other]) => [id, this.#level(other)]));
  }

  async reports(): Promise<Record<string, unknown>[]> {
    const reports = [...this.#others.values()].map(({ peer }) => peer.reports());
    return (await Promise.all(reports)).flat();
  }

  /** Tells nobody: the machine says why the call ended. */
  close(): void {
    for (const { peer } of this.#others.values()) peer.close();
    this.#others.clear();
  }

  #peerChanged(id: string): void {
    const other = this.#others.get(id);
    if (!other) return;
    if (isPresent(other.participant)) this.#show("participant-updated", other);
    const { link } = other.peer;
    if (link === other.link) return;
    other.link = link;
    if (link === "connecting") return;
    this.#options.post({ action: "network-connection", type: "peer-to-peer", event: link, session_id: id });
  }

  #show(action: "participant-joined" | "participant-updated", { participant, peer }: Other): void {
    const you = this.#options.you();
    const tracks = peer.tracks.filter(({ kind }) => {
      return mayReceive(you.permissions, { from: participant, kind: kind === "video" ? "video" : "audio" });
    });
    this.#options.store.setRemote(participant.sessionId, tracks);
    this.#options.post({ action, participant: toDaily(participant, { link: peer.link, you }) });
  }

  #tellLeft({ participant, peer }: Other, reason?: "hidden"): void {
    const shown = toDaily(participant, { link: peer.link, you: this.#options.you() });
    this.#options.store.removeRemote(participant.sessionId);
    this.#options.post({ action: "participant-left", participant: shown, ...(reason ? { reason } : {}) });
  }

  #level({ participant, peer }: Other): number {
    return participant.media.audio === "on" ? peer.audioLevel() : 0;
  }
}

const isPresent = ({ permissions }: Participant) => permissions.hasPresence;
