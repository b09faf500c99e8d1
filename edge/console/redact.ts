/** A JSON Web Token, perhaps cut off: its first part is JSON in base64url, so it starts like this. */
const TOKEN = /eyJ[\w-]{8,}(?:\.[\w-]*){0,2}/g;
/** What follows the path of an address: it may carry a token. */
const QUERY = /\b([a-z][a-z+.-]*:\/\/[^\s?#"'<>]*)[?#][^\s"'<>]*/gi;
/** Fields whose value is nobody's business, whatever it looks like. */
const SECRET_FIELD = /token|secret|password|authorization|api_?key/i;
const HIDDEN = "<hidden>";
/** Fields that end so are counts: usage, not keys. */
const COUNT_FIELD = /_tokens$|Tokens$|^tokens$/;

/** Characters of one value's JSON. A longer one says little more and costs memory a thousandfold. */
export const MAX_DATA_CHARS = 2_000;

/** Any value as JSON on one line, without secrets and of bounded length; empty for `undefined`. Never throws. */
export function redactedJson(value: unknown): string {
  if (value === undefined) return "";
  let json: string | undefined;
  try {
    json = JSON.stringify(value, (key, inner: unknown) => {
      if (SECRET_FIELD.test(key) && !COUNT_FIELD.test(key)) return HIDDEN;
      return typeof inner === "string" ? redactedText(inner) : inner;
    });
  } catch {
    // Circular, or a getter that throws: not a message.
  }
  if (json === undefined) return JSON.stringify("<not JSON>");
  // As a string of its own, where every quote takes two characters.
  return json.length <= MAX_DATA_CHARS ? json : JSON.stringify(`${json.slice(0, MAX_DATA_CHARS / 2 - 10)}…`);
}

export function redactedText(text: string): string {
  return text.replace(QUERY, "$1").replace(TOKEN, HIDDEN);
}
