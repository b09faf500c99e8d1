import type { ContentMessage, ServerContent } from "./server-message.ts";

/**
 * How the content of one moment is laid out in messages. `split`: one field in each (2.5). `bundled`: all of it in
 * one (3.x), for which a client has to look at every field of a message, and at `turnComplete` last.
 */
export type FrameStyle = "split" | "bundled";

/**
 * The messages of one moment, in the order in which they leave. What a client has to act upon first or last keeps its
 * place: `interrupted` has a message of its own, and nothing is put behind a `turnComplete`.
 */
export function frameContents(contents: readonly ContentMessage[], style: FrameStyle): ContentMessage[] {
  const framed = style === "split" ? contents.flatMap(split) : bundle(contents);
  return framed.map(inOrder);
}

/** These belong to `turnComplete` and leave with it, as does `usageMetadata`. */
const END_FIELDS = ["turnComplete", "turnCompleteReason", "interactionStatus"] as const;

/** A message's fields in the order in which they are said. */
const FIELDS = [
  "interrupted",
  "inputTranscription",
  "interimInputTranscription",
  "outputTranscription",
  "modelTurn",
  "groundingMetadata",
  "urlContextMetadata",
  "generationComplete",
  "waitingForInput",
  ...END_FIELDS,
] as const satisfies readonly (keyof ServerContent)[];

function split({ serverContent, usageMetadata }: ContentMessage): ContentMessage[] {
  const ends = (field: string) => (END_FIELDS as readonly string[]).includes(field);
  const single = FIELDS.filter((field) => field in serverContent && !ends(field)).map((field) => ({
    serverContent: pick(serverContent, [field]),
  }));
  if (!serverContent.turnComplete) return single;
  const end: ContentMessage = { serverContent: pick(serverContent, END_FIELDS) };
  return [...single, usageMetadata ? { ...end, usageMetadata } : end];
}

function bundle(contents: readonly ContentMessage[]): ContentMessage[] {
  const bundled: ContentMessage[] = [];
  for (const content of contents) {
    const last = bundled.at(-1);
    if (last && canJoin(last, content)) bundled[bundled.length - 1] = join(last, content);
    else bundled.push(content);
  }
  return bundled;
}

/** One message holds one stretch of sound: a late timer must not make of two pieces a larger one. */
function canJoin({ serverContent: a }: ContentMessage, { serverContent: b }: ContentMessage): boolean {
  return !a.interrupted && !b.interrupted && !a.turnComplete && !(a.modelTurn && b.modelTurn);
}

function join(a: ContentMessage, b: ContentMessage): ContentMessage {
  const serverContent: ServerContent = { ...a.serverContent, ...b.serverContent };
  for (const field of ["inputTranscription", "outputTranscription"] as const) {
    const [first, second] = [a.serverContent[field], b.serverContent[field]];
    if (!first || !second) continue;
    const text = `${first.text ?? ""}${second.text ?? ""}`;
    serverContent[field] = { ...first, ...second, ...(text ? { text } : {}) };
  }
  return { ...a, ...b, serverContent };
}

function inOrder({ serverContent, ...rest }: ContentMessage): ContentMessage {
  return { serverContent: pick(serverContent, FIELDS), ...rest };
}

function pick(content: ServerContent, fields: readonly (keyof ServerContent)[]): ServerContent {
  return Object.fromEntries(
    fields.filter((field) => content[field] !== undefined).map((field) => [field, content[field]]),
  );
}
