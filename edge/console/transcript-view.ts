import {
  type Line,
  lineText,
  needsSpace,
  partialText,
  type Transcript,
  wasCutOff,
} from "./transcript-lines.ts";

/** A reader who has scrolled up further than this is reading, and is not pulled back to the end. */
const FOLLOW_WITHIN_PX = 48;

const SPEAKERS: Record<Line["role"], string> = { user: "You", assistant: "Assistant" };

/** Keeps a list in the page equal to a transcript, touching only lines that changed. */
export class TranscriptView {
  readonly #scroller: HTMLElement;
  readonly #list: HTMLOListElement;
  readonly #shown = new Map<number, { line: Line; partial: string; element: HTMLLIElement }>();

  /** @param scroller what scrolls; gets a list of its own. */
  constructor(scroller: HTMLElement) {
    this.#scroller = scroller;
    this.#list = document.createElement("ol");
    scroller.replaceChildren(this.#list);
  }

  get isEmpty(): boolean {
    return this.#shown.size === 0;
  }

  render(transcript: Transcript): void {
    const scroller = this.#scroller;
    const follow = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < FOLLOW_WITHIN_PX;
    const visible = transcript.lines
      .map((line) => ({ line, partial: partialText(transcript, line).trim() }))
      .filter(({ line, partial }) => lineText(line) !== "" || partial !== "");
    const keys = new Set(visible.map(({ line }) => line.key));
    for (const [key, { element }] of this.#shown) {
      if (keys.has(key)) continue;
      element.remove();
      this.#shown.delete(key);
    }
    let previous: HTMLLIElement | undefined;
    for (const { line, partial } of visible) previous = this.#place(line, partial, previous);
    if (follow) scroller.scrollTop = scroller.scrollHeight;
  }

  #place(line: Line, partial: string, previous: HTMLLIElement | undefined): HTMLLIElement {
    const shown = this.#shown.get(line.key);
    const element = shown?.element ?? createLine(line.role);
    if (shown?.line !== line) fillLine(element, line);
    if (shown?.partial !== partial) fillPartial(element, line, partial);
    this.#shown.set(line.key, { line, partial, element });
    // A line whose words came late belongs above the answer to them.
    const next = previous ? previous.nextSibling : this.#list.firstChild;
    if (next !== element) this.#list.insertBefore(element, next);
    return element;
  }
}

function createLine(role: Line["role"]): HTMLLIElement {
  const element = document.createElement("li");
  element.dataset.role = role;
  const speaker = document.createElement("span");
  speaker.className = "speaker";
  speaker.textContent = SPEAKERS[role];
  const words = document.createElement("p");
  const firm = document.createElement("span");
  firm.className = "firm";
  const partial = document.createElement("span");
  partial.className = "partial";
  words.append(firm, partial);
  element.append(speaker, words);
  return element;
}

function fillLine(element: HTMLLIElement, line: Line): void {
  const firm = element.querySelector(".firm");
  if (!firm) return;
  markCutOff(element, wasCutOff(line));
  if (line.role === "user") {
    if (firm.textContent !== line.text) firm.textContent = line.text;
    return;
  }
  // Words already there are left alone: replaced, a reader's place in them and a selection would be lost.
  const spans = firm.querySelectorAll("span");
  let before = "";
  for (const [index, segment] of line.segments.entries()) {
    const text = needsSpace(before, segment.text) ? ` ${segment.text}` : segment.text;
    const span = spans[index] ?? firm.appendChild(document.createElement("span"));
    if (span.textContent !== text) span.textContent = text;
    span.dataset.status = segment.status;
    before += text;
  }
}

function fillPartial(element: HTMLLIElement, line: Line, partial: string): void {
  const span = element.querySelector(".partial");
  if (span) span.textContent = needsSpace(lineText(line), partial) ? ` ${partial}` : partial;
}

/** In words, since a line through them alone would be lost on a screen reader. */
function markCutOff(element: HTMLLIElement, cutOff: boolean): void {
  const mark = element.querySelector(".cut-off");
  if (!cutOff) mark?.remove();
  if (!cutOff || mark) return;
  const added = document.createElement("span");
  added.className = "cut-off";
  added.textContent = "interrupted";
  element.querySelector(".speaker")?.append(added);
}
