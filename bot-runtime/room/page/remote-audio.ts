import type { AudioGraph } from "./audio-graph.ts";

interface Tap {
  track: MediaStreamTrack;
  source: MediaStreamAudioSourceNode;
  element: HTMLAudioElement;
}

/**
 * What the slot of one call hears: the sum of its remote participants, of each the newest audio track.
 * Frames are made from somebody's first track until the last of those has left: who is muted is heard as silence,
 * or a listener would wait for the end of a sentence that was cut off.
 */
export class RemoteAudio {
  readonly #graph: AudioGraph;
  readonly #slot: number;
  readonly #taps = new Map<string, Tap>();
  /** Who was heard and is still there. */
  readonly #speakers = new Set<string>();

  constructor(graph: AudioGraph, slot: number) {
    this.#graph = graph;
    this.#slot = slot;
  }

  add(participantId: string, track: MediaStreamTrack): void {
    this.#untap(participantId);
    const stream = new MediaStream([track]);
    // Without a playing media element Chromium does not decode the track, and the source is silent for ever.
    const element = new Audio();
    element.muted = true;
    element.srcObject = stream;
    // Rejected when the tap goes before it plays; there is nothing left to play then.
    element.play().catch(() => undefined);
    const source = this.#graph.context.createMediaStreamSource(stream);
    this.#graph.feed(this.#slot, source);
    this.#taps.set(participantId, { track, source, element });
    this.#speakers.add(participantId);
    this.#graph.setCapturing(this.#slot, true);
  }

  /** Stops hearing a track, unless another of the same participant has taken its place. */
  removeTrack(participantId: string, track: MediaStreamTrack): void {
    if (this.#taps.get(participantId)?.track === track) this.#untap(participantId);
  }

  /** The participant has left. */
  remove(participantId: string): void {
    this.#untap(participantId);
    this.#speakers.delete(participantId);
    if (this.#speakers.size === 0) this.#graph.setCapturing(this.#slot, false);
  }

  close(): void {
    for (const id of [...this.#speakers]) this.remove(id);
  }

  #untap(participantId: string): void {
    const tap = this.#taps.get(participantId);
    if (!tap) return;
    this.#taps.delete(participantId);
    tap.source.disconnect();
    tap.element.srcObject = null;
  }
}
