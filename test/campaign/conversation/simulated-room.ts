import { OUTPUT_SAMPLE_RATE } from "../../../bot-runtime/pipeline/audio.ts";
import { PlayoutLedger, type PlayoutReport } from "../../../bot-runtime/room/playout-ledger.ts";
import type {
  Room,
  RoomEvents,
  RoomHost,
  RoomHostStats,
  RoomOptions,
} from "../../../bot-runtime/room/room.ts";
import { noStats } from "../../../bot-runtime/room/room-host-stats.ts";

/** The room's clock: a frame of the user's voice comes, and as much of the bot's is played. */
export const TICK_MS = 20;
const TICK_SAMPLES = (OUTPUT_SAMPLE_RATE * TICK_MS) / 1_000;
const PROGRESS_EVERY_TICKS = 10;

/** A stretch of one answer that was heard. The sound of an answer is a constant: its number. */
export interface HeardSound {
  marker: number;
  fromMs: number;
  ms: number;
}

/**
 * A call without Chromium, on simulated time: Node's own ledger on this side of the bridge, and on the other a page
 * that plays 24,000 samples a second and reports as ours does.
 */
export class SimulatedRoom implements Room {
  readonly events: RoomEvents;
  readonly heard: HeardSound[] = [];
  readonly messages: unknown[] = [];
  readonly #ledger = new PlayoutLedger();
  #page: { generation: number; pcm: Int16Array }[] = [];
  #paused = false;
  #playing: number | undefined;
  #playedGeneration = 0;
  #playedSamples = 0;
  #consumedSamples = 0;
  #ticks = 0;
  #open = true;

  constructor(events: RoomEvents) {
    this.events = events;
  }

  async join(): Promise<void> {}

  republish(): void {}

  sendAppMessage(data: unknown): void {
    this.messages.push(data);
  }

  play(pcm: Int16Array, generation: number): void {
    this.#ledger.play(pcm, generation);
    this.#send();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
  }

  flush(generation: number): void {
    this.#ledger.flush(generation);
    this.#paused = false;
    const [kept, dropped] = [
      this.#page.filter((chunk) => chunk.generation > generation),
      this.#page.filter((chunk) => chunk.generation <= generation),
    ];
    for (const { pcm } of dropped) this.#consumedSamples += pcm.length;
    this.#page = kept;
    if (this.#playing !== undefined && this.#playing <= generation) this.#playing = undefined;
    // The page's word about it takes a moment.
    const report = this.#report("flushed", generation);
    setTimeout(() => this.#tell(report), TICK_MS);
  }

  async close(): Promise<void> {
    this.#open = false;
  }

  /** The next 20 ms of the far end's ear. */
  tick(): void {
    this.#ticks += 1;
    this.#playSome();
    if (this.#playing !== undefined && this.#ticks % PROGRESS_EVERY_TICKS === 0) {
      this.#tell(this.#report("progress", this.#playing));
    }
    this.#send();
  }

  #playSome(): void {
    for (let left = this.#paused ? 0 : TICK_SAMPLES; left > 0; ) {
      const [chunk] = this.#page;
      if (!chunk) break;
      const count = Math.min(left, chunk.pcm.length);
      if (this.#playing !== chunk.generation) this.#begin(chunk.generation);
      this.#hear(chunk.pcm[0] ?? 0, (count * 1_000) / OUTPUT_SAMPLE_RATE);
      this.#playedSamples += count;
      this.#consumedSamples += count;
      left -= count;
      if (count === chunk.pcm.length) this.#page.shift();
      else chunk.pcm = chunk.pcm.subarray(count);
    }
    if (this.#playing === undefined || this.#page.length > 0) return;
    const report = this.#report("drained", this.#playing);
    this.#playing = undefined;
    this.#tell(report);
  }

  #begin(generation: number): void {
    this.#playing = generation;
    if (this.#playedGeneration !== generation) this.#playedSamples = 0;
    this.#playedGeneration = generation;
    this.#tell(this.#report("started", generation));
  }

  #hear(marker: number, ms: number): void {
    const last = this.heard.at(-1);
    if (last?.marker === marker) last.ms += ms;
    else this.heard.push({ marker, fromMs: Date.now(), ms });
  }

  #report(kind: PlayoutReport["kind"], generation: number): PlayoutReport {
    return {
      kind,
      generation,
      position: {
        playedGeneration: this.#playedGeneration,
        playedSamples: this.#playedSamples,
        consumedSamples: this.#consumedSamples,
        framesLost: 0,
      },
    };
  }

  #tell(report: PlayoutReport): void {
    if (!this.#open) return;
    for (const playout of this.#ledger.report(report)) this.events.playout(playout);
  }

  #send(): void {
    for (let chunk = this.#ledger.next(); chunk; chunk = this.#ledger.next()) this.#page.push(chunk);
  }
}

export class SimulatedRooms implements RoomHost {
  readonly ready = true;
  room: SimulatedRoom | undefined;

  async open(_options: RoomOptions, events: RoomEvents): Promise<SimulatedRoom> {
    this.room = new SimulatedRoom(events);
    return this.room;
  }

  stats(): RoomHostStats {
    return { ...noStats(), pages: 1, rooms: 1 };
  }

  async close(): Promise<void> {}
}
