/**
 * Characters of speech in a second, of languages in Latin script: what is assumed where nothing better is known, and
 * what no speaker exceeds. Words that come faster than that ran ahead of their audio.
 */
const USUAL_CHARS_PER_S = 15;
const MAX_CHARS_PER_S = 25;
/** How far the pace of a stretch may be from that of the whole: beyond, its words came early or late. */
const PACE_FACTOR = 1.6;
/** Arrivals closer together than this say nothing about pace. */
const MIN_STRETCH_MS = 300;

/** No word is missed in so little: places are told in whole milliseconds. */
const END_WITHIN_MS = 20;

/** Where in the text the speaker is at a moment of the audio, as far as it was seen. */
interface Place {
  ms: number;
  chars: number;
}

export interface Spoken {
  spoken: string;
  remaining: string;
}

/**
 * Where the words of one answer lie in its audio. Nobody says so: a fragment is taken to begin about where the audio
 * was when it arrived, unless that would be no pace to speak at, since it ran ahead of the audio, or came in one
 * piece; then its words are spread evenly.
 */
export class SpokenText {
  #text = "";
  #audioMs = 0;
  #complete = false;
  #arrivals: Place[] = [];
  #spokenChars = 0;

  get text(): string {
    return this.#text;
  }

  /** Length of the audio so far. */
  get audioMs(): number {
    return this.#audioMs;
  }

  addText(text: string): void {
    const last = this.#arrivals.at(-1);
    if (!last || this.#audioMs - last.ms >= MIN_STRETCH_MS) {
      this.#arrivals.push({ ms: this.#audioMs, chars: this.#text.length });
    }
    this.#text += text;
  }

  addAudio(ms: number): void {
    this.#audioMs += ms;
  }

  /** Neither words nor audio will come any more. */
  complete(): void {
    this.#complete = true;
  }

  get isComplete(): boolean {
    return this.#complete;
  }

  /**
   * The text up to the last word that was heard to its end, and the rest. It never goes back: what was heard stays
   * heard, whatever is learnt of the rest.
   */
  heard(playedMs: number): Spoken {
    this.#spokenChars = Math.max(this.#spokenChars, this.upTo(playedMs).spoken.length);
    return this.#cutAt(this.#spokenChars);
  }

  /** The same by what is known now, for whoever asks once. */
  upTo(playedMs: number): Spoken {
    const whole = this.#complete && this.#audioMs > 0 && playedMs >= this.#audioMs - END_WITHIN_MS;
    return this.#cutAt(whole ? this.#text.length : this.#wordEnd(this.#charsAt(playedMs)));
  }

  #cutAt(chars: number): Spoken {
    return { spoken: this.#text.slice(0, chars), remaining: this.#text.slice(chars) };
  }

  #charsAt(ms: number): number {
    let from: Place = { ms: 0, chars: 0 };
    for (const place of this.#places()) {
      if (ms < place.ms) {
        return from.chars + ((place.chars - from.chars) * (ms - from.ms)) / (place.ms - from.ms);
      }
      from = place;
    }
    return from.chars;
  }

  /** Ascending; those arrivals that make a pace of speech, and the end. */
  #places(): Place[] {
    const end = this.#end();
    const pace = end.chars / end.ms;
    const isSpeech = (from: Place, to: Place) => {
      const ratio = (to.chars - from.chars) / (to.ms - from.ms) / pace;
      return ratio < PACE_FACTOR && ratio > 1 / PACE_FACTOR;
    };
    const places: Place[] = [];
    let last: Place = { ms: 0, chars: 0 };
    for (const arrival of this.#arrivals) {
      const isApart = arrival.ms - last.ms >= MIN_STRETCH_MS && end.ms - arrival.ms >= MIN_STRETCH_MS;
      if (!isApart || !isSpeech(last, arrival) || !isSpeech(arrival, end)) continue;
      places.push(arrival);
      last = arrival;
    }
    return [...places, end];
  }

  /** Where the text ends in the audio; while that is still coming, perhaps beyond what there is of it. */
  #end(): Place {
    const chars = this.#text.length;
    const ahead = !this.#complete && chars * 1_000 > this.#audioMs * MAX_CHARS_PER_S;
    const ms = ahead ? (chars * 1_000) / USUAL_CHARS_PER_S : this.#audioMs;
    return { ms: Math.max(ms, 1), chars };
  }

  /** The end of the last whole word before a place. */
  #wordEnd(chars: number): number {
    const most = Math.floor(chars);
    if (most >= this.#text.length) return this.#text.length;
    const before = this.#text.slice(0, most);
    const whole = /\s/.test(this.#text.charAt(most)) ? before : before.replace(/\S*$/, "");
    return whole.trimEnd().length;
  }
}
