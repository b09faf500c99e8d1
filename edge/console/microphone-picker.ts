const BROWSERS_CHOICE = "";

/**
 * The list of microphones, kept up to date. Browsers tell their names, and that there are several, only once the
 * microphone was allowed: before that the only choice is the browser's own.
 */
export class MicrophonePicker {
  readonly #select: HTMLSelectElement;
  readonly #devices: MediaDevices | undefined;
  #chosen = BROWSERS_CHOICE;

  /** @param chosen told of a choice made by hand. Lives as long as the page. */
  constructor(select: HTMLSelectElement, chosen: (id: string) => void) {
    this.#select = select;
    // The type does not say so: a page at an address that is not secure has none.
    this.#devices = (navigator as Partial<Navigator>).mediaDevices;
    select.addEventListener("change", () => {
      this.#chosen = select.value;
      if (this.#chosen !== BROWSERS_CHOICE) chosen(this.#chosen);
    });
    this.#devices?.addEventListener("devicechange", () => void this.refresh());
    this.#show([]);
    void this.refresh();
  }

  /** What was chosen by hand, as long as it is plugged in. */
  get chosenId(): string | undefined {
    return this.#chosen === BROWSERS_CHOICE ? undefined : this.#chosen;
  }

  async refresh(): Promise<void> {
    const all = (await this.#devices?.enumerateDevices().catch(() => [])) ?? [];
    this.#show(
      all.filter(({ kind, deviceId, label }) => kind === "audioinput" && deviceId !== "" && label !== ""),
    );
  }

  #show(microphones: MediaDeviceInfo[]): void {
    if (!microphones.some(({ deviceId }) => deviceId === this.#chosen)) this.#chosen = BROWSERS_CHOICE;
    const options = microphones.map(({ label, deviceId }) => new Option(label, deviceId));
    this.#select.replaceChildren(new Option("The browser’s choice", BROWSERS_CHOICE), ...options);
    this.#select.value = this.#chosen;
  }
}
