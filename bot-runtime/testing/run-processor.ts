import type { Frame } from "../pipeline/frame.ts";
import { Pipeline } from "../pipeline/pipeline.ts";
import type { Direction, Observer, Processor, Push } from "../pipeline/processor.ts";

/** Collects what reaches an end of the chain, and can push from there. */
class End implements Processor {
  readonly name: string;
  readonly frames: Frame[] = [];
  #push: Push | undefined;

  constructor(name: string) {
    this.name = name;
  }

  start(push: Push): void {
    this.#push = push;
  }

  process(frame: Frame): void {
    this.frames.push(frame);
  }

  send(frame: Frame, direction: Direction): void {
    this.#push?.(frame, direction);
  }
}

/** One processor between two ends, running. A throwing processor fails the test. */
export function runProcessor(processor: Processor, observers: Observer[] = []) {
  const top = new End("top");
  const bottom = new End("bottom");
  const pipeline = new Pipeline({
    processors: [top, processor, bottom],
    observers,
    onError: (where, thrown) => {
      throw new Error(`${where} threw`, { cause: thrown });
    },
  });
  pipeline.start();
  return {
    /** What came out downstream, and upstream. */
    down: bottom.frames,
    up: top.frames,
    sendDown: (frame: Frame) => top.send(frame, "down"),
    sendUp: (frame: Frame) => bottom.send(frame, "up"),
    stop: () => pipeline.stop(),
  };
}

export function typesOf(frames: readonly Frame[]): Frame["type"][] {
  return frames.map(({ type }) => type);
}
