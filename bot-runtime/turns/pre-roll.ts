import { INPUT_SAMPLE_RATE } from "../pipeline/audio.ts";

/** The newest audio, as it came in frames, for a turn that turns out to have begun before. */
export class PreRoll {
  readonly #keptSamples: number;
  #frames: Int16Array[] = [];
  #samples = 0;

  constructor(keptMs: number) {
    this.#keptSamples = samplesOf(keptMs);
  }

  add(pcm: Int16Array): void {
    this.#frames.push(pcm);
    this.#samples += pcm.length;
    for (let [oldest] = this.#frames; oldest; [oldest] = this.#frames) {
      if (this.#samples - oldest.length < this.#keptSamples) return;
      this.#frames.shift();
      this.#samples -= oldest.length;
    }
  }

  /** The newest frames of so much audio, or of what there is; nothing is kept. */
  take(ms: number): Int16Array[] {
    let samples = this.#samples;
    const frames = this.#frames;
    this.clear();
    while (frames[0] && samples - frames[0].length >= samplesOf(ms)) samples -= frames.shift()?.length ?? 0;
    return frames;
  }

  /** There is a gap behind what was kept: it belongs to no turn that follows. */
  clear(): void {
    this.#frames = [];
    this.#samples = 0;
  }
}

function samplesOf(ms: number): number {
  return (ms * INPUT_SAMPLE_RATE) / 1_000;
}
