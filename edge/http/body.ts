import type { z } from "zod";
import { ProblemError } from "../../protocol/errors.ts";
import { parseJson } from "../../protocol/parse.ts";

/** A start request with its metadata is far smaller. */
export const MAX_BODY_BYTES = 65_536;
/**
 * Of a body that is refused, so much is read and thrown away before the answer. A connection whose body was read in
 * part is lost to whoever keeps it for the next request: the proxy of `wrangler dev` answered that one with 500.
 */
export const MAX_DRAINED_BYTES = 1_048_576;

/**
 * The body of a request as the schema's type. No body is `{}`: official clients send none when they have
 * nothing to say. A body that is there has to say that it is JSON; otherwise it would be taken for none.
 * @throws ProblemError 415, 413, 400 or 422, in this order.
 */
export async function readBody<Schema extends z.ZodType>(
  request: Request,
  schema: Schema,
): Promise<z.output<Schema>> {
  const text = await readText(request);
  return parseJson(schema, text ?? "{}");
}

/** `undefined` for no bytes at all: what has bytes but no text in it, as a byte order mark, is a body that is not JSON. */
async function readText(request: Request): Promise<string | undefined> {
  if (request.body === null) return undefined;
  const contentType = request.headers.get("content-type");
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let refusal: ProblemError | undefined;
  for await (const chunk of request.body) {
    bytes += chunk.byteLength;
    refusal ??= refusalOf(bytes, contentType);
    if (!refusal) chunks.push(chunk);
    else if (bytes > MAX_DRAINED_BYTES) break;
  }
  if (refusal) throw refusal;
  return bytes === 0 ? undefined : decode(chunks);
}

/** Why a body of which so much has come is not read on, if it is not. */
function refusalOf(bytes: number, contentType: string | null): ProblemError | undefined {
  const type = contentType?.split(";")[0]?.trim().toLowerCase();
  if (bytes > 0 && type !== "application/json") {
    return new ProblemError(
      "unsupported_media_type",
      `The body has to be sent as application/json, not as ${type || "nothing"}.`,
    );
  }
  if (bytes <= MAX_BODY_BYTES) return undefined;
  return new ProblemError("body_too_large", `The body may have ${MAX_BODY_BYTES} bytes at most.`);
}

function decode(chunks: Uint8Array[]): string {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  try {
    return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode();
  } catch (cause) {
    throw new ProblemError("invalid_json", "The body is not UTF-8 text.", { cause });
  }
}
