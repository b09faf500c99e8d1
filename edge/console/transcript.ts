import type { BotOutput } from "./messages.ts";
import {
  type AssistantText,
  joinText,
  type Line,
  lineText,
  MAX_AHEAD_CHARS,
  MAX_SEGMENTS_PER_LINE,
  push,
  type Segment,
  type Transcript,
  type UserLine,
} from "./transcript-lines.ts";

export type TranscriptEvent =
  | { type: "user-started-speaking" }
  | { type: "user-saying"; text: string }
  | { type: "user-said"; text: string }
  | { type: "answer-started" }
  | { type: "answer-interrupted" }
  | { type: "bot-output"; output: BotOutput }
  | { type: "bot-llm-text"; text: string }
  | { type: "bot-stopped-speaking" };

export function nextTranscript(transcript: Transcript, event: TranscriptEvent): Transcript {
  switch (event.type) {
    case "user-started-speaking":
      return reserveUserLine(transcript);
    case "user-saying":
      return setUserPartial(transcript, event.text);
    case "user-said":
      return addUserText(transcript, event.text);
    case "answer-started":
      return closeAnswer(transcript);
    case "answer-interrupted":
      return closeAnswer(markInterrupted(showAhead(transcript)));
    case "bot-output":
      return addOutput(transcript, event.output);
    case "bot-llm-text":
      return addAhead(transcript, event.text);
    case "bot-stopped-speaking":
      return closeUserLine(showAhead(transcript));
  }
}

/** The call is over: what is still waiting to be spoken never will be, and no partial text becomes firmer. */
export function endTranscript(transcript: Transcript): Transcript {
  const closed = closeAnswer(showAhead(transcript));
  const lines = closed.lines.map((line) => (line.role === "user" && line.partial ? firmLine(line) : line));
  return { ...closed, lines };
}

/** A place for words whose text comes later, perhaps after the answer to them. */
function reserveUserLine(transcript: Transcript): Transcript {
  const last = transcript.lines.at(-1);
  if (last?.role === "user" && lineText(last) === "") return { ...transcript, openUser: last.key };
  const key = transcript.nextKey;
  return push({ ...transcript, openUser: key }, { key, role: "user", text: "" });
}

function setUserPartial(transcript: Transcript, text: string): Transcript {
  const partial = text.trim();
  if (partial === "") return updateUserLine(transcript, (line) => ({ ...line, partial }));
  const withLine = ensureUserLine(transcript);
  // Kept open for the final words: the answer's first may come before them.
  const openUser = withLine.lines[userLineIndex(withLine)]?.key;
  return updateUserLine({ ...withLine, openUser }, (line) => ({ ...line, partial }));
}

function addUserText(transcript: Transcript, text: string): Transcript {
  const words = text.trim();
  // The end of a partial transcript whose final words are none.
  if (words === "") return updateUserLine(transcript, (line) => ({ ...line, partial: "" }));
  return updateUserLine(ensureUserLine(transcript), (line) => ({
    ...line,
    text: joinText(line.text, words),
    partial: "",
  }));
}

/** There is a line for the user's words: the open one, the last one, or a new one above an answer not heard yet. */
function ensureUserLine(transcript: Transcript): Transcript {
  if (userLineIndex(transcript) >= 0) return transcript;
  const key = transcript.nextKey;
  const line: Line = { key, role: "user", text: "" };
  const last = transcript.lines.at(-1);
  if (last?.role !== "assistant" || last.segments.length > 0) {
    return push({ ...transcript, openAssistant: undefined }, line);
  }
  // Nothing of that answer was heard before the user's words came: it answers them.
  const pushed = push(transcript, line);
  const at = pushed.lines.indexOf(last);
  if (at < 0) return pushed;
  return {
    ...pushed,
    openUser: key,
    lines: [...pushed.lines.slice(0, at), line, ...pushed.lines.slice(at, -1)],
  };
}

function userLineIndex({ lines, openUser }: Transcript): number {
  const open = lines.findIndex(({ key }) => key === openUser);
  if (open >= 0) return open;
  return lines.at(-1)?.role === "user" ? lines.length - 1 : -1;
}

function updateUserLine(transcript: Transcript, change: (line: UserLine) => UserLine): Transcript {
  const index = userLineIndex(transcript);
  const line = transcript.lines[index];
  if (line?.role !== "user") return transcript;
  const changed = change(line);
  if (changed.text === line.text && (changed.partial ?? "") === (line.partial ?? "")) return transcript;
  const answer = transcript.lines.findIndex(({ key }) => key === transcript.openAssistant);
  return {
    ...transcript,
    lines: transcript.lines.with(index, changed),
    // The user spoke after that answer began: whatever of it follows belongs below these words.
    openAssistant: answer < index ? undefined : transcript.openAssistant,
  };
}

function firmLine(line: UserLine): UserLine {
  return { ...line, text: joinText(line.text, line.partial ?? ""), partial: "" };
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
  const assistantText = { ...transcript.assistantText, ahead: "" };
  return { ...transcript, lines, openAssistant: undefined, assistantText };
}

function markInterrupted(transcript: Transcript): Transcript {
  const lines = transcript.lines.map((line) =>
    line.role === "assistant" && line.key === transcript.openAssistant
      ? { ...line, interrupted: true }
      : line,
  );
  return { ...transcript, lines };
}

function isSettled(status: Segment["status"]): boolean {
  return status === "spoken" || status === "unspoken";
}

function addOutput(transcript: Transcript, output: BotOutput): Transcript {
  if (output.kind === "unstated") return transcript;
  const usingOutput: Transcript = { ...transcript, assistantText: confirm(transcript.assistantText, output) };
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

/** A segment's words are ahead no longer. */
function confirm({ ahead }: AssistantText, output: Exclude<BotOutput, { kind: "unstated" }>): AssistantText {
  const isNew = output.kind === "new" || output.kind === "not-timed";
  return { from: "output", ahead: isNew ? without(ahead, output.text) : ahead };
}

/** What of `ahead` follows after `text`, whatever white space is between the words; nothing when they disagree. */
function without(ahead: string, text: string): string {
  let at = 0;
  for (const char of text.replaceAll(/\s/g, "")) {
    while (/\s/.test(ahead.charAt(at))) at += 1;
    if (!ahead.startsWith(char, at)) return "";
    at += char.length;
  }
  return ahead.slice(at);
}

function addAhead(transcript: Transcript, text: string): Transcript {
  if (text === "") return transcript;
  const { from, ahead } = transcript.assistantText;
  const longer: Transcript = { ...transcript, assistantText: { from, ahead: ahead + text } };
  if (longer.assistantText.ahead.length > MAX_AHEAD_CHARS) {
    // Shown firm too early rather than lost or kept without bound; a bot that confirms has simply stopped to.
    return from === "output" ? { ...transcript, assistantText: { from, ahead: "" } } : showAhead(longer);
  }
  const key = transcript.nextKey;
  return transcript.lines.some((line) => line.key === transcript.openAssistant)
    ? longer
    : push({ ...longer, openAssistant: key }, { key, role: "assistant", segments: [] });
}

/** Without `bot-output` the words that were ahead are taken for spoken. */
function showAhead(transcript: Transcript): Transcript {
  const { from, ahead } = transcript.assistantText;
  if (from === "output" || ahead.trim() === "") return transcript;
  return addSegment(
    { ...transcript, assistantText: { from, ahead: "" } },
    { id: undefined, text: ahead.trim(), status: "spoken" },
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
