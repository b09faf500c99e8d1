import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LANGUAGE_TAGS, type Language } from "../../../protocol/languages.ts";
import { OUTPUT_RATE_HZ } from "../core/pcm.ts";
import texts from "./clips.json" with { type: "json" };
import { decodeMuLawWav } from "./wav.ts";

/** Something the demo voice says: what is heard and what it says, so that the two cannot differ. */
export interface Clip {
  text: string;
  /** At `OUTPUT_RATE_HZ`. */
  pcm: Int16Array;
}

/** What the demo voice says in one language. `render.sh` made the sound from the same texts. */
export interface Phrases {
  greeting: Clip;
  leadIn: Clip;
  /** What stands for the words of the user, which nobody has recognised: "(2.4 s of speech)". */
  describeSpeech(ms: number): string;
}

export type Clips = Readonly<Record<Language, Phrases>>;

/**
 * All clips, about 2 MB decoded.
 * @throws Error when a file is missing or not what render.sh writes.
 */
export function loadClips(): Clips {
  loaded ??= readClips();
  return loaded;
}

/** Nobody changes them, and to decode them takes a quarter of a second. */
let loaded: Clips | undefined;

function readClips(): Clips {
  const entries = LANGUAGE_TAGS.map((language) => [language, loadPhrases(language)]);
  return Object.fromEntries(entries) as Clips; // Object.fromEntries forgets its keys: they are LANGUAGE_TAGS
}

function loadPhrases(language: Language): Phrases {
  const text = texts[language];
  const seconds = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  return {
    greeting: { text: text.greeting, pcm: loadPcm(`${language}.greeting.wav`) },
    leadIn: { text: text.leadIn, pcm: loadPcm(`${language}.leadIn.wav`) },
    describeSpeech: (ms) => text.speech.replace("{seconds}", seconds.format(ms / 1000)),
  };
}

function loadPcm(name: string): Int16Array {
  const { samples, rateHz } = decodeMuLawWav(readFileSync(join(import.meta.dirname, name)));
  if (rateHz !== OUTPUT_RATE_HZ)
    throw new Error(`${name} has ${rateHz} Hz; render.sh makes ${OUTPUT_RATE_HZ}`);
  return samples;
}
