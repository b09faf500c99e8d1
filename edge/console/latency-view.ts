import { NumberTableView } from "./number-table.ts";
import { FittedPicture, picture, roundUp, svg } from "./svg.ts";
import { MAX_TURNS, medianLatencyMs, type Turn, type Turns } from "./turns.ts";
import { shortMs } from "./words.ts";

/** In CSS pixels. */
const HEIGHT = 150;
const LEFT = 56;
const TOP = 10;
const BOTTOM = 20;
/** Between two bars, as a part of their place. */
const GAP = 0.3;
/** The widest a bar gets while there are few. */
const MAX_PLACE = 40;

/** Draws the newest turns as bars, with their median, and the bot's own measure as a line across each bar. */
export class LatencyView {
  readonly #container: HTMLElement;
  readonly #summary = document.createElement("p");
  readonly #picture = new FittedPicture();
  readonly #legend = legend();
  readonly #table = new NumberTableView("Latency in numbers");
  #shown: Turns["done"] | undefined;

  constructor(container: HTMLElement) {
    this.#container = container;
    container.append(this.#summary, this.#picture.element, this.#legend, this.#table.element);
  }

  /** @returns whether there is anything to see. */
  render(turns: Turns): boolean {
    if (this.#shown === turns.done) return turns.done.length > 0;
    this.#shown = turns.done;
    const medianMs = medianLatencyMs(turns);
    this.#container.hidden = medianMs === undefined;
    if (medianMs === undefined) return false;
    const last = turns.done.at(-1);
    this.#summary.textContent = `Median ${shortMs(medianMs)}, last ${shortMs(last?.latencyMs ?? 0)}`;
    this.#picture.show((width) => draw(turns.done, { medianMs, width }));
    this.#table.render({
      caption: "Wait for each answer, in milliseconds, the newest last",
      head: ["Turn", "Until the answer was heard", "Gemini’s first audio"],
      rows: turns.done.map(({ number, latencyMs, ttfbMs }) => [
        String(number),
        ms(latencyMs),
        ttfbMs === undefined ? "–" : ms(ttfbMs),
      ]),
    });
    return true;
  }
}

function draw(
  turns: readonly Turn[],
  { medianMs, width: pictureWidth }: { medianMs: number; width: number },
): SVGElement {
  const axisMs = roundUp(Math.max(...turns.flatMap(({ latencyMs, ttfbMs = 0 }) => [latencyMs, ttfbMs])));
  const plot = HEIGHT - TOP - BOTTOM;
  const y = (value: number) => TOP + plot * (1 - value / axisMs);
  const place = Math.min(MAX_PLACE, (pictureWidth - LEFT) / Math.min(MAX_TURNS, turns.length));
  const ticks = [0, 0.5, 1].flatMap((part) => [
    svg("line", { class: "grid", x1: LEFT, x2: pictureWidth, y1: y(part * axisMs), y2: y(part * axisMs) }),
    svg(
      "text",
      { class: "tick", x: LEFT - 6, y: y(part * axisMs) + 4, "text-anchor": "end" },
      shortMs(part * axisMs),
    ),
  ]);
  const bars = turns.flatMap(({ number, latencyMs, ttfbMs }, index) => {
    const x = LEFT + index * place;
    const width = place * (1 - GAP);
    const bar = svg("rect", {
      class: "bar",
      ...{ x, y: y(latencyMs), width, height: Math.max(1, y(0) - y(latencyMs)), rx: 2 },
    });
    const measured =
      ttfbMs === undefined
        ? []
        : [svg("line", { class: "ttfb", x1: x - 2, x2: x + width + 2, y1: y(ttfbMs), y2: y(ttfbMs) })];
    const isNamed = turns.length <= 10 || index === 0 || index === turns.length - 1;
    const name = isNamed
      ? [
          svg(
            "text",
            { class: "tick", x: x + width / 2, y: HEIGHT - 5, "text-anchor": "middle" },
            String(number),
          ),
        ]
      : [];
    return [bar, ...measured, ...name];
  });
  const median = svg("line", {
    class: "median",
    x1: LEFT,
    x2: pictureWidth,
    y1: y(medianMs),
    y2: y(medianMs),
  });
  const label = `Wait for the last ${turns.length} answers: median ${shortMs(medianMs)}.`;
  return picture({ width: pictureWidth, height: HEIGHT }, label, [...ticks, ...bars, median]);
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}

function legend(): HTMLElement {
  const element = document.createElement("p");
  element.className = "legend quiet";
  for (const [kind, text] of [
    ["latency", "end of your speech to first sound"],
    ["ttfb", "Gemini’s first audio"],
    ["median", "median"],
  ] as const) {
    const item = document.createElement("span");
    const key = document.createElement("span");
    key.className = `key ${kind}`;
    item.append(key, text);
    element.append(item);
  }
  return element;
}
