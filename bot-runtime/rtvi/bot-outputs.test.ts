import { describe, expect, it } from "vitest";
import { BotOutputs } from "./bot-outputs.ts";
import type { BotOutput } from "./messages.ts";
import { splitSentences } from "./sentences.ts";

function short(outputs: BotOutput[]): string[] {
  return outputs.map(({ segment_id, spoken_status, text, will_be_spoken }) =>
    will_be_spoken ? `${segment_id} ${spoken_status}: ${text}` : `${segment_id} unspoken: ${text}`,
  );
}

describe("BotOutputs", () => {
  it("announces nothing before the bot is heard, then sentence by sentence", () => {
    const outputs = new BotOutputs();
    expect(outputs.text(1, "Hello there.")).toEqual([]);
    expect(outputs.text(1, " How are")).toEqual([]);
    expect(short(outputs.heard(1))).toEqual(["1 new: Hello there."]);
    expect(short(outputs.text(1, " you? I"))).toEqual(["2 new: How are you?"]);
  });

  it("keeps the words of an answer when the one before it begins to be heard only now", () => {
    const outputs = new BotOutputs();
    outputs.text(1, "One.");
    outputs.text(2, "Two.");
    expect(outputs.heard(1)).toEqual([]);
    expect(outputs.silent(1, false)).toEqual([]);
    expect(short(outputs.heard(2))).toEqual(["1 new: Two."]);
  });

  it("completes all sentences of an answer that was played to its end", () => {
    const outputs = new BotOutputs();
    outputs.heard(1);
    outputs.text(1, "One. Two");
    expect(outputs.ended(1, false).map(({ text }) => text)).toEqual(["Two"]);
    expect(short(outputs.silent(1, false))).toEqual(["1 completed: One.", "2 completed: Two"]);
  });

  it("announces the last sentence when it is spoken, not when the answer ends", () => {
    const outputs = new BotOutputs();
    outputs.heard(1);
    outputs.text(1, "One.");
    expect(short(outputs.text(1, " Two."))).toEqual(["2 new: Two."]);
    expect(outputs.ended(1, false)).toEqual([]);
  });

  it("announces last words without punctuation when the answer is made, not when it has been played", () => {
    const outputs = new BotOutputs();
    outputs.heard(1);
    expect(outputs.text(1, "You")).toEqual([]);
    expect(outputs.text(1, " said:")).toEqual([]);
    expect(short(outputs.generated(1))).toEqual(["1 new: You said:"]);
    expect(outputs.generated(1)).toEqual([]);
    expect(outputs.ended(1, false)).toEqual([]);
    expect(short(outputs.silent(1, false))).toEqual(["1 completed: You said:"]);
  });

  it("does not split words by words what comes after the answer was made", () => {
    const outputs = new BotOutputs();
    outputs.heard(1);
    outputs.text(1, "You");
    outputs.generated(1);
    expect(outputs.text(1, " said")).toEqual([]);
    expect(outputs.text(1, " this")).toEqual([]);
    expect(short(outputs.ended(1, false))).toEqual(["2 new: said this"]);
  });

  it("keeps the words of an answer that was made before it is heard", () => {
    const outputs = new BotOutputs();
    outputs.text(1, "You said:");
    expect(outputs.generated(1)).toEqual([]);
    expect(short(outputs.heard(1))).toEqual(["1 new: You said:"]);
  });

  it("leaves a cut answer cut when the word of its beginning comes late", () => {
    const outputs = new BotOutputs();
    outputs.text(1, "One. Two. ");
    outputs.ended(1, true);
    expect(outputs.heard(1)).toEqual([]);
  });

  it("carries the whole text through new and completed", () => {
    const outputs = new BotOutputs();
    outputs.heard(1);
    const [announced] = outputs.text(1, "One. ");
    expect(announced).toEqual({
      text: "One.",
      aggregated_by: "sentence",
      segment_id: 1,
      will_be_spoken: true,
      spoken_status: "new",
      spoken_progress: { accumulated_text: "", remaining_text: "One." },
    });
    const [completed] = outputs.silent(1, false);
    expect(completed?.spoken_progress).toEqual({ accumulated_text: "One.", remaining_text: "" });
  });

  it("loses no words that come after the last sound", () => {
    const outputs = new BotOutputs();
    outputs.heard(1);
    outputs.text(1, "One. ");
    outputs.silent(1, false);
    outputs.text(1, "Two");
    expect(short(outputs.ended(1, false))).toEqual(["2 new: Two", "2 completed: Two"]);
  });

  it("leaves the sentences of an interrupted answer new, and out what was not announced", () => {
    const outputs = new BotOutputs();
    outputs.heard(1);
    outputs.text(1, "One. Tw");
    expect(outputs.silent(1, true)).toEqual([]);
    expect(outputs.text(1, "o. Three. ")).toEqual([]);
    expect(outputs.ended(1, true)).toEqual([]);
  });

  it("passes words without sound on as unspoken", () => {
    const outputs = new BotOutputs();
    outputs.text(1, "One. Two");
    expect(short(outputs.ended(1, false))).toEqual(["1 unspoken: One.", "2 unspoken: Two"]);
  });

  it("numbers segments through all answers", () => {
    const outputs = new BotOutputs();
    outputs.heard(1);
    outputs.text(1, "One. ");
    outputs.heard(2);
    expect(short(outputs.text(2, "Two. "))).toEqual(["2 new: Two."]);
    expect(outputs.silent(1, false)).toEqual([]);
  });
});

describe("splitSentences", () => {
  it.each([
    ["", [], ""],
    ["Hello", [], "Hello"],
    ["Hello.", ["Hello."], ""],
    ["It is 3.", [], "It is 3."],
    ["He said “yes.”", ["He said “yes.”"], ""],
    ["Hello. Wor", ["Hello."], "Wor"],
    ["It is 3.5 metres. Yes", ["It is 3.5 metres."], "Yes"],
    ["Really?! “No.” Well", ["Really?!", "“No.”"], "Well"],
  ])("%j", (text, sentences, rest) => {
    expect(splitSentences(text)).toEqual({ sentences, rest });
  });
});
