import { BatchReader, BatchWriter, FrameKind, type Position } from "../bridge/audio-frames.ts";
import { BATCH_MS, PAGE_SAMPLE_RATE } from "../bridge/limits.ts";
import { CallAudio, type CallAudioSink } from "./call-audio.ts";

const BATCH_SAMPLES = (PAGE_SAMPLE_RATE / 1000) * BATCH_MS;
/** Room in a batch for each call: an input frame (656 bytes) and several position frames (32 bytes each). */
const BATCH_BYTES_PER_CALL = 1_024;
/** A batch leaves the audio thread as a whole ArrayBuffer with its length in front: cloning that makes no garbage here. */
export const BATCH_PREFIX_BYTES = 4;

export interface PageAudioOptions {
  /** Calls at once: inputs and outputs of the worklet node. */
  slots: number;
  /** Takes a finished batch (length as u32le, then that many bytes). The buffer is used again: to be copied at once. */
  send(batch: ArrayBuffer): void;
}

/**
 * All that the audio thread does: for each slot what is played and what is heard, and every 20 ms one batch of all.
 * As long as any call is open a batch goes out even if it is empty, so that Node sees the audio thread live.
 */
export class PageAudio {
  readonly #slots: (CallAudio | undefined)[];
  readonly #buffer: ArrayBuffer;
  readonly #length: DataView;
  readonly #batch: BatchWriter;
  readonly #send: (batch: ArrayBuffer) => void;
  readonly #sink: CallAudioSink;
  /** One header for all frames, filled in anew: no garbage. */
  readonly #header = { call: 0, kind: FrameKind.progress as FrameKind, generation: 0, seq: 0 };
  /** Samples since the last batch. */
  #clock = 0;
  /** Slots that make frames from the next batch on: a frame is whole when a batch leaves, and does not wait for one. */
  readonly #beginning: boolean[];

  constructor({ slots, send }: PageAudioOptions) {
    this.#slots = Array.from({ length: slots }, () => undefined);
    this.#beginning = this.#slots.map(() => false);
    this.#buffer = new ArrayBuffer(BATCH_PREFIX_BYTES + slots * BATCH_BYTES_PER_CALL);
    this.#length = new DataView(this.#buffer);
    this.#batch = new BatchWriter(this.#buffer, BATCH_PREFIX_BYTES);
    this.#send = send;
    this.#sink = {
      audio: (call, seq, samples) => {
        const header = this.#setHeader(call, seq, FrameKind.input, 0);
        if (!this.#batch.audio(header, samples)) {
          this.#flush();
          this.#batch.audio(header, samples);
        }
      },
      position: (call, seq, kind, generation, position: Readonly<Position>) => {
        const header = this.#setHeader(call, seq, kind, generation);
        if (!this.#batch.position(header, position)) {
          this.#flush();
          this.#batch.position(header, position);
        }
      },
    };
  }

  /** @throws RangeError when there is no such slot or it is taken */
  open(slot: number, call: number, quantum: number): void {
    if (!(slot in this.#slots) || this.#slots[slot]) throw new RangeError(`Slot ${slot} is not free`);
    this.#slots[slot] = new CallAudio({ call, quantum, sink: this.#sink });
  }

  close(slot: number): void {
    this.#slots[slot] = undefined;
    this.#beginning[slot] = false;
  }

  setCapturing(slot: number, capturing: boolean): void {
    this.#beginning[slot] = capturing && this.#slots[slot]?.capturing === false;
    if (!capturing) this.#slots[slot]?.stopCapturing();
  }

  /** A batch from Node. Frames of calls that are gone are late, and ignored. */
  receive(batch: ArrayBuffer): void {
    const frame = new BatchReader(batch);
    while (frame.next()) {
      for (const audio of this.#slots) {
        if (audio?.call === frame.call) audio.receive(frame);
      }
    }
  }

  /** One render quantum of all slots. `inputs` and `outputs` are as in `AudioWorkletProcessor.process`. */
  process(
    inputs: readonly (readonly Float32Array[])[],
    outputs: readonly (readonly Float32Array[])[],
    quantum: number,
  ): void {
    let open = false;
    for (let slot = 0; slot < this.#slots.length; slot++) {
      const audio = this.#slots[slot];
      const output = outputs[slot]?.[0];
      if (!audio || !output) continue;
      open = true;
      audio.render(output);
      audio.capture(inputs[slot]?.[0]);
    }
    this.#clock += quantum;
    if (this.#clock < BATCH_SAMPLES) return;
    this.#clock -= BATCH_SAMPLES;
    if (!open) return;
    this.#begin();
    for (let slot = 0; slot < this.#slots.length; slot++) this.#slots[slot]?.reportProgress();
    this.#flush();
  }

  #begin(): void {
    for (let slot = 0; slot < this.#slots.length; slot++) {
      if (!this.#beginning[slot]) continue;
      this.#beginning[slot] = false;
      this.#slots[slot]?.startCapturing(this.#clock);
    }
  }

  #setHeader(call: number, seq: number, kind: FrameKind, generation: number) {
    const header = this.#header;
    header.call = call;
    header.seq = seq;
    header.kind = kind;
    header.generation = generation;
    return header;
  }

  #flush(): void {
    this.#length.setUint32(0, this.#batch.length, true);
    this.#send(this.#buffer);
    this.#batch.clear();
  }
}
