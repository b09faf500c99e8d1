/** A JSON Web Token, perhaps cut off: its first part is JSON in base64url, so it starts like this. */
const TOKEN = /eyJ[\w-]{8,}(?:\.[\w-]*){0,2}/g;
/** All of a URL behind its host: the bridge's paths start with the page's secret, and a query may hold a token. */
const URL_PATH = /\b([a-z][a-z+.-]*:\/\/[^\s/?#"'<>]+)[/?#][^\s"'<>]*/gi;

/** Text of others' making (an error, a line of the browser) without what must not get into a log. */
export function redact(text: string): string {
  return text.replace(URL_PATH, "$1/…").replace(TOKEN, "<token>");
}
