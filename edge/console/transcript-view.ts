import { type Line, lineText, needsSpace, type Transcript, wasCutOff } from "./transcript.ts";

/** A reader who has scrolled up further than this is reading, and is not pulled back to the end. */
const FOLLOW_WITHIN_PX = 48;

const SPEAKERS: Record<Line["role"], string> = { user: "You", assistant: "Assistant" };

/** Keeps a list in the page equal to a transcript, touching only lines that changed. */
export class TranscriptView {
  readonly #scroller: HTMLElement;
  readonly #list: HTMLOListElement;
  readonly #shown = new Map<number, { line: Line; element: HTMLLIElement }>();

  /** @param scroller what scrolls; gets a list of its own. */
  constructor(scroller: HTMLElement) {
    this.#scroller = scroller;
    this.#list = document.createElement("ol");
    scroller.replaceChildren(this.#list);
  }

  get isEmpty(): boolean {
    return this.#shown.size === 0;
  }

  render({ lines }: Transcript): void {
    const scroller = this.#scroller;
    const follow = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < FOLLOW_WITHIN_PX;
    const visible = lines.filter((line) => lineText(line) !== "");
    const keys = new Set(visible.map(({ key }) => key));
    for (const [key, { element }] of this.#shown) {
      if (keys.has(key)) continue;
      element.remove();
      this.#shown.delete(key);
    }
    let previous: HTMLLIElement | undefined;
    for (const line of visible) previous = this.#place(line, previous);
    if (follow) scroller.scrollTop = scroller.scrollHeight;
  }

  #place(line: Line, previous: HTMLLIElement | undefined): HTMLLIElement {
    const shown = this.#shown.get(line.key);
    const element = shown?.element ?? createLine(line.role);
    if (shown?.line !== line) {
      fillLine(element, line);
      this.#shown.set(line.key, { line, element });
    }
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
  element.append(speaker, document.createElement("p"));
  return element;
}

function fillLine(element: HTMLLIElement, line: Line): void {
  const words = element.querySelector("p");
  if (!words) return;
  element.toggleAttribute("data-cut-off", wasCutOff(line));
  if (line.role === "user") {
    words.textContent = line.text;
    return;
  }
  // Words already there are left alone: a screen reader would read out again what is replaced.
  const spans = words.querySelectorAll("span");
  let before = "";
  for (const [index, segment] of line.segments.entries()) {
    const text = needsSpace(before, segment.text) ? ` ${segment.text}` : segment.text;
    const span = spans[index] ?? words.appendChild(document.createElement("span"));
    if (span.textContent !== text) span.textContent = text;
    span.dataset.status = segment.status;
    before += text;
  }
}
