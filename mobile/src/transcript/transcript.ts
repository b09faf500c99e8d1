import type { BotOutput, SessionRecord } from "../session/messages.ts";

/**
 * What was said, in the order in which it was said. What arrives is not in that order: the words of the user often
 * come after the assistant has begun to answer them, and the assistant's run ahead of its sound.
 */
export interface Transcript {
  readonly lines: readonly Line[];
  readonly nextKey: number;
  /** Line that waits for (more of) the user's words. */
  readonly openUser?: number | undefined;
  /** Line of the answer that is being given. */
  readonly openAnswer?: number | undefined;
  /** Lines that had to go because of `MAX_LINES`. */
  readonly dropped: number;
}

export type Line =
  | { readonly key: number; readonly role: "user"; readonly text: string; readonly partial: string }
  | {
      readonly key: number;
      readonly role: "assistant";
      readonly segments: readonly Segment[];
      readonly interrupted: boolean;
    };

type UserLine = Extract<Line, { role: "user" }>;
type AssistantLine = Extract<Line, { role: "assistant" }>;

/** A sentence of an answer: what of it was heard, and what was not, or not yet. */
export interface Segment {
  readonly id: number | undefined;
  readonly heard: string;
  readonly rest: string;
}

export type TranscriptEvent =
  | { readonly type: "user-started-speaking" }
  | { readonly type: "user-saying"; readonly text: string }
  | { readonly type: "user-said"; readonly text: string }
  | { readonly type: "answer-started" }
  | { readonly type: "answer-interrupted" }
  | { readonly type: "bot-output"; readonly output: BotOutput }
  | { readonly type: "bot-stopped-speaking" }
  /** The service's own record, when a conversation is taken up again. */
  | { readonly type: "remembered"; readonly entries: SessionRecord["transcript"] };

/** An hour of quick exchange is some 300 lines. Past it the oldest go, and the list says so. */
export const MAX_LINES = 500;

export const EMPTY_TRANSCRIPT: Transcript = { lines: [], nextKey: 1, dropped: 0 };

export function nextTranscript(transcript: Transcript, event: TranscriptEvent): Transcript {
  switch (event.type) {
    case "user-started-speaking":
      return reserveUserLine(transcript);
    case "user-saying":
      return event.text.trim() === "" ? transcript : setUserWords(transcript, { partial: event.text.trim() });
    case "user-said":
      return addUserWords(transcript, event.text.trim());
    case "answer-started":
      return { ...transcript, openAnswer: undefined };
    case "answer-interrupted":
      return markInterrupted(transcript);
    case "bot-output":
      return addOutput(transcript, event.output);
    case "bot-stopped-speaking":
      return closeUserLine(transcript);
    case "remembered":
      return remember(event.entries);
  }
}

/** The call is over: no partial text becomes firmer, and no line waits for words. */
export function endTranscript(transcript: Transcript): Transcript {
  const lines = transcript.lines
    .map((line) =>
      line.role === "user" ? { ...line, text: join(line.text, line.partial), partial: "" } : line,
    )
    .filter((line) => !isEmpty(line));
  return { lines, nextKey: transcript.nextKey, dropped: transcript.dropped };
}

/** As text to share, one line for each turn. Words that were not heard are left out. */
export function transcriptText(transcript: Transcript, names: { user: string; assistant: string }): string {
  return transcript.lines
    .filter((line) => !isEmpty(line))
    .map((line) => `${line.role === "user" ? names.user : names.assistant}: ${heardText(line)}`)
    .join("\n");
}

/** What was said and heard of a line. */
export function heardText(line: Line): string {
  if (line.role === "user") return join(line.text, line.partial);
  return line.segments.reduce((all, { heard }) => join(all, heard), "");
}

/** Words of a line that are not firm: still being spoken, or never heard. */
export function restText(line: Line): string {
  return line.role === "user" ? "" : line.segments.reduce((all, { rest }) => join(all, rest), "");
}

export function isEmpty(line: Line): boolean {
  return heardText(line) === "" && restText(line) === "";
}

function join(left: string, right: string): string {
  if (left === "" || right === "") return left + right;
  return /\s$/.test(left) || /^[\s.,;:!?…]/.test(right) ? left + right : `${left} ${right}`;
}

function push(transcript: Transcript, line: Line): Transcript {
  const lines = [...transcript.lines, line];
  const surplus = Math.max(0, lines.length - MAX_LINES);
  return {
    ...transcript,
    lines: lines.slice(surplus),
    nextKey: line.key + 1,
    dropped: transcript.dropped + surplus,
  };
}

function replace(transcript: Transcript, line: Line): Transcript {
  return { ...transcript, lines: transcript.lines.map((one) => (one.key === line.key ? line : one)) };
}

/** A place for words whose text comes later, perhaps after the answer to them. */
function reserveUserLine(transcript: Transcript): Transcript {
  const last = transcript.lines.at(-1);
  if (last?.role === "user" && isEmpty(last)) return { ...transcript, openUser: last.key };
  const key = transcript.nextKey;
  // What of the answer follows belongs below these words.
  const opened = { ...transcript, openUser: key, openAnswer: undefined };
  return push(opened, { key, role: "user", text: "", partial: "" });
}

function openUserLine(transcript: Transcript): UserLine | undefined {
  const open = transcript.lines.find(({ key }) => key === transcript.openUser);
  if (open?.role === "user") return open;
  const last = transcript.lines.at(-1);
  return last?.role === "user" ? last : undefined;
}

function setUserWords(transcript: Transcript, words: Partial<UserLine>): Transcript {
  const line = openUserLine(transcript);
  if (line) return replace({ ...transcript, openUser: line.key }, { ...line, ...words });
  const key = transcript.nextKey;
  const fresh: UserLine = { key, role: "user", text: "", partial: "", ...words };
  return push({ ...transcript, openUser: key }, fresh);
}

function addUserWords(transcript: Transcript, words: string): Transcript {
  const line = openUserLine(transcript);
  // The end of a partial transcript whose final words are none.
  if (words === "") return line ? replace(transcript, { ...line, partial: "" }) : transcript;
  return setUserWords(transcript, { text: join(line?.text ?? "", words), partial: "" });
}

/** The user's turn is over once the answer was heard. A line without words goes on waiting for them. */
function closeUserLine(transcript: Transcript): Transcript {
  const line = openUserLine(transcript);
  return line && line.key === transcript.openUser && !isEmpty(line)
    ? { ...transcript, openUser: undefined }
    : transcript;
}

function openAnswerLine(transcript: Transcript): AssistantLine | undefined {
  const line = transcript.lines.find(({ key }) => key === transcript.openAnswer);
  return line?.role === "assistant" ? line : undefined;
}

function markInterrupted(transcript: Transcript): Transcript {
  // The user's words may have opened a line of their own before the bot says what they did to its answer.
  const line = openAnswerLine(transcript) ?? transcript.lines.findLast(({ role }) => role === "assistant");
  if (line?.role !== "assistant" || line.interrupted) return { ...transcript, openAnswer: undefined };
  return replace({ ...transcript, openAnswer: undefined }, { ...line, interrupted: true });
}

function addOutput(transcript: Transcript, output: BotOutput): Transcript {
  switch (output.kind) {
    case "new":
      return addSegment(transcript, { id: output.id, heard: "", rest: output.text });
    case "whole":
      return addSegment(transcript, { id: output.id, heard: output.text, rest: "" });
    case "progress":
      return setSegment(transcript, { id: output.id, heard: output.heard, rest: output.rest }, output.text);
    case "completed":
      return setSegment(transcript, { id: output.id, heard: output.text, rest: "" }, output.text);
  }
}

function addSegment(transcript: Transcript, segment: Segment): Transcript {
  const line = openAnswerLine(transcript);
  if (line) return replace(transcript, { ...line, segments: [...line.segments, segment] });
  const key = transcript.nextKey;
  const opened = { ...transcript, openAnswer: key };
  return push(opened, { key, role: "assistant", segments: [segment], interrupted: false });
}

/** Progress names a segment by its id; without one, it means the newest with the same text. */
function setSegment(transcript: Transcript, segment: Segment, text: string): Transcript {
  const isIt = ({ id, heard, rest }: Segment) =>
    segment.id === undefined ? join(heard, rest) === text : id === segment.id;
  const line = transcript.lines.findLast((one) => one.role === "assistant" && one.segments.some(isIt));
  // It began before this app was there to hear of it: its text is still worth showing.
  if (line?.role !== "assistant") return addSegment(transcript, segment);
  const at = line.segments.findLastIndex(isIt);
  return replace(transcript, {
    ...line,
    segments: line.segments.map((one, i) => (i === at ? segment : one)),
  });
}

function remember(entries: SessionRecord["transcript"]): Transcript {
  return entries.reduce<Transcript>((transcript, { role, text, interrupted = false }) => {
    const key = transcript.nextKey;
    return push(
      transcript,
      role === "user"
        ? { key, role, text, partial: "" }
        : { key, role, segments: [{ id: undefined, heard: text, rest: "" }], interrupted },
    );
  }, EMPTY_TRANSCRIPT);
}
