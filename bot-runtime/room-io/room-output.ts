import type { AppMessage, Frame } from "../pipeline/frame.ts";
import type { Direction, Processor, Push } from "../pipeline/processor.ts";
import type { Playout, Room } from "../room/room.ts";
import { type BotSpeech, type BotSpeechEvent, isAnswering, nextSpeech, SILENT } from "./bot-speech.ts";

/**
 * How long the user's first sounds hold the bot's voice. Gemini says `interrupted` 50 to 100 ms after it hears
 * speech, later over a slow network; what it does not confirm in this time was a cough, and the bot goes on.
 */
export const HOLD_MS = 500;
/**
 * After a hold in vain the voice goes on for at least so long, whatever the local detector hears: noise or the bot's
 * own echo must not chop an answer to pieces. Gemini's word flushes it at any time.
 */
export const REST_MS = 2_000;
/** Silence within an answer after which the listener takes it to be over (Pipecat's fallback, too). */
const STARVED_OUT_MS = 3_000;

/** What the output needs of a room. */
export type OutputRoom = Pick<Room, "play" | "pause" | "resume" | "flush" | "sendAppMessage">;

/** Of the bot's voice, at the user's first sounds. */
type Hold =
  | { kind: "free" }
  /** The room is paused. */
  | { kind: "holding"; timer: NodeJS.Timeout }
  /** The last hold was in vain. */
  | { kind: "resting"; timer: NodeJS.Timeout };

const FREE: Hold = { kind: "free" };

export interface RoomOutputEvents {
  /** An app message could not be sent: `type` is the room error's, or `no-room` before there is one. */
  messageLost(type: string): void;
}

/** Where the bot's voice leaves for the call, and its app messages. Tells the rest what the far end hears. */
export class RoomOutput implements Processor {
  readonly name = "RoomOutput";
  readonly #events: RoomOutputEvents;
  #room: OutputRoom | undefined;
  #push: Push | undefined;
  #speech: BotSpeech = SILENT;
  /** The answers without a voice: the next one, and the newest. */
  #silent: { next: boolean; generation: number } = { next: false, generation: 0 };
  #hold: Hold = FREE;
  #starved: NodeJS.Timeout | undefined;

  constructor(events: RoomOutputEvents) {
    this.#events = events;
  }

  /** The room to speak to from now on. A call whose join is tried again gets another one. */
  attach(room: OutputRoom): void {
    this.#room = room;
  }

  start(push: Push): void {
    this.#push = push;
  }

  stop(): void {
    this.#push = undefined;
    this.#room = undefined;
    this.#freeHold();
    clearTimeout(this.#starved);
  }

  process(frame: Frame, direction: Direction, push: Push): void {
    switch (frame.type) {
      case "app-message-out":
        this.#send(frame.data);
        return;
      case "next-answer-silent":
        this.#silent.next = true;
        break;
      case "answer-started":
        if (this.#silent.next) this.#silent = { next: false, generation: frame.generation };
        break;
      case "answer-audio":
        // To those behind, an answer that is only read has no audio.
        if (frame.generation === this.#silent.generation) return;
        // The room drops what is late of a flushed generation by itself; here it must not count as queued either.
        if (frame.generation > this.#speech.cancelledUpTo) {
          this.#room?.play(frame.pcm, frame.generation);
          this.#apply({ kind: "queued", generation: frame.generation });
        }
        break;
      case "answer-generated":
      case "answer-ended":
        this.#apply({ kind: "complete", generation: frame.generation });
        break;
      case "answer-interrupted":
        this.#freeHold();
        this.#apply({ kind: "cancelled", generation: frame.generation });
        this.#room?.flush(frame.generation);
        break;
      case "user-speech-onset":
        if (this.#hold.kind === "free" && isAnswering(this.#speech)) this.#holdVoice();
        break;
    }
    push(frame, direction);
  }

  /** What the room played. */
  playout(state: Playout): void {
    this.#apply(state);
  }

  #apply(event: BotSpeechEvent): void {
    // A room may still speak for a moment after the pipeline has stopped; its timers would belong to nobody.
    if (!this.#push) return;
    const { speech, said } = nextSpeech(this.#speech, event);
    this.#speech = speech;
    clearTimeout(this.#starved);
    if (speech.voice.kind === "starved") {
      this.#starved = setTimeout(() => this.#apply({ kind: "starved-out" }), STARVED_OUT_MS);
    }
    for (const frame of said) this.#push(frame, "down");
  }

  #holdVoice(): void {
    this.#room?.pause();
    this.#hold = { kind: "holding", timer: setTimeout(() => this.#resumeVoice(), HOLD_MS) };
  }

  #resumeVoice(): void {
    this.#room?.resume();
    this.#hold = { kind: "resting", timer: setTimeout(() => this.#freeHold(), REST_MS) };
  }

  #freeHold(): void {
    if (this.#hold.kind !== "free") clearTimeout(this.#hold.timer);
    this.#hold = FREE;
  }

  /** A message that cannot be sent must not end the answer that it is about. */
  #send(data: AppMessage): void {
    if (!this.#room) {
      this.#events.messageLost("no-room");
      return;
    }
    try {
      this.#room.sendAppMessage(data);
    } catch (thrown) {
      this.#events.messageLost(roomErrorType(thrown));
    }
  }
}

function roomErrorType(thrown: unknown): string {
  return thrown instanceof Error && "type" in thrown && typeof thrown.type === "string"
    ? thrown.type
    : "unknown";
}
