import { INPUT_FRAME_SAMPLES } from "../pipeline/audio.ts";
import { type BatchReader, FrameKind, type Position, SequenceCheck } from "./bridge/audio-frames.ts";
import { PlayoutLedger, type PlayoutReport } from "./playout-ledger.ts";
import type { RoomEvents, RoomHostStats } from "./room.ts";

const REPORTS: Partial<Record<FrameKind, PlayoutReport["kind"]>> = {
  [FrameKind.started]: "started",
  [FrameKind.drained]: "drained",
  [FrameKind.flushed]: "flushed",
  [FrameKind.progress]: "progress",
};

/** Node's side of one call's audio: what comes in is told, what goes out is numbered, what is missing is counted. */
export class RoomAudio {
  readonly ledger: PlayoutLedger;
  readonly #events: Pick<RoomEvents, "audio" | "playout">;
  readonly #counters: RoomHostStats;
  readonly #received = new SequenceCheck();
  readonly #position: Position = {
    playedGeneration: 0,
    playedSamples: 0,
    consumedSamples: 0,
    framesLost: 0,
  };
  #seq = 0;
  #lostByPage = 0;

  /** @param ledger that of the page before, if the call goes on in this one */
  constructor(
    events: Pick<RoomEvents, "audio" | "playout">,
    counters: RoomHostStats,
    ledger = new PlayoutLedger(),
  ) {
    this.#events = events;
    this.#counters = counters;
    this.ledger = ledger;
  }

  /** Frames that were lost on either way. */
  get framesLost(): number {
    return this.#received.lost + this.#lostByPage;
  }

  /** The number of the next frame to the page. */
  nextSeq(): number {
    const seq = this.#seq;
    this.#seq = (seq + 1) >>> 0;
    return seq;
  }

  /** A frame of the page. When nobody listens any more it is only counted. */
  receive(frames: BatchReader, listening: boolean): void {
    const lostBefore = this.#received.lost;
    this.#received.saw(frames.seq);
    this.#counters.framesLost += this.#received.lost - lostBefore;
    if (!listening) return;
    const kind = REPORTS[frames.kind];
    if (kind) this.#report(kind, frames);
    else if (frames.kind === FrameKind.input && frames.samples === INPUT_FRAME_SAMPLES) this.#heard(frames);
  }

  #heard(frames: BatchReader): void {
    this.#counters.framesIn++;
    const pcm = new Int16Array(INPUT_FRAME_SAMPLES);
    frames.readAudio(pcm);
    this.#events.audio(pcm);
  }

  #report(kind: PlayoutReport["kind"], frames: BatchReader): void {
    frames.readPosition(this.#position);
    const { framesLost } = this.#position;
    this.#counters.framesLost += framesLost - this.#lostByPage;
    this.#lostByPage = framesLost;
    const { generation } = frames;
    for (const playout of this.ledger.report({ kind, generation, position: this.#position })) {
      this.#events.playout(playout);
    }
  }
}
