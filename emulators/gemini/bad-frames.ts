import { encodeServerMessage } from "./core/server-message.ts";

/** Frames that a client has to survive. */

/** A content that breaks off. */
export const NOT_JSON: Buffer = Buffer.from('{"serverContent": {"modelTurn": ');

/** Breaks off within the two bytes of `é`, so that it is neither UTF-8 nor JSON. */
export const TRUNCATED_UTF8: Buffer = Buffer.from(
  '{"serverContent": {"outputTranscription": {"text": "café',
).subarray(0, -1);

/** A thought of the model, which no client shows, in a frame of that many bytes. */
export function oversizedFrame(bytes: number): Buffer {
  const frame = (text: string) =>
    encodeServerMessage({
      serverContent: { modelTurn: { role: "model", parts: [{ text, thought: true }] } },
    });
  return frame("x".repeat(Math.max(0, bytes - frame("").length)));
}

/**
 * A message with what a later version of the API might add: fields at every level, a kind of part. All that was in
 * it stays, so a client that knows nothing of the rest loses nothing.
 */
export function withUnknownFields(message: object): object {
  const later = { emulatedUnknownField: { value: 1, list: ["a", null] } };
  const grown = { ...message, ...later };
  if (!("serverContent" in message) || typeof message.serverContent !== "object") return grown;
  const serverContent = { ...message.serverContent, ...later };
  if (!("modelTurn" in serverContent)) return { ...grown, serverContent };
  const { modelTurn } = serverContent as { modelTurn: { parts: object[] } }; // our own message: see ServerContent
  return {
    ...grown,
    serverContent: { ...serverContent, modelTurn: { ...modelTurn, parts: [later, ...modelTurn.parts] } },
  };
}
