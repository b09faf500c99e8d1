import { INPUT_SAMPLE_RATE } from "../pipeline/audio.ts";

/** Messages to Gemini cost by number, not by size: two frames of a room in one halve that for 20 ms of latency. */
const CHUNK_SAMPLES = (INPUT_SAMPLE_RATE * 40) / 1000;
/** What the user says while Gemini is still connecting is kept, the newest 2 s of it. */
const MAX_WAITING_CHUNKS = 50;

/** Gathers the user's voice into chunks of 40 ms, and keeps them while there is nobody to send them to. */
export class AudioUplink {
  readonly #waiting: Int16Array[] = [];
  #send: ((chunk: Int16Array) => void) | undefined;
  #chunk = new Int16Array(CHUNK_SAMPLES);
  #filled = 0;

  /** @returns how many chunks were left out to make room for this audio. */
  add(pcm: Int16Array): number {
    let dropped = 0;
    for (let taken = 0; taken < pcm.length; ) {
      const part = pcm.subarray(taken, taken + CHUNK_SAMPLES - this.#filled);
      this.#chunk.set(part, this.#filled);
      this.#filled += part.length;
      taken += part.length;
      if (this.#filled === CHUNK_SAMPLES) dropped += this.#finishChunk();
    }
    return dropped;
  }

  /** Sends what is not a whole chunk yet. @returns as `add` does */
  flush(): number {
    return this.#filled > 0 ? this.#finishChunk() : 0;
  }

  /** From now on chunks go to `send`, first those that waited. */
  open(send: (chunk: Int16Array) => void): void {
    this.#send = send;
    for (const chunk of this.#waiting.splice(0)) send(chunk);
  }

  #finishChunk(): number {
    const chunk = this.#chunk.subarray(0, this.#filled);
    this.#chunk = new Int16Array(CHUNK_SAMPLES);
    this.#filled = 0;
    if (this.#send) {
      this.#send(chunk);
      return 0;
    }
    this.#waiting.push(chunk);
    if (this.#waiting.length <= MAX_WAITING_CHUNKS) return 0;
    this.#waiting.shift();
    return 1;
  }
}
