import { cleanText } from "./clean-text.ts";

/** Characters of each text: a paragraph, in the caller's own words. */
const MAX_TEXT_CHARS = 1_000;
/** The texts that are meant for more than that, or for less. */
const MAX_CHARS_OF: ReadonlyMap<string, number> = new Map([
  ["userName", 64],
  ["persona", 2_000],
  ["scenario", 64],
]);
const MAX_NAME_CHARS = 64;
/** Of one list or object. */
const MAX_ITEMS = 32;
/** Levels of lists and objects within each other, the outermost included: `metadata` is the second. */
const MAX_DEPTH = 6;
/** Fields of these two levels may have a bound of their own. */
const DEEPEST_KNOWN_FIELD = 2;
/**
 * Of all together, in characters of JSON: about a thousand tokens, which the model reads before every answer. A persona
 * and the facts around it fit; a document does not.
 */
const MAX_JSON_CHARS = 4_000;

/** At the end of a text that goes on. */
const CUT_MARK = "…";

export interface CallerData {
  /** One line, without `<` and `>`; `undefined` when there is nothing to tell. */
  json: string | undefined;
  /** Something of it was too long, too deep or too much, and is not in there. */
  shortened: boolean;
}

/**
 * What a caller gave, as the model may be told: cleaned, within bounds, and always whole JSON. What stands first has
 * the first claim to the space there is.
 */
export function callerData(about: Readonly<Record<string, unknown>>): CallerData {
  const teller = new Teller();
  const told = teller.tell(about, { depth: 1, name: "" });
  const json = told === undefined || told === "{}" ? undefined : told;
  return { json, shortened: teller.shortened };
}

interface Place {
  /** Of the value itself. */
  depth: number;
  /** The field that it is the value of, or empty. */
  name: string;
}

/** Writes JSON within one budget. */
class Teller {
  shortened = false;
  #charsLeft = MAX_JSON_CHARS;

  /** @returns `undefined` for what is left out. */
  tell(value: unknown, place: Place): string | undefined {
    if (typeof value === "string") return this.#spend(this.#text(value, place));
    if (value === null || typeof value === "boolean" || Number.isFinite(value)) {
      return this.#spend(JSON.stringify(value));
    }
    if (typeof value === "object") return this.#items(value, place);
    return this.#leaveOut();
  }

  #items(value: object, { depth }: Place): string | undefined {
    if (depth > MAX_DEPTH || this.#spend("{}") === undefined) return this.#leaveOut();
    const isList = Array.isArray(value);
    const all: [string, unknown][] = Object.entries(value);
    if (all.length > MAX_ITEMS) this.shortened = true;
    const told = all.slice(0, MAX_ITEMS).flatMap(([key, inner]) => {
      const name = isList ? "" : this.#shorten(key, MAX_NAME_CHARS);
      const label = isList ? "" : `${encode(name)}:`;
      const before = this.#charsLeft;
      if (this.#spend(`${label},`) === undefined) return [];
      const text = this.tell(inner, { depth: depth + 1, name: depth <= DEEPEST_KNOWN_FIELD ? name : "" });
      if (text === undefined) this.#charsLeft = before;
      return text === undefined ? [] : [label + text];
    });
    return isList ? `[${told.join(",")}]` : `{${told.join(",")}}`;
  }

  #text(value: string, { name }: Place): string {
    return encode(this.#shorten(value, MAX_CHARS_OF.get(name) ?? MAX_TEXT_CHARS));
  }

  #shorten(value: string, maxChars: number): string {
    const { text, cut } = shorten(cleanText(value), maxChars);
    if (cut) this.shortened = true;
    return text;
  }

  /** @returns what it was given, if there is space for it. */
  #spend(json: string): string | undefined {
    if (json.length > this.#charsLeft) return this.#leaveOut();
    this.#charsLeft -= json.length;
    return json;
  }

  #leaveOut(): undefined {
    this.shortened = true;
    return undefined;
  }
}

function shorten(text: string, maxChars: number): { text: string; cut: boolean } {
  if (text.length <= maxChars) return { text, cut: false };
  // Between the halves of a pair it may not be cut.
  const kept = text.slice(0, maxChars - CUT_MARK.length).replace(/[\uD800-\uDBFF]$/, "");
  return { text: kept + CUT_MARK, cut: true };
}

/** Without angle brackets, so that nothing in it can look like the tags around it. It is JSON all the same. */
function encode(text: string): string {
  return JSON.stringify(text).replaceAll("<", "\\u003c").replaceAll(">", "\\u003e");
}
