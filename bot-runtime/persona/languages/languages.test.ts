import { describe, expect, it } from "vitest";
import { LANGUAGE_TAGS, type Language } from "../../../protocol/languages.ts";
import { EN_US } from "./en-us.ts";
import { LANGUAGE_STRATEGIES } from "./index.ts";
import type { LanguageStrategy } from "./language-strategy.ts";

/** Short words that are frequent in one of the languages and seldom or never in the others. */
const COMMON_WORDS: Record<Language, RegExp> = {
  "en-US": /\b(the|to|is|in|if|or|has|and|then|them|whether|they|was|you|your|with|what|said|again)\b/giu,
  "es-ES":
    /(?<!\p{L})(el|la|se|ha|un|al|has|usuario|del|con|una|y|su|que|si|le|en|de|lo|más|frase|corta)(?!\p{L})/giu,
  "fr-FR":
    /(?<!\p{L})(l'utilisateur|l'appel|le|la|en|une|courte|et|de|tu|que|été|où|pas|à|est|dans|ou|mots)(?!\p{L})/giu,
  "de-DE":
    /(?<!\p{L})(der|die|war|dass|du|mit|wieder|wenn|zu|ist|in|einem|und|das|es|wie|ihn|dem|den|nichts|ob|er|kurzen|oder)(?!\p{L})/giu,
  "nl-NL": /(?<!\p{L})(de|het|is|een|één|korte|zin|en|dat|van|in|of|ook|als|niets|gebruiker)(?!\p{L})/giu,
  "it-IT": /(?<!\p{L})(l'utente|è|una|breve|e|la|il|con|poi|se|non|da|che|di|in|frase)(?!\p{L})/giu,
};

function languageOf(text: string): Language | undefined {
  const counts = LANGUAGE_TAGS.map((tag) => ({
    tag,
    count: [...text.matchAll(COMMON_WORDS[tag])].length,
  })).sort((a, b) => b.count - a.count);
  const [first, second] = counts;
  return first && second && first.count > second.count ? first.tag : undefined;
}

describe.each(LANGUAGE_TAGS)("the strategy of %s", (tag) => {
  const { instruction, requests, nudges, transcriptionCodes, ...strategy } = LANGUAGE_STRATEGIES[tag];

  it("is filed under its own tag", () => {
    expect(strategy.tag).toBe(tag);
    expect(transcriptionCodes).toContain(tag);
  });

  it("binds the model in capitals, in the language itself, whatever is heard", () => {
    expect(instruction).toMatch(/^[A-ZÀ-Ú ]{10,}/);
    expect(languageOf(instruction.replace(/^[A-ZÀ-Ú ]+/, ""))).toBe(tag);
  });

  it.each(Object.entries({ ...requests, ...nudges }))(
    "asks the model in the language itself: %s",
    (_, request) => {
      expect(languageOf(request)).toBe(tag);
      expect(request).toMatch(/^\p{Lu}.*\.$/u);
    },
  );
});

it("has no line twice: none was copied and forgotten", () => {
  const lines = Object.values(LANGUAGE_STRATEGIES).flatMap(({ instruction, requests, nudges }) => [
    instruction,
    ...Object.values({ ...requests, ...nudges }),
  ]);
  expect(new Set(lines).size).toBe(lines.length);
});

it("lets no language be without a line", () => {
  const { goodbye: _, ...others } = EN_US.requests;
  // @ts-expect-error: what this tests is that it does not compile
  const incomplete: LanguageStrategy = { ...EN_US, requests: others };
  expect(incomplete.requests).not.toHaveProperty("goodbye");
});
