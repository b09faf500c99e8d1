import { z } from "zod";
import { type Close, Closes } from "./closes.ts";
import { INPUT_RATE_HZ, samplesOf } from "./pcm.ts";
import { ClientContent, Setup } from "./setup.ts";

/** What a client says, one at a time. */
export type ClientMessage =
  | { kind: "setup"; setup: Setup }
  | { kind: "content"; content: ClientContent }
  | { kind: "input"; inputs: readonly RealtimeInput[] }
  /** Answers to tool calls. */
  | { kind: "toolResponse" }
  /** Replaces the system instruction; the demo voice has no use for it. */
  | { kind: "contextUpdate" };

/** The parts of one `realtimeInput`, in the order in which they take effect. */
export type RealtimeInput =
  | { kind: "activityStart" }
  | { kind: "audio"; pcm: Int16Array; rateHz: number }
  | { kind: "video" }
  | { kind: "text"; text: string }
  | { kind: "activityEnd" }
  | { kind: "audioStreamEnd" };

export type Parsed<Value> = { ok: true; value: Value } | { ok: false; close: Close };

const Blob = z.strictObject({ data: z.base64(), mimeType: z.string() });

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
    .strictObject({
      functionResponses: z
        .array(
          z.strictObject({
            id: z.string().optional(),
            name: z.string().optional(),
            response: z.record(z.string(), z.unknown()).optional(),
            scheduling: z.string().optional(),
            willContinue: z.boolean().optional(),
            parts: z.array(z.unknown()).optional(),
          }),
        )
        .optional(),
    })
    .optional(),
  contextUpdate: z.looseObject({}).optional(),
});

/** A frame of the client, or how Google closes on it. Frames are JSON in text or in bytes, with one top-level field. */
export function parseClientMessage(text: string): Parsed<ClientMessage> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refuse(Closes.badJson("Unable to parse the message as JSON."));
  }
  const parsed = Message.safeParse(json);
  if (!parsed.success) return refuse(closeFor(parsed.error));
  const fields = Object.keys(parsed.data);
  if (fields.length !== 1) {
    return refuse(
      Closes.badArgument(
        fields.length === 0
          ? "The message is empty."
          : `A message has one field, this one has ${fields.join(", ")}.`,
      ),
    );
  }
  const { setup, clientContent, realtimeInput, toolResponse } = parsed.data;
  // Setups are kept and shown, and JSON.stringify overflows the stack on some thousand levels.
  if (setup && isDeeperThan(MAX_DEPTH, setup)) return refuse(Closes.badJson("Message too deep."));
  if (setup) return accept({ kind: "setup", setup });
  if (clientContent) return accept({ kind: "content", content: clientContent });
  if (realtimeInput) return parseInputs(realtimeInput);
  return accept({ kind: toolResponse ? "toolResponse" : "contextUpdate" });
}

/** Objects and lists inside each other: far more than a tool's schema needs. */
const MAX_DEPTH = 100;

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
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
  if (wire.video) {
    if (!wire.video.mimeType.startsWith("image/")) {
      return refuse(Closes.badArgument(`Video has to be image/*, not ${wire.video.mimeType}.`));
    }
    inputs.push({ kind: "video" });
  }
  if (wire.text !== undefined) inputs.push({ kind: "text", text: wire.text });
  if (wire.activityEnd) inputs.push({ kind: "activityEnd" });
  if (wire.audioStreamEnd) inputs.push({ kind: "audioStreamEnd" });
  return accept({ kind: "input", inputs });
}

const LOWEST_RATE_HZ = 8_000;
const HIGHEST_RATE_HZ = 48_000;

/** `mediaChunks` hold images as well as sound; `audio` holds sound. */
function parseBlob({ data, mimeType }: z.output<typeof Blob>): Parsed<RealtimeInput> {
  if (mimeType.startsWith("image/")) return accept({ kind: "video" });
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

/** The first thing wrong, in Google's words where it has its own. */
function closeFor(error: z.ZodError): Close {
  const [issue] = error.issues;
  if (!issue) return Closes.badArgument("");
  const path = googlePath(issue.path);
  if (issue.code === "unrecognized_keys") return Closes.unknownField(issue.keys[0] ?? "", path);
  return path ? Closes.badValue(path, issue.message) : Closes.badJson(issue.message);
}

/** `setup.tools[0].googleSearch`: Google puts an array's index in brackets. */
function googlePath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    return text ? `${text}.${String(step)}` : String(step);
  }, "");
}

function accept<Value>(value: Value): Parsed<Value> {
  return { ok: true, value };
}

function refuse(close: Close): Parsed<never> {
  return { ok: false, close };
}
