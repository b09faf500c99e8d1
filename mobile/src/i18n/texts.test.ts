import { LANGUAGES as WIRE_LANGUAGES } from "../../../protocol/languages.ts";
import { LANGUAGE_TAGS, LANGUAGES, nearestLanguage } from "./languages.ts";
import { TEXTS, type TextKey, translator } from "./texts.ts";

it("speaks exactly the languages of the service", () => {
  expect(LANGUAGES).toEqual(WIRE_LANGUAGES);
  expect(LANGUAGE_TAGS).toEqual(Object.keys(WIRE_LANGUAGES));
});

const keys = Object.keys(TEXTS["en-US"]) as TextKey[];
const placesOf = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();

it.each(LANGUAGE_TAGS)("has every text of %s, with the same places to fill in", (language) => {
  const texts = TEXTS[language];
  expect(Object.keys(texts)).toEqual(keys);
  for (const key of keys) {
    expect([key, texts[key].trim() !== "", placesOf(texts[key])]).toEqual([
      key,
      true,
      placesOf(TEXTS["en-US"][key]),
    ]);
  }
});

it("is translated, and not copied", () => {
  const isName = (key: TextKey) =>
    ["app.title", "join.server", "call.audio", "diagnostics.title"].includes(key);
  for (const language of LANGUAGE_TAGS.slice(1)) {
    const copied = keys.filter((key) => !isName(key) && TEXTS[language][key] === TEXTS["en-US"][key]);
    // Words that are the same in both.
    expect([language, copied.length <= 6]).toEqual([language, true]);
  }
});

it("fills in, and leaves alone what nobody fills", () => {
  const t = translator("en-US");
  expect(t({ key: "toast.linkTaken", values: { server: "$& {x}" } })).toBe("Server set to $& {x}");
  expect(t("toast.linkTaken")).toBe("Server set to {server}");
});

it.each([
  [["de-AT"], "de-DE"],
  [["ja-JP", "nl_BE"], "nl-NL"],
  [["EN"], "en-US"],
  [["ja"], undefined],
  [[], undefined],
])("finds the language nearest to %s", (wanted, language) => {
  expect(nearestLanguage(wanted)).toBe(language);
});
