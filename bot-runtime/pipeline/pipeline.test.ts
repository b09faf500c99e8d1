import { describe, expect, it } from "vitest";
import type { Frame } from "./frame.ts";
import { Pipeline } from "./pipeline.ts";
import type { Direction, Processor, Push } from "./processor.ts";

const FRAME: Frame = { type: "user-started-speaking" };

/** Notes what it does in a shared journal and passes everything on. */
class Noting implements Processor {
  readonly name: string;
  readonly #journal: string[];
  push: Push = () => {};

  constructor(name: string, journal: string[]) {
    this.name = name;
    this.#journal = journal;
  }

  start(push: Push): void {
    this.#journal.push(`${this.name} start`);
    this.push = push;
  }

  process(frame: Frame, direction: Direction, push: Push): void {
    this.#journal.push(`${this.name} ${direction}`);
    push(frame, direction);
  }

  stop(): void {
    this.#journal.push(`${this.name} stop`);
  }
}

function noFaults(where: string, thrown: unknown): never {
  throw new Error(where, { cause: thrown });
}

function chain(onError: (where: string, thrown: unknown) => void = noFaults) {
  const journal: string[] = [];
  const [a, b, c] = [new Noting("a", journal), new Noting("b", journal), new Noting("c", journal)];
  const observed: string[] = [];
  const pipeline = new Pipeline({
    processors: [a, b, c],
    observers: [{ onFrame: (frame, direction, from) => observed.push(`${frame.type} ${direction} ${from}`) }],
    onError,
  });
  return { journal, observed, pipeline, a, b, c };
}

describe("Pipeline", () => {
  it("starts from the last to the first and stops from the first to the last", () => {
    const { journal, pipeline } = chain();
    pipeline.start();
    pipeline.stop();
    expect(journal).toEqual(["c start", "b start", "a start", "a stop", "b stop", "c stop"]);
  });

  it("carries a frame both ways, before push returns", () => {
    const { journal, pipeline, a, c } = chain();
    pipeline.start();
    journal.length = 0;
    a.push(FRAME, "down");
    expect(journal).toEqual(["b down", "c down"]);
    journal.length = 0;
    c.push(FRAME, "up");
    expect(journal).toEqual(["b up", "a up"]);
  });

  it("shows each frame to observers once, however far it travels", () => {
    const { observed, pipeline, a, c } = chain();
    pipeline.start();
    a.push({ type: "user-started-speaking" }, "down");
    c.push({ type: "user-stopped-speaking" }, "up");
    expect(observed).toEqual(["user-started-speaking down a", "user-stopped-speaking up c"]);
  });

  it("leads nowhere before start and after stop", () => {
    const { journal, observed, pipeline, a } = chain();
    a.push(FRAME, "down");
    pipeline.start();
    pipeline.stop();
    journal.length = 0;
    a.push(FRAME, "down");
    expect(journal).toEqual([]);
    expect(observed).toEqual([]);
  });

  it("stops once, and starts once", () => {
    const { journal, pipeline } = chain();
    pipeline.start();
    expect(() => pipeline.start()).toThrow("starts once");
    pipeline.stop();
    pipeline.stop();
    expect(journal.filter((entry) => entry.endsWith("stop"))).toHaveLength(3);
  });

  it("reports a processor that throws and goes on, also through stop", () => {
    const faults: string[] = [];
    const { pipeline, journal, a, b } = chain((where, thrown) => faults.push(`${where}: ${String(thrown)}`));
    pipeline.start();
    b.process = () => {
      throw new Error("broken");
    };
    b.stop = () => {
      throw new Error("stuck");
    };
    expect(() => a.push(FRAME, "down")).not.toThrow();
    pipeline.stop();
    expect(faults).toEqual(["b: Error: broken", "b: Error: stuck"]);
    expect(journal).toContain("c stop");
  });

  it("lets an observer's fault reach neither the frame nor the other observers", () => {
    const faults: string[] = [];
    const seen: string[] = [];
    const end = new Noting("end", seen);
    const start = new Noting("start", []);
    const pipeline = new Pipeline({
      processors: [start, end],
      observers: [
        {
          onFrame: () => {
            throw new Error("blind");
          },
        },
        { onFrame: ({ type }) => seen.push(type) },
      ],
      onError: (where) => faults.push(where),
    });
    pipeline.start();
    seen.length = 0;
    start.push(FRAME, "down");
    expect(faults).toEqual(["observer"]);
    expect(seen).toEqual(["user-started-speaking", "end down"]);
  });
});
