import { BatchReader, FrameKind } from "../../../bot-runtime/room/bridge/audio-frames.ts";

/** Frames that nothing is made of, such as those of a call that Gemini does not hear yet, are forgotten after this. */
const FORGOTTEN_AFTER_MS = 5_000;
/** Quieter frames (s16) are left out: silence is alike in all calls, so one could be taken for another. */
const LOUD_ENOUGH = 500;
/** By so much of its beginning a sound is known again: 10 ms at 24 kHz. */
const KNOWN_BY_BYTES = 480;

/** The newest and the oldest frame of one message to Gemini: how long each was in Node. */
export interface UplinkStamp {
  /** When the message was out. Epoch ms. */
  atMs: number;
  newestMs: number;
  /** Where a message holds more than one frame, it had to wait for the newest. */
  oldestMs: number;
}

/** The first sound of an answer: how long it was in Node. */
export interface DownlinkStamp {
  /** When the message that holds it came. Epoch ms. */
  atMs: number;
  addedMs: number;
}

/** What was seen since the last time it was taken. */
export interface Stamps {
  uplink: UplinkStamp[];
  downlink: DownlinkStamp[];
  /** When each `interrupted` of Gemini came. Epoch ms. */
  interrupted: number[];
  /** When each flush for the page was out. Epoch ms. */
  flushed: number[];
}

/**
 * Matches what goes into the bot's Node with what comes out of it, by its content: a frame of the page is found
 * again in a message to Gemini, and the beginning of Gemini's answer in a frame to the page. So it does not matter
 * which way the sound took in between, nor whether it waited anywhere.
 */
export class StampLedger {
  readonly #frames = new Map<string, number>();
  readonly #sounds = new Map<string, number>();
  /** Connections on which an answer has begun, and has not ended. */
  readonly #answering = new WeakSet<object>();
  #stamps: Stamps = noStamps();

  /** A batch of the page has come. */
  fromPage(batch: Uint8Array, atMs: number): void {
    for (const { kind, payload } of framesIn(batch)) {
      if (kind === FrameKind.input && isLoud(payload)) this.#frames.set(keyOf(payload), atMs);
    }
    forget(this.#frames, atMs);
  }

  /** A message to Gemini is out. @param frameBytes of one frame of the page */
  toGemini(message: string, atMs: number, frameBytes: number): void {
    const sound = audioOf(message, "realtimeInput");
    if (sound === undefined) return;
    const heldMs: number[] = [];
    for (let at = 0; at + frameBytes <= sound.length; at += frameBytes) {
      const cameAtMs = take(this.#frames, keyOf(sound.subarray(at, at + frameBytes)));
      if (cameAtMs !== undefined) heldMs.push(atMs - cameAtMs);
    }
    const isWhole = heldMs.length * frameBytes === sound.length;
    const [oldestMs, newestMs] = [heldMs[0], heldMs.at(-1)];
    // Of a message that begins or ends in silence one frame is not known, and it would look quicker than it is.
    if (isWhole && oldestMs !== undefined && newestMs !== undefined) {
      this.#stamps.uplink.push({ atMs, newestMs, oldestMs });
    }
  }

  /** A message of Gemini has come. @param connection the one it came on */
  fromGemini(message: string, atMs: number, connection: object): void {
    if (/"interrupted":\s*true/.test(message)) this.#stamps.interrupted.push(atMs);
    const sound = audioOf(message, "serverContent");
    if (sound !== undefined && !this.#answering.has(connection)) {
      this.#answering.add(connection);
      const beginning = sound.subarray(0, KNOWN_BY_BYTES);
      if (isLoud(beginning)) this.#sounds.set(keyOf(beginning), atMs);
    }
    // The last field of a message that has it, whatever else stands in there.
    if (/"turnComplete":\s*true/.test(message)) this.#answering.delete(connection);
    forget(this.#sounds, atMs);
  }

  /** A batch for the page is out. */
  toPage(batch: Uint8Array, atMs: number): void {
    for (const { kind, payload } of framesIn(batch)) {
      if (kind === FrameKind.flush) this.#stamps.flushed.push(atMs);
      if (kind !== FrameKind.play || this.#sounds.size === 0) continue;
      const cameAtMs = take(this.#sounds, keyOf(payload.subarray(0, KNOWN_BY_BYTES)));
      if (cameAtMs !== undefined) this.#stamps.downlink.push({ atMs: cameAtMs, addedMs: atMs - cameAtMs });
    }
  }

  takeStamps(): Stamps {
    const stamps = this.#stamps;
    this.#stamps = noStamps();
    return stamps;
  }
}

export function noStamps(): Stamps {
  return { uplink: [], downlink: [], interrupted: [], flushed: [] };
}

function* framesIn(batch: Uint8Array): Generator<{ kind: FrameKind; payload: Uint8Array }> {
  const frames = new BatchReader(batch);
  while (frames.next()) {
    const samples = new Int16Array(frames.samples);
    frames.readAudio(samples);
    yield { kind: frames.kind, payload: new Uint8Array(samples.buffer) };
  }
}

/** The sound in a message, whatever else stands in it. Gemini's are indented. */
function audioOf(message: string, within: "realtimeInput" | "serverContent"): Buffer | undefined {
  if (!message.includes(`"${within}"`)) return undefined;
  const data = /"data":\s*"([^"]+)"/.exec(message)?.[1];
  return data === undefined ? undefined : Buffer.from(data, "base64");
}

function keyOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

function isLoud(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 2 <= bytes.byteLength; at += 2) {
    if (Math.abs(view.getInt16(at, true)) >= LOUD_ENOUGH) return true;
  }
  return false;
}

function take(times: Map<string, number>, key: string): number | undefined {
  const atMs = times.get(key);
  times.delete(key);
  return atMs;
}

/** Maps keep the order in which things came. */
function forget(times: Map<string, number>, nowMs: number): void {
  for (const [key, atMs] of times) {
    if (nowMs - atMs < FORGOTTEN_AFTER_MS) return;
    times.delete(key);
  }
}
