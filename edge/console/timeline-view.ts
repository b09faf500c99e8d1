import { type CallRecord, type TimelineRow, timelineRows } from "./call-record.ts";
import { NumberTableView } from "./number-table.ts";
import { FittedPicture, picture, roundUp, svg } from "./svg.ts";
import { shortMs } from "./words.ts";

/** In CSS pixels. */
const ROW = 20;
const LABELS = 122;
const VALUES = 58;
const AXIS = 22;
const BAR = 10;
/** Narrower, three labels of the axis run into each other: on the smallest phones. */
const ROOM_FOR_THREE_TICKS = 130;

/**
 * The steps of a start follow each other closely; the first word may wait for the caller, and the end for minutes.
 * What comes later than this many times the step before it is drawn at the edge, so that the others can be told apart.
 */
const OFF_SCALE = 3;
/** Before this a step is part of the start, however long it took. */
const START_MS = 300;

/** Draws the steps of a call under each other, each from the end of the one before it on the same side. */
export class TimelineView {
  readonly #container: HTMLElement;
  readonly #picture = new FittedPicture();
  readonly #table = new NumberTableView("Timeline in numbers");
  #shown: Pick<CallRecord, "moments" | "marks"> | undefined;

  constructor(container: HTMLElement) {
    this.#container = container;
    container.append(this.#picture.element, legend(), clocksNote(), this.#table.element);
  }

  /** @returns whether there is anything to see. */
  render(record: CallRecord): boolean {
    const { moments, marks } = record;
    if (this.#shown?.moments === moments && this.#shown.marks === marks) return !this.#container.hidden;
    this.#shown = { moments, marks };
    const rows = timelineRows(record);
    this.#container.hidden = rows.length === 0;
    if (rows.length === 0) return false;
    this.#picture.show((width) => draw(rows, width));
    this.#table.render({
      caption: "Moments of the call, in milliseconds since Connect was pressed",
      head: ["Moment", "Side", "At", "Took"],
      rows: rows.map(({ label, side, atMs, tookMs }) => [label, SIDES[side], ms(atMs), ms(tookMs)]),
    });
    return true;
  }
}

const SIDES: Record<TimelineRow["side"], string> = { service: "service", page: "page" };

function draw(rows: TimelineRow[], width: number): SVGElement {
  const height = AXIS + rows.length * ROW;
  const plot = width - LABELS - VALUES;
  const axisMs = roundUp(lastOnScaleMs(rows));
  const x = (atMs: number) => LABELS + (Math.min(atMs, axisMs) / axisMs) * plot;

  const ticks = (plot < ROOM_FOR_THREE_TICKS ? [0, 1] : [0, 0.5, 1]).flatMap((part) => [
    svg("line", { class: "grid", x1: x(part * axisMs), x2: x(part * axisMs), y1: AXIS - 4, y2: height }),
    svg(
      "text",
      {
        class: "tick",
        x: x(part * axisMs),
        y: 12,
        "text-anchor": part === 0 ? "start" : part === 1 ? "end" : "middle",
      },
      shortMs(part * axisMs),
    ),
  ]);
  const bars = rows.flatMap((row, index) => {
    const y = AXIS + index * ROW;
    const from = x(Math.max(0, row.atMs - row.tookMs));
    const to = x(row.atMs);
    const off = row.atMs > axisMs;
    return [
      svg("text", { x: 0, y: y + 14 }, row.label),
      svg("rect", {
        class: `bar ${row.side}`,
        x: Math.min(from, to - 3),
        y: y + (ROW - BAR) / 2,
        width: Math.max(3, to - from),
        height: BAR,
        rx: 2,
      }),
      svg(
        "text",
        { class: "note", x: width, y: y + 14, "text-anchor": "end" },
        `${off ? "→ " : ""}${shortMs(row.atMs)}`,
      ),
    ];
  });
  return picture({ width, height }, describe(rows), [...ticks, ...bars]);
}

function lastOnScaleMs(rows: TimelineRow[]): number {
  let lastMs = 0;
  for (const { atMs } of rows) {
    if (lastMs >= START_MS && atMs > lastMs * OFF_SCALE) break;
    lastMs = atMs;
  }
  return lastMs;
}

function describe(rows: TimelineRow[]): string {
  const steps = rows.map(({ label, atMs }) => `${label} at ${shortMs(atMs)}`).join(", ");
  return `Since Connect was pressed: ${steps}.`;
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}

function legend(): HTMLElement {
  const element = document.createElement("p");
  element.className = "legend quiet";
  for (const [side, text] of [
    ["service", "what the service did"],
    ["page", "what this page saw"],
  ] as const) {
    const item = document.createElement("span");
    const key = document.createElement("span");
    key.className = `key ${side}`;
    item.append(key, text);
    element.append(item);
  }
  return element;
}

function clocksNote(): HTMLElement {
  const element = document.createElement("p");
  element.className = "quiet";
  element.textContent =
    "Each side has a clock of its own, and they are aligned by estimate: steps of different sides that lie close together may have happened the other way round.";
  return element;
}
