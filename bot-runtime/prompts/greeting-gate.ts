import { OUTPUT_SAMPLE_RATE } from "../pipeline/audio.ts";
import type { Frame } from "../pipeline/frame.ts";
import type { Direction, Processor, Push } from "../pipeline/processor.ts";

/** Of an answer that nobody is there to hear. A greeting is a few seconds; what is beyond this is no greeting. */
const MAX_HELD_MS = 60_000;
/** Fragments of text and the like, which take no time: as many as no greeting has. */
const MAX_HELD_FRAMES = 5_000;
/** A room begins to play within this time. */
const PLAYOUT_DELAY_MS = 500;

export interface GreetingGateOptions {
  /** Frames of the answer were dropped, since nobody came to hear it and it was too long to be kept. */
  overflowed(): void;
  /** Tokens were used, which a frame will tell only when the gate is open, if ever. */
  usage(usage: Extract<Frame, { type: "usage" }>["usage"]): void;
}

type Gate =
  | { kind: "closed"; held: Frame[]; heldMs: number; overflowed: boolean }
  /**
   * `generation` is the answer that was kept, 0 if there was none; `heardAt`: when it will have been heard, in epoch
   * milliseconds. `modelEnded`: to the model it has been heard.
   */
  | { kind: "open"; generation: number; heardAt: number; modelEnded: boolean };

/**
 * Stands around the model until the client is ready. The greeting is made meanwhile and kept, so that the first word is
 * heard at once; and nobody knows of it before (observers, too, see a frame when it leaves the gate). What the client's
 * microphone sends before that does not reach the model, as with Pipecat's servers: it would interrupt the greeting.
 */
export class GreetingGate implements Processor {
  readonly name: string;
  readonly #model: Processor;
  readonly #options: GreetingGateOptions;
  #gate: Gate = { kind: "closed", held: [], heldMs: 0, overflowed: false };
  #push: Push | undefined;
  /** What the model is given, so that its answers come through here. */
  readonly #pushOfModel: Push = (frame, direction) => this.#fromModel(frame, direction);

  constructor(model: Processor, options: GreetingGateOptions) {
    this.name = model.name;
    this.#model = model;
    this.#options = options;
  }

  start(push: Push): void {
    this.#push = push;
    this.#model.start?.(this.#pushOfModel);
  }

  stop(): void {
    this.#model.stop?.();
    this.#push = undefined;
  }

  process(frame: Frame, direction: Direction, push: Push): void {
    if (this.#gate.kind === "closed" && isOfMicrophone(frame)) {
      // The others along the chain do hear it.
      if (frame.type !== "input-audio") push(frame, direction);
      return;
    }
    if (frame.type === "user-started-speaking") this.#userStarted();
    this.#model.process(frame, direction, this.#pushOfModel);
    if (frame.type === "client-ready") this.open();
  }

  /** Lets go of what was kept. From here on the gate does nothing but watch over the greeting. Idempotent. */
  open(): void {
    const gate = this.#gate;
    if (gate.kind === "open") return;
    const generation = gate.held.reduce((newest, frame) => Math.max(newest, generationOf(frame)), 0);
    const heardAt = Date.now() + gate.heldMs + PLAYOUT_DELAY_MS;
    this.#gate = { kind: "open", generation, heardAt, modelEnded: false };
    for (const frame of gate.held) this.#letThrough(frame, "down");
  }

  #fromModel(frame: Frame, direction: Direction): void {
    const gate = this.#gate;
    if (gate.kind === "closed" && isOfAnswer(frame)) this.#hold(gate, frame);
    else this.#letThrough(frame, direction);
  }

  #letThrough(frame: Frame, direction: Direction): void {
    const gate = this.#gate;
    if (gate.kind === "open" && gate.generation > 0 && generationOf(frame) === gate.generation) {
      if (frame.type === "answer-ended") this.#gate = { ...gate, modelEnded: true };
      if (frame.type === "answer-interrupted") this.#gate = { ...gate, heardAt: 0 };
    }
    this.#push?.(frame, direction);
  }

  #hold(gate: Extract<Gate, { kind: "closed" }>, frame: Frame): void {
    if (frame.type === "usage") this.#options.usage(frame.usage);
    // Nobody was there to interrupt it: it is a connection that was lost, and the model goes on where it was.
    if (frame.type === "answer-interrupted") return;
    const kept = frame.type === "answer-ended" ? { ...frame, interrupted: false } : frame;
    const ms = frame.type === "answer-audio" ? (frame.pcm.length * 1_000) / OUTPUT_SAMPLE_RATE : 0;
    const isEnd = frame.type === "answer-ended" || frame.type === "answer-generated";
    if (!isEnd && (gate.heldMs + ms > MAX_HELD_MS || gate.held.length >= MAX_HELD_FRAMES)) {
      if (!gate.overflowed) this.#options.overflowed();
      gate.overflowed = true;
      return;
    }
    gate.held.push(kept);
    gate.heldMs += ms;
  }

  /**
   * A model sends its answer faster than it is heard, and knows for how long. A greeting that was kept is heard later
   * than that: who interrupts it then is not known to interrupt anything, which is left to be told here.
   */
  #userStarted(): void {
    const gate = this.#gate;
    if (gate.kind === "closed" || !gate.modelEnded || Date.now() >= gate.heardAt) return;
    this.#letThrough({ type: "answer-interrupted", generation: gate.generation }, "down");
  }
}

function isOfMicrophone({ type }: Frame): boolean {
  switch (type) {
    case "input-audio":
    case "input-audio-paused":
    case "user-speech-onset":
    case "user-started-speaking":
    case "user-stopped-speaking":
    case "turn-started":
    case "turn-ended":
      return true;
    default:
      return false;
  }
}

function isOfAnswer({ type }: Frame): boolean {
  switch (type) {
    case "answer-started":
    case "answer-audio":
    case "answer-text":
    case "answer-interrupted":
    case "answer-generated":
    case "answer-ended":
    case "first-audio":
    case "usage":
      return true;
    default:
      return false;
  }
}

function generationOf(frame: Frame): number {
  return "generation" in frame ? frame.generation : 0;
}
