import type { AppMessage } from "../pipeline/frame.ts";

/** Stands where text was cut, so that no reader takes the rest for the whole. */
const CUT_MARK = " […]";
/** A message has few long texts, and each cut may halve one; after so many it is not text that makes it long. */
const MAX_CUTS = 32;

/** `cutChars`: characters of text that were left out. */
export interface FittedMessage {
  message: AppMessage;
  cutChars: number;
}

/**
 * A message whose JSON is at most `maxChars` long: its longest texts are cut at their ends, each with a mark.
 * @returns `undefined` when cutting texts cannot do it.
 */
export function fitMessage(message: AppMessage, maxChars: number): FittedMessage | undefined {
  if (JSON.stringify(message).length <= maxChars) return { message, cutChars: 0 };
  const copy = structuredClone(message);
  let cutChars = 0;
  for (let cuts = 0; cuts < MAX_CUTS; cuts += 1) {
    const excess = JSON.stringify(copy).length - maxChars;
    if (excess <= 0) return { message: copy, cutChars };
    const longest = longestText(copy);
    if (!longest || longest.text.length <= CUT_MARK.length) return undefined;
    const { holder, key } = longest;
    const text = withoutMark(longest.text);
    // Characters that JSON escapes take more room than one each: cutting by the excess is always enough. No more
    // than half at once, so that two long texts share what there is instead of one of them vanishing.
    const kept = keepStart(text, Math.max(text.length >> 1, text.length - excess - CUT_MARK.length));
    cutChars += text.length - kept.length;
    holder[key] = kept + CUT_MARK;
  }
  return undefined;
}

interface TextPlace {
  holder: Record<string, unknown>;
  key: string;
  text: string;
}

function longestText(holder: Record<string, unknown>): TextPlace | undefined {
  let longest: TextPlace | undefined;
  for (const [key, value] of Object.entries(holder)) {
    const found =
      typeof value === "string"
        ? { holder, key, text: value }
        : isRecord(value)
          ? longestText(value)
          : undefined;
    if (found && (!longest || found.text.length > longest.text.length)) longest = found;
  }
  return longest;
}

function withoutMark(text: string): string {
  return text.endsWith(CUT_MARK) ? text.slice(0, -CUT_MARK.length) : text;
}

/** The first `length` characters, without half of a surrogate pair at the end. */
function keepStart(text: string, length: number): string {
  const end = Math.max(0, length);
  const last = text.charCodeAt(end - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? end - 1 : end);
}

/** Arrays count: their items have keys, too. */
function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
