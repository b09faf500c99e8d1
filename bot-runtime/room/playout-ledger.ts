import { OUTPUT_SAMPLE_RATE } from "../pipeline/audio.ts";
import type { Position } from "./bridge/audio-frames.ts";
import { MAX_PLAY_FRAME_SAMPLES, PLAY_LEAD_SAMPLES } from "./bridge/limits.ts";
import type { Playout } from "./room.ts";

/** Speech held for one call, in seconds: far longer than any answer. Beyond it new speech is refused. */
const MAX_QUEUED_S = 600;
const MAX_QUEUED_SAMPLES = MAX_QUEUED_S * OUTPUT_SAMPLE_RATE;

/** Progress is told after so much sound: as often as a reader of captions could see it. */
const PROGRESS_SAMPLES = 0.2 * OUTPUT_SAMPLE_RATE;

interface Chunk {
  generation: number;
  pcm: Int16Array;
}

interface Unfinished {
  generation: number;
  /** How many samples had been sent in all when the last of this generation was. */
  sentThrough: number;
}

/** What the page reports of playing, as it comes over the bridge. */
export interface PlayoutReport {
  kind: "started" | "drained" | "flushed" | "progress";
  generation: number;
  position: Readonly<Position>;
}

/**
 * Node's side of one call's playout, without I/O: holds the speech that the page has no room for yet, knows how
 * much may be sent, and turns the page's reports into the events of a bot. The page sees only what it was sent,
 * so its queue can run dry while more is on the way; that is not the end of an answer and is not told.
 */
export class PlayoutLedger {
  readonly #queue: Chunk[] = [];
  #queuedSamples = 0;
  #sentSamples = 0;
  #consumedSamples = 0;
  #newest = -1;
  #flushedThrough = -1;
  /** Generations with speech that is neither drained nor flushed, ascending. */
  #unfinished: Unfinished[] = [];
  #playing: number | undefined;
  /** Of the generation that plays: how far it was told to be. */
  #toldSamples = 0;
  #underruns = 0;

  /** How often the page ran dry in the middle of speech that was there to be sent. */
  get underruns(): number {
    return this.#underruns;
  }

  /** Takes speech to be played. Returns whether it was kept; that of a generation flushed or outdated is not. */
  play(pcm: Int16Array, generation: number): "queued" | "late" | "full" {
    if (generation <= this.#flushedThrough || generation < this.#newest) return "late";
    if (this.#queuedSamples + pcm.length > MAX_QUEUED_SAMPLES) return "full";
    if (pcm.length === 0) return "queued";
    this.#newest = generation;
    if (this.#unfinished.at(-1)?.generation !== generation) {
      this.#unfinished.push({ generation, sentThrough: this.#sentSamples });
    }
    this.#queue.push({ generation, pcm });
    this.#queuedSamples += pcm.length;
    return "queued";
  }

  /** The next frame to send, or nothing while the page has enough. */
  next(): Chunk | undefined {
    const [chunk] = this.#queue;
    if (!chunk) return undefined;
    const count = Math.min(chunk.pcm.length, MAX_PLAY_FRAME_SAMPLES);
    if (this.#inFlight + count > PLAY_LEAD_SAMPLES) return undefined;
    const pcm = chunk.pcm.subarray(0, count);
    if (count === chunk.pcm.length) this.#queue.shift();
    else chunk.pcm = chunk.pcm.subarray(count);
    this.#queuedSamples -= count;
    this.#sentSamples = (this.#sentSamples + count) >>> 0;
    const unfinished = this.#unfinished.find(({ generation }) => generation === chunk.generation);
    if (unfinished) unfinished.sentThrough = this.#sentSamples;
    return { generation: chunk.generation, pcm };
  }

  /** Cancels a generation and all before it. The page has to be told besides. */
  flush(generation: number): void {
    this.#flushedThrough = Math.max(this.#flushedThrough, generation);
    for (
      let [chunk] = this.#queue;
      chunk && chunk.generation <= this.#flushedThrough;
      [chunk] = this.#queue
    ) {
      this.#queuedSamples -= chunk.pcm.length;
      this.#queue.shift();
    }
  }

  /** A report of the page; returns what the bot is to be told. */
  report({ kind, generation, position }: PlayoutReport): Playout[] {
    this.#consumedSamples = position.consumedSamples;
    switch (kind) {
      case "progress":
        return this.#progressed(position);
      case "started":
        if (this.#playing === generation) return [];
        this.#playing = generation;
        this.#toldSamples = 0;
        return [{ kind: "started", generation }];
      case "drained":
        return this.#drained(generation, position);
      case "flushed":
        return this.#flushed(generation, position);
    }
  }

  get #inFlight(): number {
    return (this.#sentSamples - this.#consumedSamples) >>> 0;
  }

  #progressed({ playedGeneration, playedSamples }: Readonly<Position>): Playout[] {
    if (playedGeneration !== this.#playing || playedSamples - this.#toldSamples < PROGRESS_SAMPLES) return [];
    this.#toldSamples = playedSamples;
    return [{ kind: "progress", generation: playedGeneration, playedMs: msOf(playedSamples) }];
  }

  #drained(generation: number, position: Readonly<Position>): Playout[] {
    const [waiting] = this.#queue;
    if (waiting?.generation === generation) {
      this.#underruns++;
      return [];
    }
    const drained = this.#unfinished.find((unfinished) => unfinished.generation === generation);
    // The rest of it is on its way, perhaps with the next answer behind it.
    if (drained && isBefore(this.#consumedSamples, drained.sentThrough)) return [];
    this.#playing = undefined;
    this.#unfinished = this.#unfinished.filter((unfinished) => unfinished.generation > generation);
    return [{ kind: "drained", generation, playedMs: msOf(position.playedSamples) }];
  }

  #flushed(through: number, position: Readonly<Position>): Playout[] {
    const flushed = this.#unfinished.map(({ generation }) => generation).filter((one) => one <= through);
    if (!flushed.includes(through)) flushed.push(through);
    this.#unfinished = this.#unfinished.filter(({ generation }) => generation > through);
    if (this.#playing !== undefined && this.#playing <= through) this.#playing = undefined;
    return flushed.map((generation) => ({
      kind: "flushed",
      generation,
      playedMs: generation === position.playedGeneration ? msOf(position.playedSamples) : 0,
    }));
  }
}

/** Of two counts that wrap at 32 bits and are never far apart. */
function isBefore(count: number, other: number): boolean {
  return ((other - count) | 0) > 0;
}

function msOf(samples: number): number {
  return Math.round((samples * 1000) / OUTPUT_SAMPLE_RATE);
}
