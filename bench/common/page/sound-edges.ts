/** A millisecond with this RMS (-50 dBFS) or more is sound. What a codec makes of silence is far below. */
const SOUND_RMS = 0.003;

export interface SoundEdge {
  kind: "sound" | "silence";
  /** When it began, in samples since the beginning. */
  atSample: number;
}

/**
 * Where sound begins and where it ends, to a millisecond. Silence is what lasts for at least `holdMs`: shorter pauses
 * belong to the speech around them. It is known of that much later, and said to have begun when it did.
 */
export class SoundEdges {
  readonly #step: number;
  readonly #holdSteps: number;
  #steps = 0;
  #filled = 0;
  #energy = 0;
  /** Milliseconds of silence up to now. */
  #quietSteps = 0;
  #sounding = false;

  constructor({ sampleRate, holdMs }: { sampleRate: number; holdMs: number }) {
    this.#step = Math.round(sampleRate / 1000);
    this.#holdSteps = holdMs;
  }

  push(samples: Float32Array): SoundEdge[] {
    const edges: SoundEdge[] = [];
    for (const sample of samples) {
      this.#energy += sample * sample;
      this.#filled += 1;
      if (this.#filled < this.#step) continue;
      const edge = this.#take(Math.sqrt(this.#energy / this.#step) >= SOUND_RMS);
      if (edge) edges.push(edge);
      this.#filled = 0;
      this.#energy = 0;
    }
    return edges;
  }

  /** The next millisecond. */
  #take(loud: boolean): SoundEdge | undefined {
    this.#steps += 1;
    this.#quietSteps = loud ? 0 : this.#quietSteps + 1;
    if (loud && !this.#sounding) {
      this.#sounding = true;
      return { kind: "sound", atSample: (this.#steps - 1) * this.#step };
    }
    if (this.#sounding && this.#quietSteps >= this.#holdSteps) {
      this.#sounding = false;
      return { kind: "silence", atSample: (this.#steps - this.#quietSteps) * this.#step };
    }
    return undefined;
  }
}
