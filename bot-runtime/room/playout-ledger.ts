import { OUTPUT_SAMPLE_RATE } from "../pipeline/audio.ts";
import type { Position } from "./bridge/audio-frames.ts";
import { MAX_PLAY_FRAME_SAMPLES, PLAY_LEAD_SAMPLES } from "./bridge/limits.ts";
import type { Playout } from "./room.ts";

/** Speech held for one call, in seconds: far longer than any answer. Beyond it new speech is refused. */
const MAX_QUEUED_S = 600;
const MAX_QUEUED_SAMPLES = MAX_QUEUED_S * OUTPUT_SAMPLE_RATE;

/**
 * When a call goes on in another page, it is from so long before where it was cut: what was played last before a page
 * is lost has not reached the ear, and half a word cannot be understood.
 */
const REWIND_SAMPLES = 0.2 * OUTPUT_SAMPLE_RATE;

/** Progress is told after so much sound: as often as a reader of captions could see it. */
const PROGRESS_SAMPLES = 0.2 * OUTPUT_SAMPLE_RATE;

interface Chunk {
  generation: number;
  pcm: Int16Array;
}

/** On its way to the ear, or just heard. */
interface SentChunk extends Chunk {
  /** How many samples had been sent in all when this had been. */
  through: number;
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
  #queue: Chunk[] = [];
  /** From `REWIND_SAMPLES` before what is being played. */
  readonly #sent: SentChunk[] = [];
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
  /** How much of the generation that was played last had been. */
  #played = { generation: -1, samples: 0 };
  /** How much of a generation was played in pages before this one. */
  #before = { generation: -1, samples: 0 };
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
    this.#sent.push({ generation: chunk.generation, pcm, through: this.#sentSamples });
    return { generation: chunk.generation, pcm };
  }

  /**
   * The page is another one from now on, which has played nothing: what the last one had not, is to be sent again.
   * Returns what the bot is to be told of that which the last page can tell no more.
   */
  goOn(): Playout[] {
    const said = this.#dropFlushed();
    const { kept, rewound } = this.#unheard();
    this.#queue = [...kept, ...this.#queue];
    this.#queuedSamples = this.#queue.reduce((sum, { pcm }) => sum + pcm.length, 0);
    this.#sent.length = 0;
    this.#sentSamples = 0;
    this.#consumedSamples = 0;
    this.#before = { ...this.#played, samples: Math.max(0, this.#played.samples - rewound) };
    const queued = new Set(this.#queue.map(({ generation }) => generation));
    for (const { generation } of this.#unfinished.filter((one) => !queued.has(one.generation))) {
      said.push({ kind: "drained", generation, playedMs: this.#playedMs(generation) });
      if (this.#playing === generation) this.#playing = undefined;
    }
    this.#unfinished = this.#unfinished
      .filter(({ generation }) => queued.has(generation))
      .map(({ generation }) => ({ generation, sentThrough: 0 }));
    return said;
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
    this.#notePlayed(position);
    this.#forgetHeard();
    switch (kind) {
      case "progress":
        return this.#progressed(position);
      case "started":
        if (this.#playing === generation) return [];
        this.#playing = generation;
        this.#toldSamples = 0;
        return [{ kind: "started", generation }];
      case "drained":
        return this.#drained(generation);
      case "flushed":
        return this.#flushed(generation);
    }
  }

  get #inFlight(): number {
    return (this.#sentSamples - this.#consumedSamples) >>> 0;
  }

  #progressed({ playedGeneration }: Readonly<Position>): Playout[] {
    const { samples } = this.#played;
    if (playedGeneration !== this.#playing || samples - this.#toldSamples < PROGRESS_SAMPLES) return [];
    this.#toldSamples = samples;
    return [{ kind: "progress", generation: playedGeneration, playedMs: msOf(samples) }];
  }

  #drained(generation: number): Playout[] {
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
    return [{ kind: "drained", generation, playedMs: msOf(this.#played.samples) }];
  }

  #flushed(through: number): Playout[] {
    const flushed = this.#unfinished.map(({ generation }) => generation).filter((one) => one <= through);
    if (!flushed.includes(through)) flushed.push(through);
    this.#unfinished = this.#unfinished.filter(({ generation }) => generation > through);
    if (this.#playing !== undefined && this.#playing <= through) this.#playing = undefined;
    return flushed.map((generation) => ({
      kind: "flushed",
      generation,
      playedMs: this.#playedMs(generation),
    }));
  }

  /** Of what was flushed, and the page was lost before it said so. */
  #dropFlushed(): Playout[] {
    const flushed = this.#unfinished.filter(({ generation }) => generation <= this.#flushedThrough);
    const newest = flushed.at(-1);
    return newest ? this.#flushed(newest.generation) : [];
  }

  /** What was sent and is to be sent again, and how much of it had been played. */
  #unheard(): { kept: Chunk[]; rewound: number } {
    const kept: Chunk[] = [];
    let rewound = 0;
    for (const { generation, pcm, through } of this.#sent) {
      if (generation <= this.#flushedThrough) continue;
      const ahead = (through - this.#consumedSamples) | 0;
      const again = generation === this.#playing ? ahead + REWIND_SAMPLES : ahead;
      const count = Math.min(Math.max(0, again), pcm.length);
      if (count > 0) kept.push({ generation, pcm: pcm.subarray(pcm.length - count) });
      rewound += Math.max(0, count - Math.max(0, ahead));
    }
    return { kept, rewound };
  }

  #notePlayed({ playedGeneration, playedSamples }: Readonly<Position>): void {
    const before = playedGeneration === this.#before.generation ? this.#before.samples : 0;
    // A page that has played nothing yet names no generation, and says 0.
    if (playedSamples > 0) this.#played = { generation: playedGeneration, samples: before + playedSamples };
  }

  #forgetHeard(): void {
    for (let [first] = this.#sent; first; [first] = this.#sent) {
      if (((this.#consumedSamples - first.through) | 0) < REWIND_SAMPLES) return;
      this.#sent.shift();
    }
  }

  #playedMs(generation: number): number {
    return generation === this.#played.generation ? msOf(this.#played.samples) : 0;
  }
}

/** Of two counts that wrap at 32 bits and are never far apart. */
function isBefore(count: number, other: number): boolean {
  return ((other - count) | 0) > 0;
}

function msOf(samples: number): number {
  return Math.round((samples * 1000) / OUTPUT_SAMPLE_RATE);
}
