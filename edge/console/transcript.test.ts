import { describe, expect, it } from "vitest";
import { BotOutput } from "./messages.ts";
import { endTranscript, nextTranscript, type TranscriptEvent } from "./transcript.ts";
import {
  EMPTY_TRANSCRIPT,
  lineText,
  MAX_AHEAD_CHARS,
  MAX_LINES,
  MAX_SEGMENTS_PER_LINE,
  partialText,
  type Transcript,
  wasCutOff,
} from "./transcript-lines.ts";

const started: TranscriptEvent = { type: "user-started-speaking" };
const answer: TranscriptEvent = { type: "answer-started" };
const stopped: TranscriptEvent = { type: "bot-stopped-speaking" };
const user = (text: string): TranscriptEvent => ({ type: "user-said", text });
const llm = (text: string): TranscriptEvent => ({ type: "bot-llm-text", text });
const output = (data: object): TranscriptEvent => ({ type: "bot-output", output: BotOutput.parse(data) });
const segment = (segment_id: number, spoken_status: string, text = `S${segment_id}.`) =>
  output({ text, segment_id, spoken_status });

function resultOf(...events: TranscriptEvent[]): Transcript {
  return events.reduce(nextTranscript, EMPTY_TRANSCRIPT);
}

/** Lines as `u: text` and `a: text`, without those that still wait for their words. */
function shown({ lines }: Transcript): string[] {
  return lines
    .filter((line) => lineText(line) !== "")
    .map((line) => `${line.role === "user" ? "u" : "a"}: ${lineText(line)}`);
}

/** The words that may still change, of all lines. */
function partials(transcript: Transcript): string[] {
  return transcript.lines.map((line) => partialText(transcript, line)).filter((text) => text !== "");
}

function statuses({ lines }: Transcript) {
  return lines.flatMap((line) =>
    line.role === "assistant" ? line.segments.map(({ status }) => status) : [],
  );
}

describe("the assistant's words", () => {
  it("join the sentences of one answer with spaces, and follow what was spoken", () => {
    const transcript = resultOf(answer, segment(1, "new"), segment(2, "new"), segment(1, "in-progress"));
    expect(shown(transcript)).toEqual(["a: S1. S2."]);
    expect(statuses(transcript)).toEqual(["speaking", "pending"]);
    expect(statuses(nextTranscript(transcript, segment(1, "completed")))).toEqual(["spoken", "pending"]);
  });

  it("put no space before punctuation or where there is one", () => {
    const piece = (text: string) => output({ text, will_be_spoken: false });
    expect(shown(resultOf(piece("Well"), piece(", yes"), piece(" and"), piece("no")))).toEqual([
      "a: Well, yes and no",
    ]);
  });

  it("begin a new line for each answer", () => {
    expect(shown(resultOf(answer, segment(1, "new"), answer, segment(2, "new")))).toEqual([
      "a: S1.",
      "a: S2.",
    ]);
  });

  it("are cut off when the next answer begins before they were spoken", () => {
    const transcript = resultOf(segment(1, "new"), segment(1, "completed"), segment(2, "new"), answer);
    expect(statuses(transcript)).toEqual(["spoken", "unspoken"]);
    expect(transcript.lines.map(wasCutOff)).toEqual([true]);
    expect(statuses(nextTranscript(transcript, segment(2, "completed")))).toEqual(["spoken", "spoken"]);
  });

  it("are cut off by the end of the call", () => {
    expect(statuses(endTranscript(resultOf(segment(1, "new"))))).toEqual(["unspoken"]);
  });

  it("show progress of a segment whose beginning was missed", () => {
    expect(shown(resultOf(segment(7, "in-progress", "Hello.")))).toEqual(["a: Hello."]);
  });

  it("find a segment without an id by its text", () => {
    const named = (spoken_status: string) => output({ text: "Yes.", spoken_status });
    expect(statuses(resultOf(named("new"), named("completed")))).toEqual(["spoken"]);
  });

  it("are partial as long as the bot only thinks them, and firm once it confirms them", () => {
    const thinking = resultOf(answer, llm("S1. S"), llm("2."));
    expect([shown(thinking), partials(thinking)]).toEqual([[], ["S1. S2."]]);
    const speaking = nextTranscript(thinking, segment(1, "new"));
    expect([shown(speaking), partials(speaking)]).toEqual([["a: S1."], [" S2."]]);
    const whole = nextTranscript(speaking, segment(2, "new"));
    expect([shown(whole), partials(whole)]).toEqual([["a: S1. S2."], []]);
  });

  it("drop partial words that the confirmed ones contradict, rather than show both", () => {
    const transcript = resultOf(answer, llm("Something else."), segment(1, "new"));
    expect([shown(transcript), partials(transcript)]).toEqual([["a: S1."], []]);
  });

  it("are marked at once when they are interrupted, though every sentence so far was heard", () => {
    const transcript = resultOf(...[answer, llm("S1. S2."), segment(1, "new"), segment(1, "completed")], {
      type: "answer-interrupted",
    });
    expect(transcript.lines.map(wasCutOff)).toEqual([true]);
    expect([shown(transcript), partials(transcript)]).toEqual([["a: S1."], []]);
  });

  it("are kept and marked when a bot without bot-output is interrupted", () => {
    const transcript = resultOf(answer, llm("Well, "), llm("I"), { type: "answer-interrupted" });
    expect(shown(transcript)).toEqual(["a: Well, I"]);
    expect(transcript.lines.map(wasCutOff)).toEqual([true]);
  });

  it("come from bot-llm-text when there is no bot-output, once the utterance is over", () => {
    const speaking = resultOf(llm("Hel"), llm("lo."));
    expect(shown(speaking)).toEqual([]);
    expect(shown(nextTranscript(speaking, stopped))).toEqual(["a: Hello."]);
    expect(shown(endTranscript(speaking))).toEqual(["a: Hello."]);
  });

  it("come once when both kinds are sent", () => {
    const transcript = resultOf(llm("S1."), segment(1, "new"), llm(" S2."), segment(2, "new"), stopped);
    expect(shown(transcript)).toEqual(["a: S1. S2."]);
  });

  it("take bot-llm-text beside the bot-output of RTVI 1.x, which tells nothing about speech", () => {
    const old = output({ text: "S1.", aggregated_by: "sentence", spoken: true });
    expect(shown(resultOf(llm("S1."), old, stopped))).toEqual(["a: S1."]);
  });
});

describe("the user's words", () => {
  it("stand above the answer that came before their text", () => {
    const transcript = resultOf(started, answer, segment(1, "new"), user("How are you?"), segment(2, "new"));
    expect(shown(transcript)).toEqual(["u: How are you?", "a: S1. S2."]);
  });

  it("gather the sentences of one turn", () => {
    expect(shown(resultOf(started, user("Hello."), user(" How are you? ")))).toEqual([
      "u: Hello. How are you?",
    ]);
  });

  it("are shown without any voice detection at the bot", () => {
    const transcript = resultOf(user("One."), user("Two."), segment(1, "new"), stopped, user("Three."));
    expect(shown(transcript)).toEqual(["u: One. Two.", "a: S1.", "u: Three."]);
  });

  it("stand below the answer they interrupt and above the next", () => {
    const transcript = resultOf(
      ...[started, user("Tell me."), answer, segment(1, "new"), started, stopped],
      ...[answer, segment(2, "new"), user("Stop.")],
    );
    expect(shown(transcript)).toEqual(["u: Tell me.", "a: S1.", "u: Stop.", "a: S2."]);
  });

  it("part an answer in two when they fall into it without stopping it", () => {
    const transcript = resultOf(answer, segment(1, "new"), started, user("Mm-hm."), segment(2, "new"));
    expect(shown(transcript)).toEqual(["a: S1.", "u: Mm-hm.", "a: S2."]);
  });

  it("do not tear an answer apart when a cough has no words", () => {
    const transcript = resultOf(answer, segment(1, "new"), started, segment(2, "new"));
    expect(shown(transcript)).toEqual(["a: S1. S2."]);
  });

  it("are partial until they are final, each partial text in place of the one before", () => {
    const saying = (text: string): TranscriptEvent => ({ type: "user-saying", text });
    const first = resultOf(started, saying("How"), saying("How are"));
    expect([shown(first), partials(first)]).toEqual([[], ["How are"]]);
    const final = nextTranscript(first, user("How are you?"));
    expect([shown(final), partials(final)]).toEqual([["u: How are you?"], []]);
    const more = nextTranscript(final, saying("And"));
    expect([shown(more), partials(more)]).toEqual([["u: How are you?"], ["And"]]);
    expect(shown(endTranscript(more))).toEqual(["u: How are you? And"]);
  });

  it("stand above an answer of which nothing was heard yet", () => {
    const transcript = resultOf(answer, llm("S1."), user("Hello?"), segment(1, "new"));
    expect(shown(transcript)).toEqual(["u: Hello?", "a: S1."]);
  });

  it("lose their partial text when the final one is empty", () => {
    const transcript = resultOf(started, { type: "user-saying", text: "Hm" }, user(""));
    expect([shown(transcript), partials(transcript)]).toEqual([[], []]);
  });

  it("are nothing when they are only white space", () => {
    expect(shown(resultOf(user("  ")))).toEqual([]);
  });
});

describe("bounds", () => {
  it("drop the oldest lines and count them", () => {
    const events = Array.from({ length: MAX_LINES + 10 }, (_, i) => [
      user(`u${i}`),
      segment(i, "new"),
    ]).flat();
    const transcript = resultOf(...events);
    expect(transcript.lines).toHaveLength(MAX_LINES);
    expect(transcript.dropped).toBe(MAX_LINES + 20);
    expect(lineText(transcript.lines.at(-1) ?? { key: 0, role: "user", text: "" })).toBe(
      `S${MAX_LINES + 9}.`,
    );
  });

  it("keep no lines that never got words", () => {
    const events = Array.from({ length: 50 }, (_, i) => [started, answer, segment(i, "new")]).flat();
    expect(resultOf(...events).lines.length).toBeLessThanOrEqual(51);
  });

  it("continue a very long answer in a new line", () => {
    const events = Array.from({ length: MAX_SEGMENTS_PER_LINE + 1 }, (_, i) => segment(i, "new"));
    expect(resultOf(...events).lines).toHaveLength(2);
  });

  it("firm up partial text early rather than without end", () => {
    expect(shown(resultOf(llm("x".repeat(MAX_AHEAD_CHARS)), llm("y")))).toHaveLength(1);
  });
});
