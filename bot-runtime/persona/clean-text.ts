/** Line breaks and all other control characters, and every kind of space. */
const SPACES = /[\p{Cc}\s]+/gu;

/**
 * What is not seen: zero-width characters, bidi marks and overrides, variation selectors and tags, by which a text can
 * hold words that nobody who looks at it finds. With them go private use, what Unicode has no character for, and the
 * mark of what could not be decoded.
 */
const UNSEEN = /[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Co}\p{Noncharacter_Code_Point}\uFFFD]/gu;

/** Angle brackets of other widths, which read like the ones that our fence is made of. */
const WIDE_BRACKETS: readonly [RegExp, string][] = [
  [/[\uFE64\uFF1C]/gu, "<"],
  [/[\uFE65\uFF1E]/gu, ">"],
];

/**
 * Text of a caller as one line of what a person would see of it, in any script. What is joined or held apart by a
 * zero-width character is so no more: emoji made of several, and some words of Persian and of Indian scripts, which
 * are read all the same.
 */
export function cleanText(text: string): string {
  // Half of a surrogate pair is no text; it becomes the mark that UNSEEN takes out.
  let clean = text.toWellFormed().replace(SPACES, " ").replace(UNSEEN, "").normalize("NFC");
  for (const [wide, plain] of WIDE_BRACKETS) clean = clean.replace(wide, plain);
  return clean.replace(/ {2,}/g, " ").trim();
}
