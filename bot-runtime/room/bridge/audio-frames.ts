/**
 * The binary messages of the bridge: a batch is any number of frames, one after another. A frame is a header and
 * its payload, little-endian like every machine that Chromium runs on:
 *
 * | bytes | |
 * | --- | --- |
 * | 0-1 | call, the number that the call was opened with |
 * | 2 | kind |
 * | 3 | zero |
 * | 4-7 | generation, 0 where it means nothing |
 * | 8-11 | sequence number, counting every frame of the call in this direction from 0 |
 * | 12-15 | payload length in bytes, even |
 *
 * The code runs on the audio thread too: nothing here allocates per frame.
 */
export const HEADER_BYTES = 16;

/** What a frame is. The payload of the audio kinds is s16le mono; of the last four it is a `Position`. */
export const FrameKind = {
  /** Node to page: 24 kHz audio of a generation. */
  play: 1,
  pause: 2,
  resume: 3,
  /** Drop this generation and older ones. */
  flush: 4,
  /** Page to Node: 20 ms of 16 kHz audio. */
  input: 16,
  started: 17,
  drained: 18,
  flushed: 19,
  /** How far playing has come; Node's credit for sending more. */
  progress: 20,
} as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

/** How far a call's playing has come. All are counts that wrap at 2^32. */
export interface Position {
  /** Generation that was heard last. */
  playedGeneration: number;
  /** Samples of it that were heard. */
  playedSamples: number;
  /** Samples of all generations that have left the queue, heard or dropped. */
  consumedSamples: number;
  /** Frames from Node that never arrived, by their sequence numbers. */
  framesLost: number;
}
const POSITION_BYTES = 16;

export interface FrameHeader {
  call: number;
  kind: FrameKind;
  generation: number;
  seq: number;
}

/** Writes frames into one buffer that is used again. */
export class BatchWriter {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #length = 0;

  /** @param reserved bytes at the start that frames leave alone */
  constructor(buffer: ArrayBuffer, reserved = 0) {
    this.#bytes = new Uint8Array(buffer, reserved);
    this.#view = new DataView(buffer, reserved);
  }

  /** Bytes written since `clear`. */
  get length(): number {
    return this.#length;
  }

  clear(): void {
    this.#length = 0;
  }

  /** A copy of what was written. */
  take(): Uint8Array<ArrayBuffer> {
    const batch = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return batch;
  }

  /** Appends a frame without payload. Answers false, and appends nothing, when it does not fit. */
  mark(header: FrameHeader): boolean {
    return this.#begin(header, 0);
  }

  /** As `mark`, with s16 samples. */
  audio(header: FrameHeader, samples: Int16Array): boolean {
    const byteLength = samples.byteLength;
    if (!this.#begin(header, byteLength)) return false;
    const start = this.#length - byteLength;
    for (let index = 0; index < samples.length; index++) {
      this.#view.setInt16(start + 2 * index, samples[index] ?? 0, true);
    }
    return true;
  }

  /** As `mark`, with a position. */
  position(header: FrameHeader, position: Readonly<Position>): boolean {
    if (!this.#begin(header, POSITION_BYTES)) return false;
    const start = this.#length - POSITION_BYTES;
    this.#view.setUint32(start, position.playedGeneration, true);
    this.#view.setUint32(start + 4, position.playedSamples, true);
    this.#view.setUint32(start + 8, position.consumedSamples, true);
    this.#view.setUint32(start + 12, position.framesLost, true);
    return true;
  }

  #begin(header: FrameHeader, payloadBytes: number): boolean {
    const start = this.#length;
    if (start + HEADER_BYTES + payloadBytes > this.#bytes.length) return false;
    this.#view.setUint16(start, header.call, true);
    this.#view.setUint8(start + 2, header.kind);
    this.#view.setUint8(start + 3, 0);
    this.#view.setUint32(start + 4, header.generation, true);
    this.#view.setUint32(start + 8, header.seq, true);
    this.#view.setUint32(start + 12, payloadBytes, true);
    this.#length = start + HEADER_BYTES + payloadBytes;
    return true;
  }
}

const KINDS: ReadonlySet<number> = new Set(Object.values(FrameKind));

function isKind(value: number): value is FrameKind {
  return KINDS.has(value);
}

/**
 * Steps through a batch: after each `next()` that answers true, the fields are those of one frame. After the
 * last, `malformed` says whether the bytes ended or went wrong in the middle of one.
 */
export class BatchReader {
  readonly #view: DataView;
  #next = 0;
  #payload = 0;
  #payloadBytes = 0;
  call = 0;
  kind: FrameKind = FrameKind.progress;
  generation = 0;
  seq = 0;
  malformed = false;

  constructor(bytes: ArrayBuffer | Uint8Array) {
    this.#view = ArrayBuffer.isView(bytes)
      ? new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      : new DataView(bytes);
  }

  next(): boolean {
    const start = this.#next;
    const left = this.#view.byteLength - start;
    if (left === 0) return false;
    if (left < HEADER_BYTES) return this.#fail();
    const kind = this.#view.getUint8(start + 2);
    const payloadBytes = this.#view.getUint32(start + 12, true);
    if (!isKind(kind) || payloadBytes % 2 !== 0 || payloadBytes > left - HEADER_BYTES) return this.#fail();
    if (kind >= FrameKind.started && payloadBytes !== POSITION_BYTES) return this.#fail();
    this.call = this.#view.getUint16(start, true);
    this.kind = kind;
    this.generation = this.#view.getUint32(start + 4, true);
    this.seq = this.#view.getUint32(start + 8, true);
    this.#payload = start + HEADER_BYTES;
    this.#payloadBytes = payloadBytes;
    this.#next = this.#payload + payloadBytes;
    return true;
  }

  get samples(): number {
    return this.#payloadBytes / 2;
  }

  /** Copies the frame's audio to the start of `target`, which must hold `samples`. */
  readAudio(target: Int16Array): void {
    const count = this.samples;
    for (let index = 0; index < count; index++) {
      target[index] = this.#view.getInt16(this.#payload + 2 * index, true);
    }
  }

  /** Copies the frame's position into `target`. */
  readPosition(target: Position): void {
    target.playedGeneration = this.#view.getUint32(this.#payload, true);
    target.playedSamples = this.#view.getUint32(this.#payload + 4, true);
    target.consumedSamples = this.#view.getUint32(this.#payload + 8, true);
    target.framesLost = this.#view.getUint32(this.#payload + 12, true);
  }

  #fail(): false {
    this.malformed = true;
    this.#next = this.#view.byteLength;
    return false;
  }
}

/** Counts what the sequence numbers of one direction of one call say is missing. */
export class SequenceCheck {
  #expected = 0;
  #lost = 0;

  get lost(): number {
    return this.#lost;
  }

  saw(seq: number): void {
    this.#lost += (seq - this.#expected) >>> 0;
    this.#expected = (seq + 1) >>> 0;
  }
}
