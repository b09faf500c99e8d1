import { BEAT_MS, PAGE_MAIN_SILENT_MS, PAGE_SILENT_MS } from "./bridge/limits.ts";
import { Silence } from "./bridge/silence.ts";

/** Which part of a page was heard: its worker, its main thread, its audio thread. */
export type PagePart = "worker" | "main" | "audio";

/** Tells a page that lives from one that does not, by the three threads that each can hang alone. */
export class PageHealth {
  readonly #silences = {
    worker: new Silence({ afterMs: PAGE_SILENT_MS, everyMs: BEAT_MS }),
    main: new Silence({ afterMs: PAGE_MAIN_SILENT_MS, everyMs: BEAT_MS }),
    audio: new Silence({ afterMs: PAGE_SILENT_MS, everyMs: BEAT_MS }),
  };

  heard(part: PagePart): void {
    this.#silences[part].heard();
  }

  /** To be called every `BEAT_MS`; returns the part that was silent for too long. The audio thread owes nothing without a call. */
  look({ callsOpen }: { callsOpen: boolean }): PagePart | undefined {
    const parts = ["worker", "audio", "main"] as const;
    const silent = parts.filter((part) => this.#silences[part].look());
    if (!callsOpen) this.#silences.audio.heard();
    return silent.find((part) => callsOpen || part !== "audio");
  }
}
