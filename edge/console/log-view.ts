import { type EventLog, jsonLines, LOG_KINDS, type LogEntry, type LogFilter } from "./event-log.ts";

export interface LogElements {
  details: HTMLDetailsElement;
  count: HTMLElement;
  kind: HTMLSelectElement;
  text: HTMLInputElement;
  copy: HTMLButtonElement;
  clear: HTMLButtonElement;
  said: HTMLElement;
  entries: HTMLElement;
}

/** A reader who has scrolled up further than this is reading, and is not pulled back to the end. */
const FOLLOW_WITHIN_PX = 48;

/** Shows the log as long as it is open, at most once a frame, and touches only what is new. */
export class LogView {
  readonly #log: EventLog;
  readonly #elements: LogElements;
  readonly #list = document.createElement("ol");
  /** The filter of what is shown, so that another one is seen as such. */
  #shownFilter = "";
  #frame: number | undefined;

  constructor(log: EventLog, elements: LogElements) {
    this.#log = log;
    this.#elements = elements;
    const { details, kind, text, copy, clear, entries } = elements;
    entries.append(this.#list);
    kind.append(new Option("All", ""), ...LOG_KINDS.map((name) => new Option(name, name)));
    for (const element of [kind, text]) element.addEventListener("input", () => this.changed());
    details.addEventListener("toggle", () => this.changed());
    copy.addEventListener("click", () => void this.#copy());
    clear.addEventListener("click", () => {
      log.clear();
      this.#say("The log is empty.");
    });
  }

  /** Cheap, for every entry. */
  changed(): void {
    if (!this.#elements.details.open || this.#frame !== undefined) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = undefined;
      this.#draw();
    });
  }

  get #filter(): LogFilter {
    const { kind, text } = this.#elements;
    const chosen = LOG_KINDS.find((name) => name === kind.value);
    return { text: text.value, ...(chosen && { kind: chosen }) };
  }

  #draw(): void {
    const { entries, count } = this.#elements;
    const filter = this.#filter;
    const wanted = this.#log.matching(filter);
    const signature = JSON.stringify(filter);
    if (signature !== this.#shownFilter) this.#list.replaceChildren();
    this.#shownFilter = signature;

    const follow = entries.scrollHeight - entries.scrollTop - entries.clientHeight < FOLLOW_WITHIN_PX;
    const first = wanted[0]?.seq ?? Number.POSITIVE_INFINITY;
    while (seqOf(this.#list.firstElementChild) < first) this.#list.firstElementChild?.remove();
    const last = seqOf(this.#list.lastElementChild, 0);
    this.#list.append(...wanted.filter(({ seq }) => seq > last).map(row));
    if (follow) entries.scrollTop = entries.scrollHeight;

    const dropped = this.#log.dropped === 0 ? "" : `, ${this.#log.dropped} older ones dropped`;
    count.textContent = `${wanted.length} of ${this.#log.count}${dropped}`;
  }

  async #copy(): Promise<void> {
    const entries = this.#log.matching(this.#filter);
    try {
      await navigator.clipboard.writeText(jsonLines(entries));
      this.#say(`Copied ${entries.length} ${entries.length === 1 ? "line" : "lines"}.`);
    } catch {
      this.#say("The browser does not let this page copy. Select the lines and copy them by hand.");
    }
  }

  #say(text: string): void {
    this.#elements.said.textContent = text;
  }
}

/** @param none what an element that is not there counts as. */
function seqOf(element: Element | null, none = Number.POSITIVE_INFINITY): number {
  return element instanceof HTMLElement ? Number(element.dataset.seq) : none;
}

function row({ seq, at, kind, name, data }: LogEntry): HTMLLIElement {
  const element = document.createElement("li");
  element.dataset.seq = String(seq);
  const iso = new Date(at).toISOString();
  const time = document.createElement("time");
  time.dateTime = iso;
  time.textContent = iso.slice(11, 23);
  const kindElement = document.createElement("span");
  kindElement.className = "kind";
  kindElement.textContent = kind;
  const nameElement = document.createElement("span");
  nameElement.className = "name";
  nameElement.textContent = name;
  element.append(time, " ", kindElement, " ", nameElement, data === "" ? "" : ` ${data}`);
  return element;
}
