import { PAGE_SAMPLE_RATE } from "../bridge/limits.ts";
import { type FromWorklet, PROCESSOR_NAME, type ToWorklet } from "./messages.ts";

/** 10 ms, which WebRTC works in: fewer wake-ups and less delay than the standard 128 samples. */
const RENDER_QUANTUM = 480;

/** What the type definitions lack; older browsers ignore it. */
interface NewerContextOptions extends AudioContextOptions {
  renderSizeHint?: number | "default" | "hardware";
}

/**
 * The page's one AudioContext and its one worklet node. One context, since contexts of different rates in one
 * page make the sender bursty and the far end's jitter buffer grow.
 *
 * Its clock is that of the sound card, which Chromium makes up where there is none: that thread runs with real-time
 * priority where it may. The one of a context without an output (`sinkId: none`) does not, and what it is late for
 * it leaves out: time in all calls of the page then stands still for 10 to 50 ms, and both ends hear each other
 * that much later from then on.
 *
 * It runs only while there are calls. Chromium keeps every node that was made of a stream, or into one, for as long
 * as its context runs, whoever has let go of it (crbug.com/937231): each call would leave two nodes behind for ever,
 * with their streams and tracks. Nor does silence cost anything then.
 */
export class AudioGraph {
  readonly context: AudioContext;
  readonly quantum: number;
  readonly #node: AudioWorkletNode;
  readonly #opening = new Map<number, () => void>();
  /** Slots with a call. */
  readonly #taken = new Set<number>();

  static async start({ slots, bridge }: { slots: number; bridge: MessagePort }): Promise<AudioGraph> {
    const options: NewerContextOptions = {
      sampleRate: PAGE_SAMPLE_RATE,
      latencyHint: "interactive",
      renderSizeHint: RENDER_QUANTUM,
    };
    const context = new AudioContext(options);
    await context.audioWorklet.addModule("audio.worklet.js");
    const node = new AudioWorkletNode(context, PROCESSOR_NAME, {
      numberOfInputs: slots,
      numberOfOutputs: slots,
      outputChannelCount: Array.from({ length: slots }, () => 1),
      channelCount: 1,
      channelCountMode: "explicit",
      channelInterpretation: "speakers",
    });
    await context.resume();
    const quantum = await new Promise<number>((resolve) => {
      node.port.onmessage = ({ data }: MessageEvent<FromWorklet>) => {
        if (data.type === "connected") resolve(data.quantum);
      };
      post(node, { type: "connect", port: bridge }, [bridge]);
    });
    await context.suspend();
    return new AudioGraph(context, node, quantum);
  }

  private constructor(context: AudioContext, node: AudioWorkletNode, quantum: number) {
    this.context = context;
    this.quantum = quantum;
    this.#node = node;
    node.port.onmessage = ({ data }: MessageEvent<FromWorklet>) => {
      if (data.type !== "opened") return;
      this.#opening.get(data.slot)?.();
      this.#opening.delete(data.slot);
    };
  }

  /** Takes a slot for a call; resolves when the audio thread knows of it. What it plays goes to `output`. */
  async open(slot: number, call: number, output: AudioNode): Promise<void> {
    this.#node.connect(output, slot);
    this.#taken.add(slot);
    const opened = new Promise<void>((resolve) => {
      this.#opening.set(slot, resolve);
      post(this.#node, { type: "open", slot, call });
    });
    await Promise.all([opened, this.context.resume()]);
  }

  /** From now on the slot makes frames of its input, or of silence where there is none. */
  setCapturing(slot: number, on: boolean): void {
    post(this.#node, { type: "capture", slot, on });
  }

  /** Adds a source to what the slot hears. The caller disconnects the source. */
  feed(slot: number, source: AudioNode): void {
    source.connect(this.#node, 0, slot);
  }

  /** Gives a slot back. One that the audio thread has not answered for is safe to give back, too. */
  close(slot: number, output: AudioNode): void {
    if (!this.#taken.delete(slot)) return;
    this.#opening.delete(slot);
    post(this.#node, { type: "close", slot });
    this.#node.disconnect(output, slot);
    // A context that cannot be suspended is closed, and then there is nothing to save.
    if (this.#taken.size === 0) this.context.suspend().catch(() => undefined);
  }
}

function post(node: AudioWorkletNode, message: ToWorklet, transfer: Transferable[] = []): void {
  node.port.postMessage(message, transfer);
}
