export interface NumberTable {
  caption: string;
  /** The first column is a name, the others are numbers. */
  head: readonly string[];
  rows: readonly (readonly string[])[];
}

/** The same as a picture, in numbers, for whoever cannot see it or wants to copy them. Opened by hand. */
export class NumberTableView {
  readonly element = document.createElement("details");
  readonly #table = document.createElement("table");
  #shown: NumberTable | undefined;

  constructor(label: string) {
    const summary = document.createElement("summary");
    summary.textContent = label;
    const scroller = document.createElement("div");
    scroller.className = "scrolling";
    scroller.append(this.#table);
    this.element.className = "as-table";
    this.element.append(summary, scroller);
    this.element.addEventListener("toggle", () => this.#draw());
  }

  render(table: NumberTable): void {
    this.#shown = table;
    this.#draw();
  }

  /** Nothing is made as long as nobody looks. */
  #draw(): void {
    if (!this.element.open || !this.#shown) return;
    const { caption, head, rows } = this.#shown;
    const title = this.#table.createCaption();
    title.className = "unseen";
    title.textContent = caption;
    this.#table.replaceChildren(title);
    const headRow = this.#table.createTHead().insertRow();
    for (const [index, text] of head.entries()) headRow.append(cell("th", text, index, "col"));
    const body = this.#table.createTBody();
    for (const row of rows) {
      const line = body.insertRow();
      for (const [index, text] of row.entries()) {
        line.append(index === 0 ? cell("th", text, index, "row") : cell("td", text, index));
      }
    }
  }
}

function cell(kind: "th" | "td", text: string, index: number, scope?: "col" | "row"): HTMLTableCellElement {
  const element = document.createElement(kind);
  element.textContent = text;
  if (index > 0) element.className = "number";
  if (scope) element.scope = scope;
  return element;
}
