import {
  EAR_PROCESSOR,
  type FromMouth,
  type HeardPiece,
  MOUTH_PROCESSOR,
  type ToMouth,
} from "./sound-messages.ts";

/** Hands over all that it hears, with its place in the context's time. A source that gives nothing is silence. */
class EarProcessor extends AudioWorkletProcessor {
  #stopped = false;

  constructor() {
    super();
    this.port.onmessage = () => {
      this.#stopped = true;
    };
  }

  process([input]: Float32Array[][]): boolean {
    const piece: HeardPiece = { frame: currentFrame, samples: input?.[0]?.slice() };
    this.port.postMessage(piece, piece.samples === undefined ? [] : [piece.samples.buffer]);
    // A processor that says true is kept for ever, whoever is connected to it.
    return !this.#stopped;
  }
}

interface Saying {
  id: number;
  samples: Float32Array;
  repeat: boolean;
  /** The sample to be said next. */
  at: number;
}

/**
 * Says what it is told to, and when it did: the page could only ask for a time, and not learn that it was too late.
 * In between it says silence, as a microphone does. With nothing at all the time of the stream would stand still, and
 * whoever receives it would wait for what never comes.
 */
class MouthProcessor extends AudioWorkletProcessor {
  #saying: Saying[] = [];

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<ToMouth>) => {
      if (data.type === "say") this.#saying.push({ ...data, at: 0 });
      else this.#saying = this.#saying.filter(({ id }) => id !== data.id);
    };
  }

  process(_inputs: Float32Array[][], [output]: Float32Array[][]): boolean {
    const [channel] = output ?? [];
    if (channel === undefined) return true;
    for (const one of this.#saying) {
      if (one.at === 0) this.#tell({ type: "began", id: one.id, frame: currentFrame });
      for (let index = 0; index < channel.length && one.at < one.samples.length; index += 1) {
        channel[index] = (channel[index] ?? 0) + (one.samples[one.at] ?? 0);
        one.at += 1;
        if (one.repeat) one.at %= one.samples.length;
      }
    }
    const isOver = ({ at, samples }: Saying) => at >= samples.length;
    for (const { id } of this.#saying.filter(isOver)) this.#tell({ type: "ended", id });
    this.#saying = this.#saying.filter((one) => !isOver(one));
    return true;
  }

  #tell(message: FromMouth): void {
    this.port.postMessage(message);
  }
}

registerProcessor(EAR_PROCESSOR, EarProcessor);
registerProcessor(MOUTH_PROCESSOR, MouthProcessor);
