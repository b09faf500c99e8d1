/**
 * Loaded into the bot runtime before itself (`node --import`), which stays as it is: notes when bytes come off a
 * WebSocket and when they are handed to one, and prints once a second how long sound was in between. Only the clock
 * is read on the way of the sound; all else is done in a timer of its own.
 */
import * as ws from "ws";
import { INPUT_FRAME_SAMPLES } from "../../../bot-runtime/pipeline/audio.ts";
import { StampLedger } from "./stamp-ledger.ts";
import { STAMPS_EVENT } from "./stamps-line.ts";

const MATCH_EVERY_MS = 100;
const PRINT_EVERY_MS = 1_000;
const FRAME_BYTES = INPUT_FRAME_SAMPLES * Int16Array.BYTES_PER_ELEMENT;

/** What is noted of one message; it is kept as it is until the timer looks at it. */
type Seen =
  | { kind: "from-page" | "to-page"; bytes: Uint8Array; atMs: number }
  | { kind: "from-gemini"; bytes: Buffer; atMs: number; connection: object }
  | { kind: "to-gemini"; text: string; atMs: number };

/** Both are exported by ws, but not by its types. */
interface Receiver {
  /** The server's end of a connection is the page's; the client's is Gemini's, or the edge's. */
  readonly _isServer: boolean;
  emit(event: string, ...args: unknown[]): boolean;
  _write(chunk: Buffer, encoding: string, done: (error?: Error) => void): void;
}
interface Sender {
  send(data: unknown, options: { binary: boolean; mask: boolean }, done?: () => void): void;
}
// The shape is that of ws 8; where it is another, the check below says so.
const { Receiver, Sender } = ws as unknown as {
  Receiver: { prototype: Receiver };
  Sender: { prototype: Sender };
};

const startedAtMs = performance.timeOrigin;
const seen: Seen[] = [];
const cameAtMs = new WeakMap<object, number>();

function now(): number {
  return startedAtMs + performance.now();
}

function watchReceivers(prototype: Receiver): void {
  const { _write: write, emit } = prototype;
  prototype._write = function (chunk, encoding, done) {
    cameAtMs.set(this, now());
    write.call(this, chunk, encoding, done);
  };
  prototype.emit = function (event, ...args) {
    const [data, isBinary] = args;
    if (event === "message" && Buffer.isBuffer(data)) {
      const atMs = cameAtMs.get(this) ?? now();
      if (!this._isServer) seen.push({ kind: "from-gemini", bytes: data, atMs, connection: this });
      else if (isBinary) seen.push({ kind: "from-page", bytes: data, atMs });
    }
    return emit.call(this, event, ...args);
  };
}

function watchSenders(prototype: Sender): void {
  const { send } = prototype;
  prototype.send = function (data, options, done) {
    send.call(this, data, options, done);
    // The system has the bytes now, or cannot take them: ws has called write.
    const atMs = now();
    if (options.mask && typeof data === "string") seen.push({ kind: "to-gemini", text: data, atMs });
    // Copied: the sender may use the memory again.
    else if (!options.mask && data instanceof Uint8Array)
      seen.push({ kind: "to-page", bytes: data.slice(), atMs });
  };
}

function match(ledger: StampLedger): void {
  for (const one of seen.splice(0)) {
    switch (one.kind) {
      case "from-page":
        ledger.fromPage(one.bytes, one.atMs);
        break;
      case "to-page":
        ledger.toPage(one.bytes, one.atMs);
        break;
      case "from-gemini":
        ledger.fromGemini(one.bytes.toString(), one.atMs, one.connection);
        break;
      case "to-gemini":
        ledger.toGemini(one.text, one.atMs, FRAME_BYTES);
        break;
    }
  }
}

if (typeof Receiver?.prototype._write !== "function" || typeof Sender?.prototype.send !== "function") {
  throw new Error("This version of ws receives and sends by other functions.");
}
watchReceivers(Receiver.prototype);
watchSenders(Sender.prototype);

const ledger = new StampLedger();
setInterval(() => match(ledger), MATCH_EVERY_MS).unref();
setInterval(() => {
  process.stdout.write(`${JSON.stringify({ event: STAMPS_EVENT, ...ledger.takeStamps() })}\n`);
}, PRINT_EVERY_MS).unref();
