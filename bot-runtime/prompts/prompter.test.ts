import { describe, expect, it } from "vitest";
import { runProcessor } from "../testing/run-processor.ts";
import { Prompter } from "./prompter.ts";

const REQUESTS = { greeting: "a", idle: "b", goodbye: "c", "last-minute": "d", recovery: "e" };

describe("Prompter", () => {
  it("gives the model its cue in the session's language", () => {
    const prompter = new Prompter(REQUESTS);
    const { down, stop } = runProcessor(prompter);
    prompter.say("last-minute");
    stop();
    prompter.say("idle");
    expect(down).toEqual([{ type: "say", purpose: "last-minute", request: "d" }]);
  });

  it("has it say so when it is back and knows nothing of the conversation any more", () => {
    const prompter = new Prompter(REQUESTS);
    const { down, sendUp } = runProcessor(prompter, [prompter]);
    const said = () => down.flatMap((frame) => (frame.type === "say" ? [frame.purpose] : []));
    for (const status of [
      { kind: "away" },
      { kind: "cut" },
      { kind: "back", memory: "kept" },
      { kind: "back", memory: "retold" },
    ] as const) {
      sendUp({ type: "assistant-status", status });
    }
    expect(said()).toEqual([]);
    sendUp({ type: "assistant-status", status: { kind: "back", memory: "lost" } });
    expect(said()).toEqual(["recovery"]);
  });
});
