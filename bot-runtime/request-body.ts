import type { IncomingMessage } from "node:http";
import { ProblemError } from "../protocol/errors.ts";

/** A start signal with the largest metadata has under 20 kB, and with a whole conversation to take over under 90. */
export const MAX_BODY_BYTES = 128 * 1024;

/**
 * The body as UTF-8 text, exactly as sent: its signature is over the text.
 * @throws ProblemError `body_too_large` without reading on, `invalid_json` when it is not UTF-8.
 */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  if (Number(request.headers["content-length"] ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  // A Node request without an encoding set yields buffers.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
  } catch (cause) {
    throw new ProblemError("invalid_json", "The body is not UTF-8 text.", { cause });
  }
}

function tooLarge(): ProblemError {
  return new ProblemError("body_too_large", `At most ${MAX_BODY_BYTES} bytes are read.`);
}
