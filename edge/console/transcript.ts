import type { BotOutput } from "./messages.ts";

/**
 * What was said, in the order in which it was said. What arrives is not in that order: the text of the user's
 * speech often comes after the assistant has begun to answer, and the assistant's text runs ahead of its sound.
 */
export interface Transcript {
  readonly lines: readonly Line[];
  readonly nextKey: number;
  /** Line that waits for (more of) the user's words. */
  readonly openUser?: number;
  /** Line of the answer that is being given. */
  readonly openAssistant?: number;
  readonly assistantText: AssistantText;
  /** Lines that had to go because of `MAX_LINES`. */
  readonly dropped: number;
}

export type Line =
  | { readonly key: number; readonly role: "user"; readonly text: string }
  | { readonly key: number; readonly role: "assistant"; readonly segments: readonly Segment[] };

/** A piece of an answer, usually a sentence. `unspoken`: cut off before its end was heard. */
export interface Segment {
  readonly id: number | undefined;
  readonly text: string;
  readonly status: "pending" | "speaking" | "spoken" | "unspoken";
}

/**
 * Where the assistant's text is taken from. Every bot sends `bot-llm-text`; those that tell what was really spoken
 * send `bot-output` too. The first is held back until the end of an utterance shows that the second does not come.
 */
type AssistantText = { readonly from: "unknown"; readonly held: string } | { readonly from: "output" };

export type TranscriptEvent =
  | { type: "user-started-speaking" }
  | { type: "user-said"; text: string }
  | { type: "answer-started" }
  | { type: "bot-output"; output: BotOutput }
  | { type: "bot-llm-text"; text: string }
  | { type: "bot-stopped-speaking" };

/** An hour of quick exchange is some 300 lines. Past it the oldest go, and the page says so. */
export const MAX_LINES = 500;
/** A longer answer is continued in a new line, so that none costs more and more to draw. */
export const MAX_SEGMENTS_PER_LINE = 100;
/** Characters of `bot-llm-text` held back: several minutes of speech. */
export const MAX_HELD_CHARS = 8_000;

export const EMPTY_TRANSCRIPT: Transcript = {
  lines: [],
  nextKey: 1,
  assistantText: { from: "unknown", held: "" },
  dropped: 0,
};

export function nextTranscript(transcript: Transcript, event: TranscriptEvent): Transcript {
  switch (event.type) {
    case "user-started-speaking":
      return reserveUserLine(transcript);
    case "user-said":
      return addUserText(transcript, event.text);
    case "answer-started":
      return closeAnswer(transcript);
    case "bot-output":
      return addOutput(transcript, event.output);
    case "bot-llm-text":
      return hold(transcript, event.text);
    case "bot-stopped-speaking":
      return closeUserLine(showHeld(transcript));
  }
}

/** The call is over: what is still waiting to be spoken never will be. */
export function endTranscript(transcript: Transcript): Transcript {
  return closeAnswer(showHeld(transcript));
}

/** A line's text; empty while a user's line waits for its words. */
export function lineText(line: Line): string {
  return line.role === "user" ? line.text : line.segments.reduce((all, { text }) => joinText(all, text), "");
}

export function wasCutOff(line: Line): boolean {
  return line.role === "assistant" && line.segments.some(({ status }) => status === "unspoken");
}

/** Whether a space belongs between two pieces of text that were sent one after the other. */
export function needsSpace(before: string, after: string): boolean {
  return before !== "" && after !== "" && !/\s$/.test(before) && !/^[\s.,;:!?…)\]}]/.test(after);
}

function joinText(before: string, after: string): string {
  return needsSpace(before, after) ? `${before} ${after}` : before + after;
}

/** A place for words whose text comes later, perhaps after the answer to them. */
function reserveUserLine(transcript: Transcript): Transcript {
  const last = transcript.lines.at(-1);
  if (last?.role === "user" && last.text === "") return { ...transcript, openUser: last.key };
  const key = transcript.nextKey;
  return push({ ...transcript, openUser: key }, { key, role: "user", text: "" });
}

function addUserText(transcript: Transcript, text: string): Transcript {
  const words = text.trim();
  if (words === "") return transcript;
  const open = transcript.lines.findIndex(({ key }) => key === transcript.openUser);
  const index = open >= 0 ? open : transcript.lines.length - 1;
  const line = transcript.lines[index];
  if (line?.role !== "user") {
    const key = transcript.nextKey;
    return push({ ...transcript, openAssistant: undefined }, { key, role: "user", text: words });
  }
  const answer = transcript.lines.findIndex(({ key }) => key === transcript.openAssistant);
  return {
    ...transcript,
    lines: transcript.lines.with(index, { ...line, text: joinText(line.text, words) }),
    // The user spoke after that answer began: whatever of it follows belongs below these words.
    openAssistant: answer < index ? undefined : transcript.openAssistant,
  };
}

/** The user's turn is over once the answer was heard. A line still without words goes on waiting for them. */
function closeUserLine(transcript: Transcript): Transcript {
  const open = transcript.lines.find(({ key }) => key === transcript.openUser);
  return open && lineText(open) !== "" ? { ...transcript, openUser: undefined } : transcript;
}

function closeAnswer(transcript: Transcript): Transcript {
  const lines = transcript.lines.map((line) => {
    if (line.role !== "assistant" || line.segments.every(({ status }) => isSettled(status))) return line;
    const segments = line.segments.map((segment) =>
      isSettled(segment.status) ? segment : { ...segment, status: "unspoken" as const },
    );
    return { ...line, segments };
  });
  return { ...transcript, lines, openAssistant: undefined };
}

function isSettled(status: Segment["status"]): boolean {
  return status === "spoken" || status === "unspoken";
}

function addOutput(transcript: Transcript, output: BotOutput): Transcript {
  if (output.kind === "unstated") return transcript;
  const usingOutput: Transcript = { ...transcript, assistantText: { from: "output" } };
  switch (output.kind) {
    case "new":
      return addSegment(usingOutput, { id: output.segmentId, text: output.text, status: "pending" });
    case "not-timed":
      return addSegment(usingOutput, { id: output.segmentId, text: output.text, status: "spoken" });
    case "in-progress":
      return setStatus(usingOutput, output, "speaking");
    case "completed":
      return setStatus(usingOutput, output, "spoken");
  }
}

function hold(transcript: Transcript, text: string): Transcript {
  const { assistantText } = transcript;
  if (assistantText.from === "output") return transcript;
  const held = assistantText.held + text;
  if (held.length <= MAX_HELD_CHARS) {
    return { ...transcript, assistantText: { from: "unknown", held } };
  }
  // Shown early rather than lost or kept without bound.
  return showHeld({ ...transcript, assistantText: { from: "unknown", held } });
}

function showHeld(transcript: Transcript): Transcript {
  const { assistantText } = transcript;
  if (assistantText.from === "output" || assistantText.held.trim() === "") return transcript;
  return addSegment(
    { ...transcript, assistantText: { from: "unknown", held: "" } },
    { id: undefined, text: assistantText.held.trim(), status: "spoken" },
  );
}

function addSegment(transcript: Transcript, segment: Segment): Transcript {
  if (segment.text === "") return transcript;
  const index = transcript.lines.findIndex(({ key }) => key === transcript.openAssistant);
  const line = transcript.lines[index];
  if (line?.role !== "assistant" || line.segments.length >= MAX_SEGMENTS_PER_LINE) {
    const key = transcript.nextKey;
    return push({ ...transcript, openAssistant: key }, { key, role: "assistant", segments: [segment] });
  }
  const longer = { ...line, segments: [...line.segments, segment] };
  return { ...transcript, lines: transcript.lines.with(index, longer) };
}

/** Progress names a segment by its id; without one, it means the newest with the same text. */
function setStatus(
  transcript: Transcript,
  wanted: { segmentId: number | undefined; text: string },
  status: Segment["status"],
): Transcript {
  const isWanted = ({ id, text }: Segment) =>
    wanted.segmentId === undefined ? text === wanted.text : id === wanted.segmentId;
  for (let index = transcript.lines.length - 1; index >= 0; index--) {
    const line = transcript.lines[index];
    if (line?.role !== "assistant") continue;
    const at = line.segments.findLastIndex(isWanted);
    const segment = line.segments[at];
    if (!segment) continue;
    const segments = line.segments.with(at, { ...segment, status });
    return { ...transcript, lines: transcript.lines.with(index, { ...line, segments }) };
  }
  // It began before this page was there to hear of it: its text is still worth showing.
  return addSegment(transcript, { id: wanted.segmentId, text: wanted.text, status });
}

function push(transcript: Transcript, line: Line): Transcript {
  const kept = transcript.lines.filter((old) => old.key === transcript.openUser || lineText(old) !== "");
  const excess = Math.max(0, kept.length + 1 - MAX_LINES);
  return {
    ...transcript,
    lines: [...kept.slice(excess), line],
    nextKey: transcript.nextKey + 1,
    dropped: transcript.dropped + excess,
  };
}
