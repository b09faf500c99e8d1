import { INPUT_SAMPLE_RATE } from "../pipeline/audio.ts";
import type { Frame } from "../pipeline/frame.ts";
import type { Direction, Processor, Push } from "../pipeline/processor.ts";
import type { SpeechModel } from "../vad/speech-model.ts";
import {
  isLikelySpeaking,
  isSpeaking,
  nextActivity,
  PIPECAT_VAD,
  QUIET,
  type VoiceActivity,
  type VoiceActivityParams,
} from "../vad/voice-activity.ts";

/**
 * A muted microphone sends nothing more: after this, the user has stopped, were it in the middle of a word. Gemini
 * asks to be told of a pause from a second on.
 */
const AUDIO_IDLE_MS = 1_000;

/** Where the call comes into the pipeline: audio with its voice activity, and app messages. */
export class RoomInput implements Processor {
  readonly name = "RoomInput";
  readonly #model: SpeechModel;
  readonly #params: VoiceActivityParams;
  #activity: VoiceActivity = QUIET;
  #push: Push | undefined;
  /** Runs while audio comes. */
  #idle: NodeJS.Timeout | undefined;

  constructor(model: SpeechModel, params: VoiceActivityParams = PIPECAT_VAD) {
    this.#model = model;
    this.#params = params;
  }

  start(push: Push): void {
    this.#push = push;
  }

  process(frame: Frame, direction: Direction, push: Push): void {
    push(frame, direction);
  }

  stop(): void {
    this.#push = undefined;
    this.#clearIdle();
  }

  /** A frame of the user's voice. The start of speech is pushed before the audio that shows it. */
  audio(pcm: Int16Array): void {
    const ms = (pcm.length * 1000) / INPUT_SAMPLE_RATE;
    this.#expectMore();
    this.#become(
      nextActivity(this.#activity, { probability: this.#model.probability(pcm), ms }, this.#params),
    );
    this.#push?.({ type: "input-audio", pcm }, "down");
  }

  appMessage(data: unknown, fromId: string): void {
    this.#push?.({ type: "app-message", data, fromId }, "down");
  }

  #become(next: VoiceActivity): void {
    const before = this.#activity;
    this.#activity = next;
    if (!isLikelySpeaking(before) && isLikelySpeaking(next))
      this.#push?.({ type: "user-speech-onset" }, "down");
    if (isSpeaking(before) === isSpeaking(next)) return;
    this.#push?.({ type: isSpeaking(next) ? "user-started-speaking" : "user-stopped-speaking" }, "down");
  }

  #expectMore(): void {
    if (!this.#push) return;
    if (this.#idle) {
      this.#idle.refresh();
      return;
    }
    this.#idle = setTimeout(() => {
      this.#clearIdle();
      this.#model.reset();
      this.#become(QUIET);
      this.#push?.({ type: "input-audio-paused" }, "down");
    }, AUDIO_IDLE_MS);
  }

  #clearIdle(): void {
    clearTimeout(this.#idle);
    this.#idle = undefined;
  }
}
