import { describe, expect, it } from "vitest";
import { resolveLanguage } from "./languages.ts";

describe("resolveLanguage", () => {
  it.each([
    ["en-US", "en-US"],
    ["EN-us", "en-US"],
    ["nl_NL", "nl-NL"],
    [" fr-FR ", "fr-FR"],
    ["de-AT", "de-DE"],
    ["es-419", "es-ES"],
    ["it", "it-IT"],
    ["en-Latn-GB", "en-US"],
  ])("takes %s as %s", (tag, language) => {
    expect(resolveLanguage(tag)).toBe(language);
  });

  it.each(["", "pt-BR", "e", "english", "ende"])("knows no language for %j", (tag) => {
    expect(resolveLanguage(tag)).toBeUndefined();
  });
});
