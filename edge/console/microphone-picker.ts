const BROWSERS_CHOICE = "";

/**
 * The list of microphones, kept up to date. Browsers tell their names, and that there are several, only once the
 * microphone was allowed: before that the only choice is the browser's own.
 */
export class MicrophonePicker {
  readonly #select: HTMLSelectElement;
  readonly #devices: MediaDevices | undefined;
  #chosen = BROWSERS_CHOICE;
  /** What the browser would take: browsers list it first. */
  #browsersId: string | undefined;
  /** A choice was made by hand and taken back: the client still has it, and has to be told to change. */
  #takenBack = false;

  /** @param chosen told of a choice made by hand. Lives as long as the page. */
  constructor(select: HTMLSelectElement, chosen: (id: string) => void) {
    this.#select = select;
    // The type does not say so: a page at an address that is not secure has none.
    this.#devices = (navigator as Partial<Navigator>).mediaDevices;
    select.addEventListener("change", () => {
      this.#chosen = select.value;
      this.#takenBack = this.#chosen === BROWSERS_CHOICE;
      const id = this.chosenId;
      if (id !== undefined) chosen(id);
    });
    this.#devices?.addEventListener("devicechange", () => void this.refresh());
    this.#show([]);
    void this.refresh();
  }

  /** What was chosen by hand, as long as it is plugged in; `undefined` for the browser's choice. */
  get chosenId(): string | undefined {
    if (this.#chosen !== BROWSERS_CHOICE) return this.#chosen;
    return this.#takenBack ? this.#browsersId : undefined;
  }

  async refresh(): Promise<void> {
    const all = (await this.#devices?.enumerateDevices().catch(() => [])) ?? [];
    this.#show(
      all.filter(({ kind, deviceId, label }) => kind === "audioinput" && deviceId !== "" && label !== ""),
    );
  }

  #show(microphones: MediaDeviceInfo[]): void {
    this.#browsersId = microphones[0]?.deviceId;
    if (!microphones.some(({ deviceId }) => deviceId === this.#chosen)) this.#chosen = BROWSERS_CHOICE;
    const options = microphones.map(({ label, deviceId }) => new Option(label, deviceId));
    this.#select.replaceChildren(new Option("The browser’s choice", BROWSERS_CHOICE), ...options);
    this.#select.value = this.#chosen;
  }
}
