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
  | {
      readonly key: number;
      readonly role: "user";
      readonly text: string;
      /** Words that may still change: each partial transcript replaces the one before. */
      readonly partial?: string;
    }
  | {
      readonly key: number;
      readonly role: "assistant";
      readonly segments: readonly Segment[];
      readonly interrupted?: boolean;
    };

export type UserLine = Extract<Line, { role: "user" }>;

/** A piece of an answer, usually a sentence. `unspoken`: cut off before its end was heard. */
export interface Segment {
  readonly id: number | undefined;
  readonly text: string;
  readonly status: "pending" | "speaking" | "spoken" | "unspoken";
}

/**
 * Where the assistant's text is taken from. Every bot sends `bot-llm-text`; those that tell what was really spoken
 * send `bot-output` too. `ahead` is what the first told and the second did not confirm yet: partial words, which
 * become firm when the end of an utterance shows that no `bot-output` comes.
 */
export interface AssistantText {
  readonly from: "unknown" | "output";
  readonly ahead: string;
}

/** An hour of quick exchange is some 300 lines. Past it the oldest go, and the page says so. */
export const MAX_LINES = 500;
/** A longer answer is continued in a new line, so that none costs more and more to draw. */
export const MAX_SEGMENTS_PER_LINE = 100;
/** Characters of `bot-llm-text` that may be ahead of what is confirmed: several minutes of speech. */
export const MAX_AHEAD_CHARS = 8_000;

export const EMPTY_TRANSCRIPT: Transcript = {
  lines: [],
  nextKey: 1,
  assistantText: { from: "unknown", ahead: "" },
  dropped: 0,
};

/** What may still change of a line, shown behind its text; empty where nothing may. */
export function partialText({ openAssistant, assistantText }: Transcript, line: Line): string {
  if (line.role === "user") return line.partial ?? "";
  return line.key === openAssistant ? assistantText.ahead : "";
}

/** A line's text; empty while a user's line waits for its words. */
export function lineText(line: Line): string {
  return line.role === "user" ? line.text : line.segments.reduce((all, { text }) => joinText(all, text), "");
}

export function wasCutOff(line: Line): boolean {
  if (line.role === "user") return false;
  return line.interrupted === true || line.segments.some(({ status }) => status === "unspoken");
}

/** Whether a space belongs between two pieces of text that were sent one after the other. */
export function needsSpace(before: string, after: string): boolean {
  return before !== "" && after !== "" && !/\s$/.test(before) && !/^[\s.,;:!?…)\]}]/.test(after);
}

/** Two pieces, with a space where one belongs. */
export function joinText(before: string, after: string): string {
  return needsSpace(before, after) ? `${before} ${after}` : before + after;
}

/** Lines that never got words go with the next one, and the oldest when there are too many. */
export function push(transcript: Transcript, line: Line): Transcript {
  const isOpen = ({ key }: Line) => key === transcript.openUser || key === transcript.openAssistant;
  const kept = transcript.lines.filter(
    (old) => isOpen(old) || lineText(old) !== "" || partialText(transcript, old) !== "",
  );
  const excess = Math.max(0, kept.length + 1 - MAX_LINES);
  return {
    ...transcript,
    lines: [...kept.slice(excess), line],
    nextKey: transcript.nextKey + 1,
    dropped: transcript.dropped + excess,
  };
}
