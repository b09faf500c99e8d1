import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Conversation } from "../../bot-runtime/context/conversation.ts";
import { UserContext } from "../../bot-runtime/context/user-context.ts";
import type { Frame } from "../../bot-runtime/pipeline/frame.ts";
import { Pipeline } from "../../bot-runtime/pipeline/pipeline.ts";
import type { Processor, Push } from "../../bot-runtime/pipeline/processor.ts";
import { Farewell } from "./farewell.ts";

/** The model's place in the chain: what the user said is heard from there. */
class Hearing implements Processor {
  readonly name = "Hearing";
  #push: Push | undefined;

  start(push: Push): void {
    this.#push = push;
  }

  process(): void {}

  said(text: string): void {
    this.#push?.({ type: "user-text", text, finished: true }, "up");
  }
}

/** As the guide has it: before the context, which makes words of the user's into sentences. */
function setUp() {
  const frames: Frame[] = [];
  const hearing = new Hearing();
  const pipeline = new Pipeline({
    processors: [new Farewell(), new UserContext(new Conversation(() => {})), hearing],
    observers: [{ onFrame: (frame) => frames.push(frame) }],
    onError: (where, thrown) => {
      throw new Error(where, { cause: thrown });
    },
  });
  pipeline.start();
  const ends = () => frames.filter(({ type }) => type === "end-requested");
  return { hearing, ends, pipeline };
}

describe("the processor of docs/processors.md", () => {
  it("is there as it is here", async () => {
    const guide = await readFile(join(import.meta.dirname, "../../docs/processors.md"), "utf8");
    const source = await readFile(join(import.meta.dirname, "farewell.ts"), "utf8");
    expect(guide).toContain(`\`\`\`ts\n${source.replaceAll("../../bot-runtime/", "./")}\`\`\``);
  });

  it("ends the call at a goodbye, and at nothing else", () => {
    const { hearing, ends, pipeline } = setUp();
    hearing.said("Is this Bydgoszcz?");
    expect(ends()).toEqual([]);
    hearing.said("Thank you, goodbye!");
    expect(ends()).toEqual([{ type: "end-requested", reason: "stopped", graceful: true }]);
    pipeline.stop();
  });
});
