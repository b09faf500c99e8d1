import { z } from "zod";
import { Closes } from "./closes.ts";
import { INPUT_RATE_HZ, samplesOf } from "./pcm.ts";
import { ClientContent, ContextUpdate, Setup } from "./setup.ts";
import { Blob } from "./setup-content.ts";
import { accept, type Parsed, parseWire, refuse } from "./wire-json.ts";

/** What a client says, one at a time. */
export type ClientMessage =
  | { kind: "setup"; setup: Setup }
  | { kind: "content"; content: ClientContent }
  | { kind: "input"; inputs: readonly RealtimeInput[] }
  /** Answers to tool calls. */
  | { kind: "toolResponse"; responses: readonly FunctionResponse[] }
  /** Replaces the system instruction or the tools; the demo voice has no use for the first. */
  | { kind: "contextUpdate"; update: ContextUpdate };

/** The parts of one `realtimeInput`, in the order in which they take effect. */
export type RealtimeInput =
  | { kind: "activityStart" }
  | { kind: "audio"; pcm: Int16Array; rateHz: number }
  | { kind: "video" }
  | { kind: "text"; text: string }
  | { kind: "activityEnd" }
  | { kind: "audioStreamEnd" };

/** Without an id only Vertex takes it, for the call of its name. */
const FunctionResponse = z.strictObject({
  id: z.string().min(1, "is empty").optional(),
  name: z.string().min(1, "is empty"),
  response: z.record(z.string(), z.unknown()),
  scheduling: z.enum(["SCHEDULING_UNSPECIFIED", "SILENT", "WHEN_IDLE", "INTERRUPT"]).optional(),
  willContinue: z.boolean().optional(),
  parts: z
    .array(z.strictObject({ inlineData: Blob.optional(), fileData: z.looseObject({}).optional() }))
    .optional(),
});
export type FunctionResponse = z.output<typeof FunctionResponse>;

const Message = z.strictObject({
  setup: Setup.optional(),
  clientContent: ClientContent.optional(),
  realtimeInput: z
    .strictObject({
      audio: Blob.optional(),
      mediaChunks: z.array(Blob).optional(),
      video: Blob.optional(),
      text: z.string().optional(),
      activityStart: z.strictObject({}).optional(),
      activityEnd: z.strictObject({}).optional(),
      audioStreamEnd: z.boolean().optional(),
    })
    .optional(),
  toolResponse: z
    .strictObject({ functionResponses: z.array(FunctionResponse).min(1, "must not be empty") })
    .optional(),
  contextUpdate: ContextUpdate.optional(),
});

/** A frame of the client, or how Google closes on it. Frames are JSON in text or in bytes, with one top-level field. */
export function parseClientMessage(text: string): Parsed<ClientMessage> {
  const parsed = parseWire(Message, text);
  if (!parsed.ok) return parsed;
  const fields = Object.keys(parsed.value);
  if (fields.length !== 1) {
    return refuse(
      Closes.badArgument(
        fields.length === 0
          ? "The message is empty."
          : `A message has one field, this one has ${fields.join(", ")}.`,
      ),
    );
  }
  return read(parsed.value);
}

function read(message: z.output<typeof Message>): Parsed<ClientMessage> {
  const { setup, clientContent, realtimeInput, toolResponse, contextUpdate } = message;
  if (setup) return accept({ kind: "setup", setup });
  if (clientContent) return accept({ kind: "content", content: clientContent });
  if (realtimeInput) return parseInputs(realtimeInput);
  if (toolResponse) return accept({ kind: "toolResponse", responses: toolResponse.functionResponses });
  if (contextUpdate) return accept({ kind: "contextUpdate", update: contextUpdate });
  return refuse(Closes.badArgument("The message is empty."));
}

type WireInput = NonNullable<z.output<typeof Message>["realtimeInput"]>;

function parseInputs(wire: WireInput): Parsed<ClientMessage> {
  const inputs: RealtimeInput[] = [];
  if (wire.activityStart) inputs.push({ kind: "activityStart" });
  const blobs = [...(wire.mediaChunks ?? []), ...(wire.audio ? [wire.audio] : [])];
  for (const blob of blobs) {
    const parsed = parseBlob(blob);
    if (!parsed.ok) return parsed;
    inputs.push(parsed.value);
  }
  if (wire.audio?.mimeType.startsWith("image/")) {
    return refuse(Closes.badArgument(`Audio has to be audio/pcm;rate=16000, not ${wire.audio.mimeType}.`));
  }
  if (wire.video) {
    if (!IMAGE.test(wire.video.mimeType)) {
      return refuse(Closes.badArgument(`Video has to be image/*, not ${wire.video.mimeType}.`));
    }
    inputs.push({ kind: "video" });
  }
  if (wire.text !== undefined) inputs.push({ kind: "text", text: wire.text });
  if (wire.activityEnd) inputs.push({ kind: "activityEnd" });
  if (wire.audioStreamEnd) inputs.push({ kind: "audioStreamEnd" });
  if (inputs.length === 0) return refuse(Closes.badArgument("The realtimeInput is empty."));
  return accept({ kind: "input", inputs });
}

const IMAGE = /^image\/[a-z0-9.+-]+$/;
const LOWEST_RATE_HZ = 8_000;
const HIGHEST_RATE_HZ = 48_000;

/** `mediaChunks` hold images as well as sound; `audio` holds sound. */
function parseBlob({ data, mimeType }: Blob): Parsed<RealtimeInput> {
  if (IMAGE.test(mimeType)) return accept({ kind: "video" });
  const match = /^audio\/pcm(?:\s*;\s*rate=(\d{1,6}))?$/.exec(mimeType);
  if (!match) return refuse(Closes.badArgument(`Audio has to be audio/pcm;rate=16000, not ${mimeType}.`));
  const rateHz = match[1] === undefined ? INPUT_RATE_HZ : Number(match[1]);
  // Every usual rate is a multiple of 50; for one like 15,999 the resampler's table would be huge.
  if (rateHz < LOWEST_RATE_HZ || rateHz > HIGHEST_RATE_HZ || rateHz % 50 !== 0) {
    return refuse(Closes.badArgument(`A sample rate of ${rateHz} Hz is not supported.`));
  }
  const pcm = samplesOf(Buffer.from(data, "base64"));
  if (!pcm) return refuse(Closes.badArgument("Audio has an odd number of bytes; it has to be 16 bit."));
  return accept({ kind: "audio", pcm, rateHz });
}
