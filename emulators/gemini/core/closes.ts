/**
 * How Google refuses: never by a message, always by closing the WebSocket with a code and a sentence. The sentences
 * are Google's where they are known, since clients have nothing else to tell one refusal from another.
 */
export interface Close {
  code: number;
  reason: string;
}

export const Closes = {
  badKey: { code: 1007, reason: "API key not valid. Please pass a valid API key." },
  badJson: (detail: string): Close => ({ code: 1007, reason: `Invalid JSON payload received. ${detail}` }),
  unknownField: (name: string, path: string): Close => ({
    code: 1007,
    reason: `Invalid JSON payload received. Unknown name "${name}"${path ? ` at '${path}'` : ""}: Cannot find field.`,
  }),
  badValue: (path: string, detail: string): Close => ({
    code: 1007,
    reason: `Invalid value at '${path}': ${detail}`,
  }),
  /** The first sentence is all that Google says. The second is ours: who runs an emulator wants to know. */
  badArgument: (detail: string): Close => ({
    code: 1007,
    reason: `Request contains an invalid argument. ${detail}`,
  }),
  unknownModel: (model: string, apiVersion: string): Close => ({
    code: 1008,
    reason: `${model} is not found for API version ${apiVersion}, or is not supported for bidiGenerateContent.`,
  }),
  unknownHandle: { code: 1008, reason: "BidiGenerateContent session not found" },
  deadline: { code: 1011, reason: "Deadline expired before operation could complete." },
  shutdown: { code: 1001, reason: "The emulator is shutting down." },
} as const;

/** What a close frame holds at most, in bytes of UTF-8. Google cuts longer reasons too. */
const MAX_REASON_BYTES = 123;

/** A reason that fits a close frame, cut between characters. */
export function fitReason(reason: string): string {
  const bytes = new TextEncoder().encode(reason);
  if (bytes.length <= MAX_REASON_BYTES) return reason;
  // With stream: true the decoder holds back a character that was cut in half.
  return new TextDecoder().decode(bytes.subarray(0, MAX_REASON_BYTES), { stream: true });
}
