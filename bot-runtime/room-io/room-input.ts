import type { Frame } from "../pipeline/frame.ts";
import type { Direction, Processor, Push } from "../pipeline/processor.ts";
import type { VoiceDetector, VoiceEvents } from "../vad/voice-detector.ts";

/**
 * A muted microphone sends nothing more: after this, the user has stopped, were it in the middle of a word. Gemini
 * asks to be told of a pause from a second on.
 */
const AUDIO_IDLE_MS = 1_000;

/** What the input needs of a detector of speech. */
export type InputDetector = Pick<VoiceDetector, "audio" | "pause" | "close">;

/** Where the call comes into the pipeline: audio with its voice activity, and app messages. */
export class RoomInput implements Processor {
  readonly name = "RoomInput";
  readonly #openDetector: (events: VoiceEvents) => InputDetector;
  #detector: InputDetector | undefined;
  #push: Push | undefined;
  /** Runs while audio comes. */
  #idle: NodeJS.Timeout | undefined;

  /** @param openDetector called when the pipeline starts: one that never does has nothing to close */
  constructor(openDetector: (events: VoiceEvents) => InputDetector) {
    this.#openDetector = openDetector;
  }

  start(push: Push): void {
    this.#push = push;
    this.#detector = this.#openDetector({
      onset: () => this.#push?.({ type: "user-speech-onset" }, "down"),
      started: () => this.#push?.({ type: "user-started-speaking" }, "down"),
      stopped: () => this.#push?.({ type: "user-stopped-speaking" }, "down"),
    });
  }

  process(frame: Frame, direction: Direction, push: Push): void {
    push(frame, direction);
  }

  stop(): void {
    this.#push = undefined;
    this.#detector?.close();
    this.#clearIdle();
  }

  /** A frame of the user's voice. What is known of it at once is pushed before it. */
  audio(pcm: Int16Array): void {
    if (!this.#push) return;
    this.#expectMore();
    this.#detector?.audio(pcm);
    this.#push?.({ type: "input-audio", pcm }, "down");
  }

  appMessage(data: unknown, fromId: string): void {
    this.#push?.({ type: "app-message", data, fromId }, "down");
  }

  #expectMore(): void {
    if (this.#idle) {
      this.#idle.refresh();
      return;
    }
    this.#idle = setTimeout(() => {
      this.#clearIdle();
      this.#detector?.pause();
      this.#push?.({ type: "input-audio-paused" }, "down");
    }, AUDIO_IDLE_MS);
  }

  #clearIdle(): void {
    clearTimeout(this.#idle);
    this.#idle = undefined;
  }
}
