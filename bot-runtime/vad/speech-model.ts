/** Says how likely it is that a frame holds speech. One per speaker: a model may remember what it has heard. */
export interface SpeechModel {
  /** @param pcm s16 mono at 16 kHz, 20 ms. @returns 0 to 1. */
  probability(pcm: Int16Array): number;
  /** Forgets the speaker's last words, not the room's noise. */
  reset(): void;
}
