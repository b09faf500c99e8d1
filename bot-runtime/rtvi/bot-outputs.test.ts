import { describe, expect, it } from "vitest";
import { BotOutputs } from "./bot-outputs.ts";
import type { BotOutput } from "./messages.ts";
import { splitSentences } from "./sentences.ts";

const PLAYED = { interrupted: false, playedMs: 0 };
const cutAt = (playedMs: number) => ({ interrupted: true, playedMs });

function short(outputs: BotOutput[] | undefined): string[] | undefined {
  return outputs?.map(({ segment_id, spoken_status, text, spoken_progress }) => {
    if (!spoken_progress) return `${segment_id} unspoken: ${text}`;
    const { accumulated_text, remaining_text } = spoken_progress;
    return spoken_status === "in-progress"
      ? `${segment_id} in-progress: ${accumulated_text}|${remaining_text}`
      : `${segment_id} ${spoken_status}: ${text}`;
  });
}

/** An answer of four seconds that is heard, whose words came before its audio: two sentences of two seconds each. */
function heardAnswer() {
  const outputs = new BotOutputs();
  outputs.text(1, "One two three four. Five six seven eight.");
  outputs.audio(1, 4_000);
  outputs.generated(1);
  outputs.ended(1, false);
  outputs.heard(1);
  return outputs;
}

describe("BotOutputs", () => {
  it("announces nothing before the bot is heard, then sentence by sentence", () => {
    const outputs = new BotOutputs();
    expect(outputs.text(1, "Hello there.")).toEqual([]);
    expect(outputs.text(1, " How are")).toEqual([]);
    expect(short(outputs.heard(1))).toEqual(["1 new: Hello there."]);
    expect(short(outputs.text(1, " you? I"))).toEqual(["2 new: How are you?"]);
  });

  it("tells the words as they are heard, and each sentence's end when it is", () => {
    const outputs = heardAnswer();
    expect(short(outputs.progress(1, 1_000))).toEqual(["1 in-progress: One two| three four."]);
    expect(outputs.progress(1, 1_050)).toEqual([]);
    expect(short(outputs.progress(1, 3_000))).toEqual([
      "1 completed: One two three four.",
      "2 in-progress: Five six| seven eight.",
    ]);
    expect(short(outputs.silent(1, PLAYED))).toEqual(["2 completed: Five six seven eight."]);
  });

  it("is never wrong about the whole text of a sentence", () => {
    const outputs = heardAnswer();
    for (let playedMs = 0; playedMs <= 4_000; playedMs += 10) {
      for (const { text, spoken_progress } of outputs.progress(1, playedMs)) {
        expect(`${spoken_progress?.accumulated_text}${spoken_progress?.remaining_text}`).toBe(text);
      }
    }
    expect(outputs.silent(1, PLAYED)).toEqual([]);
  });

  it("leaves an interrupted sentence at the last word that was heard", () => {
    const outputs = heardAnswer();
    outputs.progress(1, 1_000);
    outputs.interrupted(1);
    expect(short(outputs.silent(1, cutAt(2_600)))).toEqual([
      "1 completed: One two three four.",
      "2 in-progress: Five| six seven eight.",
    ]);
    expect(outputs.progress(1, 4_000)).toEqual([]);
  });

  it("keeps the words of an answer when the one before it begins to be heard only now", () => {
    const outputs = new BotOutputs();
    outputs.text(1, "One.");
    outputs.text(2, "Two.");
    expect(short(outputs.heard(1))).toEqual(["1 new: One."]);
    expect(short(outputs.silent(1, PLAYED))).toEqual(["1 completed: One."]);
    expect(short(outputs.heard(2))).toEqual(["2 new: Two."]);
  });

  it("completes the older of two answers that follow each other without a pause", () => {
    const outputs = new BotOutputs();
    outputs.text(1, "One. ");
    outputs.audio(1, 500);
    outputs.heard(1);
    outputs.ended(1, false);
    outputs.text(2, "Two. ");
    outputs.audio(2, 500);
    expect(short(outputs.silent(1, PLAYED))).toEqual(["1 completed: One."]);
    expect(short(outputs.heard(2))).toEqual(["2 new: Two."]);
  });

  it("waits for the voice of an answer that is over for the model before it is heard", () => {
    const outputs = new BotOutputs();
    outputs.text(1, "One. Two");
    outputs.audio(1, 500);
    outputs.generated(1);
    expect(outputs.ended(1, false)).toEqual([]);
    expect(short(outputs.heard(1))).toEqual(["1 new: One.", "2 new: Two"]);
    expect(short(outputs.silent(1, PLAYED))).toEqual(["1 completed: One.", "2 completed: Two"]);
  });

  it("completes all sentences of an answer that was played to its end", () => {
    const outputs = new BotOutputs();
    outputs.heard(1);
    outputs.text(1, "One. Two");
    expect(outputs.ended(1, false).map(({ text }) => text)).toEqual(["Two"]);
    expect(short(outputs.silent(1, PLAYED))).toEqual(["1 completed: One.", "2 completed: Two"]);
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
    expect(short(outputs.silent(1, PLAYED))).toEqual(["1 completed: You said:"]);
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

  it("leaves a cut answer cut when the word of its beginning comes late", () => {
    const outputs = new BotOutputs();
    outputs.text(1, "One. Two. ");
    outputs.audio(1, 500);
    outputs.interrupted(1);
    expect(outputs.heard(1)).toEqual([]);
    expect(outputs.silent(1, cutAt(20))).toEqual([]);
  });

  it("takes no words of an answer that was cut off, during it and after", () => {
    const outputs = new BotOutputs();
    outputs.heard(1);
    outputs.text(1, "One. Tw");
    outputs.interrupted(1);
    expect(outputs.text(1, "o. Three. ")).toBeUndefined();
    outputs.silent(1, cutAt(20));
    outputs.ended(1, true);
    expect(outputs.text(1, "Four. ")).toBeUndefined();
    expect(outputs.heard(1)).toEqual([]);
  });

  it("loses no words that come after the last sound", () => {
    const outputs = new BotOutputs();
    outputs.heard(1);
    outputs.text(1, "One. ");
    outputs.silent(1, PLAYED);
    outputs.text(1, "Two");
    expect(short(outputs.ended(1, false))).toEqual(["2 new: Two", "2 completed: Two"]);
  });

  it("goes on with an answer that had starved for long", () => {
    const outputs = new BotOutputs();
    outputs.text(1, "One. ");
    outputs.audio(1, 500);
    outputs.heard(1);
    outputs.silent(1, PLAYED);
    outputs.audio(1, 500);
    outputs.heard(1);
    expect(short(outputs.text(1, "Two. "))).toEqual(["2 new: Two."]);
    outputs.ended(1, false);
    expect(short(outputs.silent(1, PLAYED))).toEqual(["2 completed: Two."]);
  });

  it("passes words without sound on as unspoken, once it is known that none comes", () => {
    const outputs = new BotOutputs();
    expect(outputs.text(1, "One. Two")).toEqual([]);
    expect(short(outputs.ended(1, false))).toEqual(["1 unspoken: One.", "2 unspoken: Two"]);
  });

  it("passes the words of an answer that is only read on as they come", () => {
    const outputs = new BotOutputs();
    outputs.started(1, { read: true });
    outputs.audio(1, 500);
    expect(short(outputs.text(1, "One. Two"))).toEqual(["1 unspoken: One."]);
    expect(short(outputs.generated(1))).toEqual(["2 unspoken: Two"]);
    expect(outputs.ended(1, false)).toEqual([]);
    expect(outputs.underWay).toBeUndefined();
  });

  it("knows which answer is under way, from its first word to its last sound", () => {
    const outputs = new BotOutputs();
    expect(outputs.underWay).toBeUndefined();
    outputs.started(1, { read: false });
    expect(outputs.underWay).toBe(1);
    outputs.audio(1, 500);
    outputs.ended(1, false);
    expect(outputs.underWay).toBe(1);
    outputs.heard(1);
    outputs.silent(1, PLAYED);
    expect(outputs.underWay).toBeUndefined();
    outputs.started(2, { read: false });
    outputs.interrupted(2);
    expect(outputs.underWay).toBeUndefined();
  });

  it("keeps eight answers at most, were none of them ever heard", () => {
    const outputs = new BotOutputs();
    for (let generation = 1; generation <= 9; generation += 1) outputs.text(generation, "Yes.");
    expect(outputs.heard(1)).toEqual([]);
    expect(outputs.heard(2)).toHaveLength(1);
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
