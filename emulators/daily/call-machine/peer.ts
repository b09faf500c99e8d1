import type { PeerSignal } from "../signalling-messages.ts";
import type { Kind } from "./camera-problem.ts";
import type { Link } from "./participants.ts";

/** Without a new packet for this long a level counts as 0. Packets come every 20 ms. */
const SILENT_AFTER_MS = 300;

export interface PeerOptions {
  /** The newcomer offers; whoever was there answers. So the two never offer at once. */
  offers: boolean;
  outgoing(kind: Kind): MediaStreamTrack | null;
  /** Of the audio that is sent, at most, in bits a second; undefined: the browser's default. */
  audioBitrate: number | undefined;
  signal(signal: PeerSignal): void;
  /** The link or a track changed. */
  onChange(): void;
  onProblem(error: unknown): void;
}

/**
 * The connection to one other participant: one audio and one video section, negotiated once. Muting replaces
 * the track by none, which needs no negotiation. No ICE server: both ends are on this machine or its network.
 */
export class Peer {
  readonly #options: PeerOptions;
  readonly #connection = new RTCPeerConnection();
  /** Negotiation in order: a candidate before its description would be refused. */
  #work: Promise<void> = Promise.resolve();
  #closed = false;
  #wasConnected = false;
  #heard = { rtpTimestamp: -1, atMs: 0 };

  constructor(options: PeerOptions) {
    this.#options = options;
    this.#connection.onicecandidate = ({ candidate }) => this.#sendCandidate(candidate);
    this.#connection.onconnectionstatechange = () => this.#stateChanged();
    this.#connection.ontrack = ({ track }) => {
      // Before its first packet a track is muted, and daily-js leaves it out of the older participant fields.
      track.onunmute = () => options.onChange();
    };
    if (options.offers) this.#enqueue(() => this.#offer());
  }

  get link(): Exclude<Link, "self"> {
    switch (this.#connection.connectionState) {
      case "connected":
        return "connected";
      case "disconnected":
      case "failed":
        return "interrupted";
      default:
        return this.#wasConnected ? "interrupted" : "connecting";
    }
  }

  /** What the other one sends; none before the connection is there. */
  get tracks(): MediaStreamTrack[] {
    if (this.link === "connecting") return [];
    return this.#connection.getReceivers().map(({ track }) => track);
  }

  /**
   * Loudness of what arrives now, 0 to 1. The browser has a figure only of what is played somewhere, muted or
   * not, and keeps the last one when packets stop, hence the look at their time.
   */
  audioLevel(): number {
    const receiver = this.#connection.getReceivers().find(({ track }) => track.kind === "audio");
    const source = receiver?.getSynchronizationSources()[0];
    if (!source) return 0;
    const { rtpTimestamp, audioLevel = 0 } = source;
    if (rtpTimestamp !== this.#heard.rtpTimestamp) this.#heard = { rtpTimestamp, atMs: performance.now() };
    return performance.now() - this.#heard.atMs > SILENT_AFTER_MS ? 0 : audioLevel;
  }

  /** What the browser counts of this connection. */
  async reports(): Promise<Record<string, unknown>[]> {
    const report = await this.#connection.getStats();
    return [...report.values()];
  }

  receive(signal: PeerSignal): void {
    this.#enqueue(async () => {
      if (signal.kind === "candidate") {
        const { candidate, sdpMid, sdpMLineIndex } = signal;
        await this.#connection.addIceCandidate({ candidate, sdpMid, sdpMLineIndex });
      } else {
        await this.#connection.setRemoteDescription({ type: signal.type, sdp: signal.sdp });
        if (signal.type === "offer") await this.#answer();
        await this.#limitBitrate();
      }
    });
  }

  /** Sends what is outgoing now. */
  refresh(): void {
    this.#enqueue(() => this.#attach());
  }

  close(): void {
    this.#closed = true;
    this.#connection.onicecandidate = null;
    this.#connection.onconnectionstatechange = null;
    this.#connection.ontrack = null;
    for (const { track } of this.#connection.getReceivers()) track.onunmute = null;
    this.#connection.close();
  }

  #stateChanged(): void {
    const { connectionState } = this.#connection;
    if (connectionState === "connected") this.#wasConnected = true;
    // Only the one who offered at first offers again, so that here too the two never do at once.
    if (connectionState === "failed" && this.#options.offers) {
      this.#connection.restartIce();
      this.#enqueue(() => this.#offer());
    }
    this.#options.onChange();
  }

  async #offer(): Promise<void> {
    if (this.#connection.getTransceivers().length === 0) {
      for (const kind of ["audio", "video"] as const) {
        this.#connection.addTransceiver(kind, { direction: "sendrecv" });
      }
    }
    await this.#attach();
    await this.#connection.setLocalDescription();
    this.#sendDescription();
  }

  async #answer(): Promise<void> {
    for (const transceiver of this.#connection.getTransceivers()) transceiver.direction = "sendrecv";
    await this.#attach();
    await this.#connection.setLocalDescription();
    this.#sendDescription();
  }

  async #attach(): Promise<void> {
    for (const { sender, receiver } of this.#connection.getTransceivers()) {
      const track = this.#options.outgoing(receiver.track.kind === "audio" ? "audio" : "video");
      if (sender.track !== track) await sender.replaceTrack(track);
    }
  }

  /** Of a sender that has been negotiated: what it is told before that, it forgets. */
  async #limitBitrate(): Promise<void> {
    const { audioBitrate } = this.#options;
    if (audioBitrate === undefined) return;
    for (const { sender, receiver } of this.#connection.getTransceivers()) {
      const parameters = sender.getParameters();
      const [encoding] = parameters.encodings;
      if (receiver.track.kind !== "audio" || !encoding) continue;
      encoding.maxBitrate = audioBitrate;
      await sender.setParameters(parameters);
    }
  }

  #sendDescription(): void {
    const description = this.#connection.localDescription;
    if (!description || (description.type !== "offer" && description.type !== "answer")) return;
    this.#options.signal({ kind: "description", type: description.type, sdp: description.sdp });
  }

  #sendCandidate(found: RTCIceCandidate | null): void {
    // Null and the empty candidate mark the end of gathering, which the other end need not know.
    if (!found?.candidate) return;
    const { candidate, sdpMid, sdpMLineIndex } = found;
    this.#options.signal({ kind: "candidate", candidate, sdpMid, sdpMLineIndex });
  }

  #enqueue(step: () => Promise<void>): void {
    this.#work = this.#work
      .then(() => (this.#closed ? undefined : step()))
      .catch((error: unknown) => {
        if (!this.#closed) this.#options.onProblem(error);
      });
  }
}
