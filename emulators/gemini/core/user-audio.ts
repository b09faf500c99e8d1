import { concat, durationMs, INPUT_RATE_HZ, sampleCount } from "./pcm.ts";
import { FRAME_SAMPLES, SpeechDetector } from "./speech-detector.ts";

/** What the user said in one go, at `INPUT_RATE_HZ`, with a little room at both ends. */
export interface Utterance {
  pcm: Int16Array;
  /** From the first to the last sound, however much of it `pcm` holds. */
  speechMs: number;
}

/** `atSample`: where in the stream the speech begins or ends. */
export type SpeechEvent =
  | { kind: "started"; atSample: number }
  | { kind: "ended"; atSample: number; utterance: Utterance };

/** What is kept of the sound before the detected onset: soft consonants begin earlier than the detector sees. */
const PRE_ROLL = sampleCount(200, INPUT_RATE_HZ);
/** And after the last loud frame: the decay of the last syllable. */
const TAIL = sampleCount(160, INPUT_RATE_HZ);
/** How far an onset can lie behind the frame in which it is noticed, when evenness held it back. */
const NOTICE = sampleCount(300, INPUT_RATE_HZ);
/** What is kept of one utterance; the rest of a longer one is not repeated. */
export const MAX_UTTERANCE_MS = 15_000;
const MAX_UTTERANCE = sampleCount(MAX_UTTERANCE_MS, INPUT_RATE_HZ);

type State = { kind: "quiet" } | { kind: "speaking"; fromSample: number; speechFromSample: number };

/** `automatic`: the detector finds the speech. `manual`: the client says when it begins and ends. */
type Mode = { kind: "automatic"; detector: SpeechDetector } | { kind: "manual" };

/** Cuts a stream of audio into utterances. */
export class UserAudio {
  readonly #mode: Mode;
  #state: State = { kind: "quiet" };
  /** What was heard and may still be part of an utterance, without gaps, from `#keptFrom` on. */
  #kept: Int16Array[] = [];
  #keptFrom = 0;
  /** The end of the stream so far, without the incomplete frame in `#rest`. */
  #position = 0;
  #rest = new Int16Array(0);

  /** @param options.silenceMs how long a pause ends an utterance; none: only the client ends it */
  constructor(options: { silenceMs: number } | "manual") {
    this.#mode =
      options === "manual"
        ? { kind: "manual" }
        : { kind: "automatic", detector: new SpeechDetector(options) };
  }

  get speaking(): boolean {
    return this.#state.kind === "speaking";
  }

  /** The speech under way: where in the stream it began, and for how long it has been heard. */
  get speech(): { fromSample: number; ms: number } | undefined {
    if (this.#state.kind === "quiet") return undefined;
    const { speechFromSample: fromSample } = this.#state;
    const heardTo = this.#mode.kind === "automatic" ? this.#mode.detector.lastLoudSample : undefined;
    return { fromSample, ms: durationMs((heardTo ?? this.#position) - fromSample, INPUT_RATE_HZ) };
  }

  /** Any number of samples at `INPUT_RATE_HZ`. */
  push(pcm: Int16Array): SpeechEvent[] {
    const samples = this.#rest.length === 0 ? pcm : concat([this.#rest, pcm]);
    const events: SpeechEvent[] = [];
    let at = 0;
    for (; at + FRAME_SAMPLES <= samples.length; at += FRAME_SAMPLES) {
      const event = this.#frame(samples.slice(at, at + FRAME_SAMPLES));
      if (event) events.push(event);
    }
    this.#rest = samples.slice(at);
    return events;
  }

  /** The stream pauses. */
  end(): SpeechEvent | undefined {
    this.#rest = new Int16Array(0);
    if (this.#mode.kind === "manual") return undefined;
    const event = this.#mode.detector.flush();
    return event && this.#finish(event.atSample);
  }

  /** The client says that the user begins to speak. Only without automatic detection. */
  begin(): SpeechEvent | undefined {
    if (this.speaking) return undefined;
    this.#forget(this.#position);
    this.#state = { kind: "speaking", fromSample: this.#position, speechFromSample: this.#position };
    return { kind: "started", atSample: this.#position };
  }

  /** The client says that the user has finished. Only without automatic detection. */
  finish(): SpeechEvent | undefined {
    return this.#finish(this.#position);
  }

  #frame(frame: Int16Array): SpeechEvent | undefined {
    this.#keep(frame);
    if (this.#mode.kind === "manual") return undefined;
    const event = this.#mode.detector.process(frame);
    if (event?.kind === "ended") return this.#finish(event.atSample);
    if (event?.kind !== "started") return undefined;
    const fromSample = Math.max(this.#keptFrom, event.atSample - PRE_ROLL);
    this.#state = { kind: "speaking", fromSample, speechFromSample: event.atSample };
    return { kind: "started", atSample: event.atSample };
  }

  #keep(frame: Int16Array): void {
    this.#position += frame.length;
    if (this.#state.kind === "quiet") {
      this.#kept.push(frame);
      this.#forget(this.#position - PRE_ROLL - NOTICE);
    } else if (this.#position - this.#state.fromSample <= MAX_UTTERANCE) {
      this.#kept.push(frame);
    }
  }

  #forget(before: number): void {
    for (
      let [oldest] = this.#kept;
      oldest && this.#keptFrom + oldest.length <= before;
      [oldest] = this.#kept
    ) {
      this.#keptFrom += oldest.length;
      this.#kept.shift();
    }
    if (this.#kept.length === 0) this.#keptFrom = this.#position;
  }

  #finish(speechToSample: number): SpeechEvent | undefined {
    const state = this.#state;
    if (state.kind === "quiet") return undefined;
    const pcm = concat(this.#kept).slice(
      state.fromSample - this.#keptFrom,
      speechToSample + TAIL - this.#keptFrom,
    );
    this.#state = { kind: "quiet" };
    this.#kept = [];
    this.#keptFrom = this.#position;
    const speechMs = durationMs(speechToSample - state.speechFromSample, INPUT_RATE_HZ);
    return { kind: "ended", atSample: speechToSample, utterance: { pcm, speechMs } };
  }
}
