import type { Language } from "../../../protocol/languages.ts";
import type { Phrases } from "../clips/clips.ts";
import { Delivery, fragmentsOf, type Timed } from "./delivery.ts";
import { durationMs, INPUT_RATE_HZ } from "./pcm.ts";
import type { Recording } from "./recording.ts";
import { Resampler } from "./resampler.ts";
import {
  type ContentMessage,
  protobufDuration,
  type ServerMessage,
  type Transcription,
} from "./server-message.ts";
import { DEFAULT_SILENCE_MS, type Setup } from "./setup.ts";
import { type SpeechEvent, UserAudio, type Utterance } from "./user-audio.ts";

/** Sound that stops in the middle of speech ends the turn after this long, as if the client had ended the stream. */
export const AUDIO_IDLE_MS = 1_000;
/** Between the pieces of a transcription: it comes bit by bit, so that a client cannot take one piece for all. */
const TRANSCRIPTION_STEP_MS = 40;
/** How often the transcription of speech under way is renewed. */
export const INTERIM_MS = 500;

export interface HearingOptions {
  setup: Setup;
  language: Language;
  phrases: Phrases;
  received: Recording;
  send(message: ServerMessage): void;
  say(content: ContentMessage): void;
  /** The user has begun or ended to speak. */
  heard(event: SpeechEvent): void;
}

/** The user's side of the conversation: finds speech in the sound, and transcribes how long it was. */
export class Hearing {
  /** The client says when the user speaks. */
  readonly #manual: boolean;
  readonly #options: HearingOptions;
  readonly #user: UserAudio;
  #inputRate: { hz: number; resampler: Resampler } | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #transcription: Delivery<Transcription> | undefined;
  #interims = 0;

  constructor(options: HearingOptions) {
    this.#options = options;
    const detection = options.setup.realtimeInputConfig?.automaticActivityDetection;
    this.#manual = detection?.disabled ?? false;
    this.#user = new UserAudio(
      this.#manual ? "manual" : { silenceMs: detection?.silenceDurationMs ?? DEFAULT_SILENCE_MS },
    );
  }

  get speaking(): boolean {
    return this.#user.speaking;
  }

  /** @returns how many milliseconds of sound it was */
  hear({ pcm, rateHz }: { pcm: Int16Array; rateHz: number }): number {
    const samples = this.#atInputRate(pcm, rateHz);
    this.#options.received.push(samples);
    for (const event of this.#user.push(samples)) this.#userDid(event);
    this.#transcribeInterim();

    clearTimeout(this.#idleTimer);
    if (this.#user.speaking && !this.#manual) {
      this.#idleTimer = setTimeout(() => this.endStream(), AUDIO_IDLE_MS);
    }
    return durationMs(samples.length, INPUT_RATE_HZ);
  }

  /** The client sends no more sound for now. */
  endStream(): void {
    this.#userDid(this.#user.end());
  }

  /** The client says that the user begins or ends to speak. Only without automatic detection. */
  beginActivity(): void {
    this.#userDid(this.#user.begin());
  }
  endActivity(): void {
    this.#userDid(this.#user.finish());
  }

  stop(): void {
    clearTimeout(this.#idleTimer);
    this.#transcription?.cancel();
  }

  #atInputRate(pcm: Int16Array, hz: number): Int16Array {
    if (hz === INPUT_RATE_HZ) return pcm;
    if (this.#inputRate?.hz !== hz) this.#inputRate = { hz, resampler: new Resampler(hz, INPUT_RATE_HZ) };
    return this.#inputRate.resampler.process(pcm);
  }

  #userDid(event: SpeechEvent | undefined): void {
    if (!event) return;
    if (this.#options.setup.explicitVadSignal) {
      const type = event.kind === "started" ? "ACTIVITY_START" : "ACTIVITY_END";
      this.#options.send({ voiceActivity: { type, audioOffset: offset(event.atSample) } });
    }
    this.#interims = 0;
    if (event.kind === "ended") this.#transcribe(event.utterance);
    this.#options.heard(event);
  }

  /** Nobody recognises speech here, so its transcription tells its length alone. */
  #transcribe({ speechMs }: Utterance): void {
    const { setup, language, phrases, say } = this.#options;
    if (!setup.inputAudioTranscription) return;
    const tell = (inputTranscription: Transcription) => say({ serverContent: { inputTranscription } });
    for (const rest of this.#transcription?.cancel() ?? []) tell(rest);
    const fragments = fragmentsOf(phrases.describeSpeech(speechMs));
    const plan = fragments.map((text, i): Timed<Transcription> => {
      const end: Transcription = i === fragments.length - 1 ? { finished: true } : {};
      return { atMs: i * TRANSCRIPTION_STEP_MS, step: { text, languageCode: language, ...end } };
    });
    const transcription = new Delivery(plan, (steps) => steps.forEach(tell));
    this.#transcription = transcription;
    transcription.start();
  }

  /** What the official client's types tell of interim transcripts is one switch of the setup, for their timestamps. */
  #transcribeInterim(): void {
    const { setup, phrases, say } = this.#options;
    if (!setup.inputAudioTranscription || !setup.realtimeInputConfig?.interimTranscriptTimestampEnabled)
      return;
    const { speech } = this.#user;
    const due = Math.floor((speech?.ms ?? 0) / INTERIM_MS);
    if (!speech || due <= this.#interims) return;
    this.#interims = due;
    const spokenMs = due * INTERIM_MS;
    const startMs = durationMs(speech.fromSample, INPUT_RATE_HZ);
    const interimInputTranscription = {
      text: phrases.describeSpeech(spokenMs),
      startOffset: protobufDuration(startMs),
      endOffset: protobufDuration(startMs + spokenMs),
    };
    say({ serverContent: { interimInputTranscription } });
  }
}

function offset(sample: number): string {
  return protobufDuration(durationMs(sample, INPUT_RATE_HZ));
}
