/** Small pictures, made element by element: the page's policy allows no markup of a program's making to run. */

const NAMESPACE = "http://www.w3.org/2000/svg";

type Attributes = Readonly<Record<string, string | number>>;

export function svg(
  name: string,
  attributes: Attributes = {},
  ...children: (Element | string)[]
): SVGElement {
  const element = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

/** Narrowest width that a picture is drawn for, in CSS pixels: that of the smallest phones. */
const MIN_WIDTH = 220;

/**
 * Draws a picture as wide as its container, and again when that changes: one that was stretched would have letters
 * of any size. Lives as long as the page.
 */
export class FittedPicture {
  readonly element = document.createElement("div");
  #draw: ((width: number) => Element) | undefined;
  #width = 0;

  constructor() {
    new ResizeObserver(() => {
      if (Math.round(this.element.clientWidth) !== this.#width) this.#render();
    }).observe(this.element);
  }

  /** @param draw makes the picture for a width in CSS pixels. */
  show(draw: (width: number) => Element): void {
    this.#draw = draw;
    this.#render();
  }

  #render(): void {
    this.#width = Math.round(this.element.clientWidth);
    if (this.#draw) this.element.replaceChildren(this.#draw(Math.max(MIN_WIDTH, this.#width)));
  }
}

/** A picture that a screen reader reads as one sentence; the numbers stand in a table beside it. */
export function picture(
  size: { width: number; height: number },
  label: string,
  children: SVGElement[],
): SVGElement {
  const { width, height } = size;
  return svg(
    "svg",
    { class: "plot", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label },
    ...children,
  );
}

/** The next round number at or above, for the end of an axis: 1, 2 or 5 times a power of ten. */
export function roundUp(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((step) => step * power >= value) ?? 10) * power;
}
