import { Segments } from "./segments.ts";

/** The words of the newest answer by sentence, ahead of its sound: what clients read before there was `bot-output`. */
export class BotTranscription {
  #generation = 0;
  #segments = new Segments();

  text(generation: number, text: string): string[] {
    if (generation < this.#generation) return [];
    if (generation > this.#generation) {
      this.#generation = generation;
      this.#segments = new Segments();
    }
    return this.#segments.add(text).map((segment) => segment.text);
  }

  /** The last words, though no punctuation ends them. */
  ended(generation: number): string[] {
    return generation === this.#generation ? this.#segments.finish().map(({ text }) => text) : [];
  }
}
