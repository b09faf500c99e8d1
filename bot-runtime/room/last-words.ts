import type { Readable } from "node:stream";
import { redact } from "./bridge/redact.ts";

/** Chromium says what is wrong with it in its last lines, among much that means nothing. */
const MAX_LINES = 8;
const MAX_LINE_CHARS = 300;
/** What a page writes to its console, which may be anything: what was said in a call, a token. */
const PAGE_CONSOLE = /^\[[^\]]*:CONSOLE\b/;
/** A line of the browser itself. What the page wrote may go on over several lines until there is one of these. */
const BROWSER_LINE = /^(\[\d+[/:]|Received signal )/;

/**
 * Reads the browser's stderr for ever, so that it never blocks on it, and keeps its last lines: those of the
 * browser, not those of pages, and without URLs' paths, since the address of a page of ours holds its secret.
 */
export class LastWords {
  readonly #lines: string[] = [];
  #rest = "";
  #inConsole = false;

  constructor(stream: Readable) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      const [first = "", ...more] = text.split("\n");
      this.#rest = (this.#rest + first).slice(0, MAX_LINE_CHARS);
      for (const line of more) {
        this.#inConsole = this.#isOfPage(this.#rest);
        if (!this.#inConsole) this.#keep(this.#rest);
        this.#rest = line.slice(0, MAX_LINE_CHARS);
      }
    });
    // A pipe that breaks says nothing more; that its process is gone is noticed elsewhere.
    stream.on("error", () => undefined);
  }

  get lines(): string[] {
    if (this.#rest === "" || this.#isOfPage(this.#rest)) return [...this.#lines];
    return [...this.#lines, redact(this.#rest)];
  }

  #isOfPage(line: string): boolean {
    return PAGE_CONSOLE.test(line) || (this.#inConsole && !BROWSER_LINE.test(line));
  }

  #keep(line: string): void {
    if (line === "") return;
    this.#lines.push(redact(line));
    if (this.#lines.length > MAX_LINES) this.#lines.shift();
  }
}
