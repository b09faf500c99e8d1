/**
 * How Google refuses: never by a message, always by closing the WebSocket with a code and a sentence. The sentences
 * are Google's where they are known, since clients have nothing else to tell one refusal from another.
 */
export interface Close {
  code: number;
  reason: string;
}

/** With which code Google closes on a bad key is not documented, and both are reported. */
export type BadKeyCode = 1007 | 1008;

export const Closes = {
  badKey: (code: BadKeyCode = 1007): Close => ({
    code,
    reason: "API key not valid. Please pass a valid API key.",
  }),
  noKey: {
    code: 1008,
    reason:
      "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
  },
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
  badVoice: (voice: string, model: string): Close => ({
    code: 1007,
    reason: `Requested voice api_name '${voice}' is not available for model ${model}`,
  }),
  badLanguage: (languageCode: string, model: string): Close => ({
    code: 1007,
    reason: `Unsupported language code '${languageCode}' for model ${model}`,
  }),
  unknownModel: (model: string, apiVersion: string): Close => ({
    code: 1008,
    reason: `${model} is not found for API version ${apiVersion}, or is not supported for bidiGenerateContent.`,
  }),
  notSupported: { code: 1008, reason: "Operation is not implemented, or supported, or enabled." },
  aborted: { code: 1008, reason: "The operation was aborted." },
  unknownHandle: { code: 1008, reason: "BidiGenerateContent session not found" },
  /** Of ephemeral tokens; the sentences are ours. */
  tokenExpired: { code: 1008, reason: "The auth token has expired." },
  tokenUsedUp: { code: 1008, reason: "The auth token has been used too many times." },
  internal: { code: 1011, reason: "Internal error encountered." },
  /** Google is reported to say no more than the first sentence. */
  stillOpen: { code: 1011, reason: "Internal error encountered. The session is open on another connection." },
  unavailable: { code: 1011, reason: "The service is currently unavailable." },
  deadline: { code: 1011, reason: "Deadline expired before operation could complete." },
  /** Too many sessions at one time, among others. */
  quota: {
    code: 1011,
    reason:
      "You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.",
  },
  overloaded: { code: 1011, reason: "RESOURCE_EXHAUSTED: OVERLOADED_TOO_MANY_RETRIES_PER_REQUEST" },
  /** The end of a connection that has lasted as long as one may. */
  cancelled: { code: 1000, reason: "The operation was cancelled." },
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
