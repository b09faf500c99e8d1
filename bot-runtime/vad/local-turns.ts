import { PreRoll } from "./pre-roll.ts";

/** A turn begins so long before the onset that was found: the first sound of a word is the quietest. */
const LEAD_MS = 100;
/** As long after its onset as a start is told at the latest, with the lead. */
const KEPT_MS = 1_000;

/** Who is told of turns that are found here: a model whose own detection is off. */
export interface TurnSink {
  /** A turn begins, and so does its audio: it lies before anything that `audio` brings. */
  started(preRoll: Int16Array): void;
  /** More of the turn's audio. */
  audio(pcm: Int16Array): void;
  ended(): void;
}

/**
 * The turns of a speaker as a `VoiceDetector` finds them, with the whole audio of each and nothing else: what was said
 * before its start was sure is in its beginning. Times are in ms of the audio given to `audio`.
 */
export class LocalTurns {
  readonly #sink: TurnSink;
  readonly #preRoll = new PreRoll(KEPT_MS);
  #isTurn = false;

  constructor(sink: TurnSink) {
    this.#sink = sink;
  }

  /** All audio, before the detector hears it. @param pcm s16 mono at 16 kHz */
  audio(pcm: Int16Array): void {
    if (this.#isTurn) this.#sink.audio(pcm);
    this.#preRoll.add(pcm);
    if (this.#isTurn) this.#preRoll.clear();
  }

  started({ beganAtMs }: { beganAtMs: number }): void {
    if (this.#isTurn) return;
    this.#isTurn = true;
    this.#sink.started(this.#preRoll.takeFrom(beganAtMs - LEAD_MS));
  }

  stopped(): void {
    if (!this.#isTurn) return;
    this.#isTurn = false;
    this.#sink.ended();
  }

  /** No more audio for now: what was heard before is not part of a later turn. */
  pause(): void {
    this.stopped();
    this.#preRoll.clear();
  }
}
