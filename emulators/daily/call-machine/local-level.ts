import { borrowAudioContext } from "./audio-context.ts";

/** Samples looked at for one level: 21 ms at 48 kHz. */
const WINDOW_SAMPLES = 1024;

/** Measures the loudness of the local track, from its creation to `close`. */
export class LocalLevel {
  readonly #audio = borrowAudioContext();
  readonly #analyser: AnalyserNode;
  readonly #samples = new Float32Array(WINDOW_SAMPLES);
  #source: { node: MediaStreamAudioSourceNode; track: MediaStreamTrack } | null = null;

  constructor() {
    this.#analyser = new AnalyserNode(this.#audio.context, { fftSize: WINDOW_SAMPLES });
  }

  /** Root mean square of what `track` gives now, 0 to 1; 0 for none. */
  read(track: MediaStreamTrack | null): number {
    this.#listenTo(track);
    if (!track) return 0;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    const power = this.#samples.reduce((sum, sample) => sum + sample * sample, 0) / WINDOW_SAMPLES;
    return Math.min(1, Math.sqrt(power));
  }

  close(): void {
    this.#listenTo(null);
    this.#audio.giveBack();
  }

  #listenTo(track: MediaStreamTrack | null): void {
    if (this.#source?.track === track || (!this.#source && !track)) return;
    this.#source?.node.disconnect();
    this.#source = null;
    if (!track) return;
    const node = this.#audio.context.createMediaStreamSource(new MediaStream([track]));
    node.connect(this.#analyser);
    this.#source = { node, track };
  }
}
