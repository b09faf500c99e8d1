import { INPUT_FRAME_SAMPLES } from "../../pipeline/audio.ts";
import { type BatchReader, FrameKind, type Position, SequenceCheck } from "../bridge/audio-frames.ts";
import { MAX_PLAY_FRAME_SAMPLES, PAGE_QUEUE_SAMPLES } from "../bridge/limits.ts";
import { Decimator } from "./decimator.ts";
import { Framer } from "./framer.ts";
import { Interpolator } from "./interpolator.ts";
import { PlayoutQueue } from "./playout-queue.ts";

/** The largest render quantum that we can be given, in samples at 48 kHz. */
const MAX_QUANTUM = 2_048;

/** Takes the frames that a call makes. `samples` is used again by the call: to be copied at once. */
export interface CallAudioSink {
  audio(call: number, seq: number, samples: Int16Array): void;
  position(
    call: number,
    seq: number,
    kind: FrameKind,
    generation: number,
    position: Readonly<Position>,
  ): void;
}

/**
 * The audio of one slot of the page, both ways, at 48 kHz on the worklet's side and in bridge frames on the other.
 * It serves one call; a slot gets a new one for the next. `render` and `capture` allocate nothing.
 */
export class CallAudio {
  readonly #sink: CallAudioSink;
  readonly #queue: PlayoutQueue;
  readonly #interpolator = new Interpolator({ maxBlock: MAX_QUANTUM / 2 });
  readonly #decimator = new Decimator({ maxBlock: MAX_QUANTUM });
  readonly #framer: Framer;
  readonly #received = new SequenceCheck();
  readonly #arrived = new Int16Array(MAX_PLAY_FRAME_SAMPLES);
  readonly #speech: Float32Array;
  readonly #silence: Float32Array;
  readonly #low = new Float32Array(MAX_QUANTUM);
  readonly #position: Position = {
    playedGeneration: 0,
    playedSamples: 0,
    consumedSamples: 0,
    framesLost: 0,
  };
  readonly #call: number;
  #seq = 0;
  #capturing = false;
  #reported = 0;
  /** Samples of silence that still have to pass so that the interpolator has sounded out. */
  #tail = 0;

  constructor({ call, quantum, sink }: { call: number; quantum: number; sink: CallAudioSink }) {
    if (quantum < 1 || quantum > MAX_QUANTUM || quantum % 2 !== 0) {
      throw new RangeError(`No render quantum of ${quantum}`);
    }
    this.#call = call;
    this.#sink = sink;
    this.#speech = new Float32Array(quantum / 2);
    this.#silence = new Float32Array(quantum);
    this.#framer = new Framer(INPUT_FRAME_SAMPLES, (frame) => sink.audio(call, this.#nextSeq(), frame));
    this.#queue = new PlayoutQueue({
      capacity: PAGE_QUEUE_SAMPLES,
      sink: {
        started: (generation) => this.#report(FrameKind.started, generation),
        drained: (generation) => this.#report(FrameKind.drained, generation),
        flushed: (generation) => this.#report(FrameKind.flushed, generation),
      },
    });
  }

  get call(): number {
    return this.#call;
  }

  /**
   * From now on frames are made of what comes in, and of silence where nothing does.
   * @param leadSamples of silence at 48 kHz that the first frame begins with
   */
  startCapturing(leadSamples: number): void {
    this.#capturing = true;
    this.#framer.reset();
    this.#decimator.reset();
    // One more than its share, or a frame might be a sample short when it is waited for.
    const lead = leadSamples === 0 ? 0 : Math.ceil(leadSamples / 3) + 1;
    this.#low.fill(0, 0, lead);
    this.#framer.push(this.#low, lead);
  }

  stopCapturing(): void {
    this.#capturing = false;
  }

  get capturing(): boolean {
    return this.#capturing;
  }

  /** A frame of this call from Node. */
  receive(frame: BatchReader): void {
    this.#received.saw(frame.seq);
    switch (frame.kind) {
      case FrameKind.play: {
        const count = frame.samples;
        if (count > this.#arrived.length) return;
        frame.readAudio(this.#arrived);
        this.#queue.write(frame.generation, this.#arrived.subarray(0, count));
        return;
      }
      case FrameKind.pause:
        this.#queue.pause();
        return;
      case FrameKind.resume:
        this.#queue.resume();
        return;
      case FrameKind.flush:
        this.#queue.flush(frame.generation);
        return;
      default:
        return;
    }
  }

  /** Fills one quantum of what the far end hears. */
  render(output: Float32Array): void {
    if (this.#queue.read(this.#speech)) this.#tail = this.#interpolator.tail;
    else if (this.#tail <= 0) return void output.fill(0);
    else this.#tail -= this.#speech.length;
    this.#interpolator.process(this.#speech, output);
  }

  /** Takes one quantum of what the far end said; `undefined` when nobody is connected. */
  capture(input: Float32Array | undefined): void {
    if (!this.#capturing) return;
    this.#framer.push(this.#low, this.#decimator.process(input ?? this.#silence, this.#low));
  }

  /** Tells how far playing has come, if it has come any further since it was told last. */
  reportProgress(): void {
    if (this.#queue.consumedSamples !== this.#reported) this.#report(FrameKind.progress, 0);
  }

  #report(kind: FrameKind, generation: number): void {
    const position = this.#position;
    position.playedGeneration = Math.max(0, this.#queue.playedGeneration);
    position.playedSamples = this.#queue.playedSamples;
    position.consumedSamples = this.#queue.consumedSamples;
    position.framesLost = this.#received.lost;
    this.#reported = this.#queue.consumedSamples;
    this.#sink.position(this.#call, this.#nextSeq(), kind, generation, position);
  }

  #nextSeq(): number {
    const seq = this.#seq;
    this.#seq = (seq + 1) >>> 0;
    return seq;
  }
}
