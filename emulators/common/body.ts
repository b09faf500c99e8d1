import type { IncomingMessage } from "node:http";
import { ProblemError } from "../../protocol/errors.ts";

/** The largest body taken, in bytes, where nobody says otherwise. A Daily room with every property has about 3 kB. */
const MAX_BODY_BYTES = 65_536;

/**
 * The whole body of a request as text.
 * @throws ProblemError `body_too_large`, with the rest unread: the refusal has to close the connection.
 * @throws the stream's error when the client hangs up half way, see `hungUp`.
 */
export async function readBody(request: IncomingMessage, maxBytes = MAX_BODY_BYTES): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Destroying the request would cut the connection before the refusal is sent.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const buffer = chunk as Buffer; // what a stream without an encoding yields; its type does not say so
    bytes += buffer.length;
    if (bytes > maxBytes) {
      throw new ProblemError("body_too_large", `The body is over ${maxBytes} bytes.`);
    }
    chunks.push(buffer);
  }
  return Buffer.concat(chunks).toString();
}

/** Whether the client went before its request was complete: there is nobody to answer, and nothing has failed. */
export function hungUp(request: IncomingMessage): boolean {
  return request.destroyed && !request.complete;
}
