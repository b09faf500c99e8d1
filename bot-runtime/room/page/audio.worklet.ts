import { PageAudio } from "../dsp/page-audio.ts";
import { type FromWorklet, PROCESSOR_NAME, type ToWorklet } from "./messages.ts";

/** `renderQuantumSize` is newer than the type definitions; 128 is what there was before it. */
const quantum = (globalThis as { renderQuantumSize?: number }).renderQuantumSize ?? 128;

/** The one node of the page: as many inputs and outputs as there are slots, a call in each. */
class PageAudioProcessor extends AudioWorkletProcessor {
  readonly #audio: PageAudio;
  #bridge: MessagePort | undefined;

  constructor(options: { numberOfInputs?: number }) {
    super();
    this.#audio = new PageAudio({
      slots: options.numberOfInputs ?? 1,
      send: (batch) => this.#bridge?.postMessage(batch),
    });
    this.port.onmessage = ({ data }: MessageEvent<ToWorklet>) => this.#obey(data);
  }

  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    this.#audio.process(inputs, outputs, quantum);
    return true;
  }

  #obey(message: ToWorklet): void {
    switch (message.type) {
      case "connect":
        this.#bridge = message.port;
        this.#bridge.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => this.#audio.receive(data);
        this.#answer({ type: "connected", quantum });
        return;
      case "open":
        this.#audio.open(message.slot, message.call, quantum);
        this.#answer({ type: "opened", slot: message.slot });
        return;
      case "capture":
        this.#audio.setCapturing(message.slot, message.on);
        return;
      case "close":
        this.#audio.close(message.slot);
        return;
    }
  }

  #answer(message: FromWorklet): void {
    this.port.postMessage(message);
  }
}

registerProcessor(PROCESSOR_NAME, PageAudioProcessor);
