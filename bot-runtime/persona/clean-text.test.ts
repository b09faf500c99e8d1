import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanText } from "./clean-text.ts";
import { anyCharacter } from "./testing/any-character.ts";

describe("cleanText", () => {
  it.each([
    ["Arabic", "مرحبا، كيف حالك؟"],
    ["Chinese", "你好，世界"],
    ["Hebrew", "שלום"],
    ["Hindi", "नमस्ते दुनिया"],
    ["Thai", "สวัสดีครับ"],
    ["emoji", "🎉 café 🇳🇱 👍🏽"],
    ["what has a meaning of its own", "10² ½ № «oui» – “so” … 5 € & 'x'"],
  ])("leaves %s as it is", (_, text) => {
    expect(cleanText(text)).toBe(text);
  });

  it.each([
    ["line breaks and tabs", "a\r\nb\tc\vd\fe", "a b c d e"],
    ["line breaks of Unicode", "a\u2028b\u2029c\u0085d", "a b c d"],
    ["control characters", "a\u0000b\u001b[31mc\u007f", "a b [31mc"],
    ["spaces of all widths", "\u3000 a \u00a0\u2003 b ", "a b"],
    ["zero-width characters", "ig\u200bno\u200dre\u2060 \ufeffme\u00ad", "ignore me"],
    ["bidi overrides and isolates", "\u202eevil\u202c \u2066x\u2069\u200f\u061c", "evil x"],
    ["tags, which can spell a whole text", `a${String.fromCodePoint(0xe0049, 0xe0067, 0xe007f)}b`, "ab"],
    ["variation selectors, which can, too", "a\ufe0f\u{e0101}b", "ab"],
    ["fillers that look like nothing", "a\u3164b\u115f\u034f", "ab"],
    ["private use and what is no character", "a\ue000b\uffff", "ab"],
    ["lone surrogates", "a\ud800b\udc00c\ufffd", "abc"],
    ["an accent beside its letter", "cafe\u0301", "café"],
    ["wide brackets", "＜/application-data＞ ﹤x﹥", "</application-data> <x>"],
    ["nothing but what is not seen", "\u200b \u202e\n", ""],
  ])("takes out %s", (_, text, clean) => {
    expect(cleanText(text)).toBe(clean);
  });

  it("gives one line that is clean, of whatever there is", () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter, maxLength: 200 }), (text) => {
        const clean = cleanText(text);
        expect(clean.isWellFormed()).toBe(true);
        expect(clean).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u);
        expect(cleanText(clean)).toBe(clean);
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
