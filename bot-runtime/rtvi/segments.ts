import { splitSentences } from "./sentences.ts";
import { splitText } from "./split-text.ts";

/**
 * JSON characters of a segment. A message about one holds it twice, its text and its progress, and has to fit into
 * an app message.
 */
const MAX_JSON_CHARS = 1_800;

/** A sentence of an answer, or a piece of a very long one. `start` and `end`: its place in the whole text. */
export interface Segment {
  text: string;
  start: number;
  end: number;
}

/** Cuts text that is still growing into segments. */
export class Segments {
  #rest = "";
  /** Where the rest begins in the whole text. */
  #restAt = 0;

  /** @returns the segments that are whole now */
  add(text: string): Segment[] {
    this.#rest += text;
    const { sentences, rest } = splitSentences(this.#rest);
    const segments = sentences.flatMap((sentence) => this.#take(sentence));
    // What no punctuation ends is passed on as it grows too long; its end may still go on.
    const pieces = splitText(rest, MAX_JSON_CHARS).slice(0, -1);
    return [...segments, ...pieces.flatMap((piece) => this.#take(piece))];
  }

  /** No more words will come: the rest is whole, too. */
  finish(): Segment[] {
    return this.#take(this.#rest);
  }

  #take(text: string): Segment[] {
    const from = this.#rest.indexOf(text);
    const segments: Segment[] = [];
    let at = this.#restAt + from;
    for (const piece of splitText(text, MAX_JSON_CHARS)) {
      const trimmed = piece.trim();
      const start = at + piece.indexOf(trimmed);
      if (trimmed) segments.push({ text: trimmed, start, end: start + trimmed.length });
      at += piece.length;
    }
    this.#rest = this.#rest.slice(from + text.length);
    this.#restAt = at;
    return segments;
  }
}
