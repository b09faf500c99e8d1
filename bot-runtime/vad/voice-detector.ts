import {
  type ActivityParams,
  isSpeaking,
  lastsMs,
  nextActivity,
  QUIET,
  SPEAKING,
  type VoiceActivity,
} from "./activity.ts";
import { EnergyModel } from "./energy-model.ts";
import { Fading } from "./fading.ts";
import { Volume } from "./loudness.ts";
import { ENERGY_PARAMS } from "./presets.ts";
import type { OpenSpeechModel, SpeechModel, SpeechWindow } from "./speech-model.ts";

/**
 * Sound of this length that is loud enough for speech may be the beginning of it. Gemini itself needs about as long,
 * and is a network away; a click or a tap is shorter, a cough is not.
 */
export const ONSET_MS = 60;
/** An onset is told once: within this time the word of the second of the two is about the same sound. */
const SAME_ONSET_MS = 300;
/**
 * The model's memory goes stale in long silences, so it is cleared this often: never while there is speech, which
 * would make a dip in the middle of a word.
 */
const REFRESH_MS = 5_000;
const SAMPLES_PER_MS = 16;

/** Times are in ms of audio since the detector began. */
export interface VoiceEvents {
  /** It sounds as if somebody began to speak. Early, before each `started`, and wrong more often than that. */
  onset(): void;
  /** Somebody speaks, since `beganAtMs`; told when it is sure, at `atMs`. */
  started(speech: { beganAtMs: number; atMs: number }): void;
  stopped(speech: { atMs: number }): void;
}

export interface VoiceDetectorOptions {
  params: ActivityParams;
  /** The model whose word counts while it is available. Without it, and while not, loudness decides. */
  openModel?: OpenSpeechModel;
  events: VoiceEvents;
}

/**
 * When one speaker speaks. Two listen: loudness, at once and for nothing, and the speech model, which knows speech
 * from noise and lags behind. The model decides about starts and stops. An onset is the word of either: loudness is
 * first in a quiet room and hears a cough, the model is first in a noisy one, where loudness may hear nothing.
 */
export class VoiceDetector {
  readonly #params: ActivityParams;
  readonly #events: VoiceEvents;
  readonly #energy = new EnergyModel();
  readonly #volume: Volume | undefined;
  readonly #fading = new Fading();
  readonly #model: SpeechModel | undefined;
  #hasModel = false;
  /** What each of them makes of it. */
  #loud: VoiceActivity = QUIET;
  #modeled: VoiceActivity = QUIET;
  /** When the last onset was told. */
  #onsetAtMs = Number.NEGATIVE_INFINITY;
  /** What was told. */
  #isSpeaking = false;
  #heardMs = 0;
  #sinceRefreshMs = 0;

  constructor({ params, openModel, events }: VoiceDetectorOptions) {
    this.#params = params;
    this.#events = events;
    this.#volume = params.minVolume === undefined ? undefined : new Volume();
    this.#model = openModel?.({
      heard: (window) => this.#heard(window),
      available: (isAvailable) => this.#switch(isAvailable),
    });
  }

  /** @param pcm s16 mono at 16 kHz, 20 ms; not kept. May tell at once, or later. */
  audio(pcm: Int16Array): void {
    const ms = pcm.length / SAMPLES_PER_MS;
    this.#heardMs += ms;
    const before = this.#loud;
    this.#loud = nextActivity(before, { probability: this.#energy.probability(pcm), ms }, ENERGY_PARAMS);
    this.#model?.hear(pcm);
    const isRising = !isOnset(before, ONSET_MS) && isOnset(this.#loud, ONSET_MS);
    // Within speech that the model hears, loudness comes and goes with every syllable.
    if (isRising && !(this.#hasModel && isOnset(this.#modeled, 0))) this.#tellOnset();
    if (!this.#hasModel) this.#decide(this.#loud, this.#heardMs, lastsMs(before, ms));
  }

  /** No more audio for now: whoever spoke has stopped. */
  pause(): void {
    this.#model?.pause();
    this.#volume?.reset();
    this.#loud = QUIET;
    this.#modeled = QUIET;
    this.#onsetAtMs = Number.NEGATIVE_INFINITY;
    this.#sinceRefreshMs = 0;
    this.#decide(QUIET, this.#heardMs, 0);
  }

  /** Tells nothing any more. Idempotent. */
  close(): void {
    this.#model?.close();
  }

  #heard(window: SpeechWindow): void {
    const { probability, samples, endsAtMs } = window;
    const ms = samples.length / SAMPLES_PER_MS;
    const before = this.#modeled;
    const volume = this.#volume?.next(samples);
    const fades = this.#fading.next(samples);
    const heard = { probability, ms, fades, ...(volume === undefined ? {} : { volume }) };
    this.#modeled = nextActivity(before, heard, this.#params);
    this.#refreshInSilence(ms);
    if (!isOnset(before, 0) && isOnset(this.#modeled, 0)) this.#tellOnset();
    this.#decide(this.#modeled, endsAtMs, lastsMs(before, ms));
  }

  #refreshInSilence(ms: number): void {
    this.#sinceRefreshMs += ms;
    if (this.#sinceRefreshMs < REFRESH_MS || this.#modeled.kind !== "QUIET") return;
    this.#sinceRefreshMs = 0;
    this.#model?.refresh();
  }

  /** The one that decides from now on takes over what was told so far. */
  #switch(isAvailable: boolean): void {
    this.#hasModel = isAvailable;
    this.#sinceRefreshMs = 0;
    this.#volume?.reset();
    this.#modeled = this.#isSpeaking ? SPEAKING : QUIET;
    if (!isAvailable && this.#isSpeaking && !isSpeaking(this.#loud)) this.#loud = SPEAKING;
  }

  #decide(activity: VoiceActivity, atMs: number, lastedMs: number): void {
    const speaks = isSpeaking(activity);
    if (speaks === this.#isSpeaking) return;
    this.#isSpeaking = speaks;
    if (speaks) this.#events.started({ beganAtMs: atMs - lastedMs, atMs });
    else this.#events.stopped({ atMs });
  }

  #tellOnset(): void {
    if (this.#heardMs - this.#onsetAtMs < SAME_ONSET_MS) return;
    this.#onsetAtMs = this.#heardMs;
    this.#events.onset();
  }
}

/** @param leastMs of a rule that counts; 0 for one that weighs */
function isOnset(activity: VoiceActivity, leastMs: number): boolean {
  return activity.kind === "STARTING" ? activity.evidence >= leastMs : activity.kind !== "QUIET";
}
