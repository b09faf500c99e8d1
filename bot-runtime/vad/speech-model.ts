/** What a model makes of one window of a speaker's audio. */
export interface SpeechWindow {
  /** How likely it holds speech, 0 to 1. */
  probability: number;
  /** The window itself, mono at 16 kHz, -1 to 1. Not to be changed, and not to be kept. */
  samples: Float32Array;
  /** Where it ends, in ms of audio since the model was opened. */
  endsAtMs: number;
}

export interface SpeechModelEvents {
  /** In order, some milliseconds after the audio. Never from within `hear`, and never after `close`. */
  heard(window: SpeechWindow): void;
  /** Whether it hears. While it does not, audio is let go; afterwards it begins with an empty memory. */
  available(isAvailable: boolean): void;
}

/** Says how likely it is that somebody speaks. One for each speaker: it remembers what it has heard. */
export interface SpeechModel {
  /** @param pcm s16 mono at 16 kHz, any length; not kept. */
  hear(pcm: Int16Array): void;
  /** Forgets what it has heard, but lets go of no audio: the next window is judged by itself. */
  refresh(): void;
  /** The audio has a gap here: forgets all, also what was not judged yet. */
  pause(): void;
  /** Idempotent. */
  close(): void;
}

/** Opens a model for one speaker. `available` is told at once when it hears already, else once it does. */
export type OpenSpeechModel = (events: SpeechModelEvents) => SpeechModel;
