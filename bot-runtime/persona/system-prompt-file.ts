import { readFileSync } from "node:fs";

/** The model reads it before every answer, twice where the caller gave data of its own. */
const MAX_CHARS = 8_000;

/**
 * The operator's own instructions, from a UTF-8 text file.
 * @throws Error with a sentence that says what is wrong with the file
 */
export function readSystemPrompt(path: string): string {
  const text = decode(read(path), path).trim();
  if (text === "") throw new Error(`${path} is empty.`);
  if (text.length > MAX_CHARS) {
    throw new Error(`${path} has ${text.length} characters; at most ${MAX_CHARS} are possible.`);
  }
  return text;
}

function read(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new Error(`${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Error(`${path} is no UTF-8 text.`, { cause });
  }
}
