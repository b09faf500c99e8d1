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
});
