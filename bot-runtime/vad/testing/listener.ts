import type { OpenSpeechModel, SpeechModel, SpeechWindow } from "../speech-model.ts";

/** Somebody who opens a model, and writes down what it tells. */
export class Listener {
  readonly model: SpeechModel;
  readonly windows: Omit<SpeechWindow, "samples">[] = [];
  /** Of all changes, the newest last. */
  readonly availability: boolean[] = [];
  /** Called after each window. */
  onWindow: () => void = () => {};

  constructor(open: OpenSpeechModel) {
    this.model = open({
      heard: ({ probability, endsAtMs }) => {
        this.windows.push({ probability, endsAtMs });
        this.onWindow();
      },
      available: (isAvailable) => this.availability.push(isAvailable),
    });
  }

  get isAvailable(): boolean {
    return this.availability.at(-1) ?? false;
  }

  get probabilities(): number[] {
    return this.windows.map(({ probability }) => probability);
  }

  /** Resolves when it has been told so many windows in all. */
  until(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.onWindow = () => {
        if (this.windows.length >= count) resolve();
      };
      this.onWindow();
    });
  }
}
