import type { z } from "zod";
import { type Close, Closes } from "./closes.ts";

export type Parsed<Value> = { ok: true; value: Value } | { ok: false; close: Close };

export function accept<Value>(value: Value): Parsed<Value> {
  return { ok: true, value };
}

export function refuse(close: Close): Parsed<never> {
  return { ok: false, close };
}

/** Objects and lists inside each other, as protobuf's own limit. */
const MAX_DEPTH = 100;

/** A JSON text as the schema's type, or how Google refuses it: the first thing wrong, in its words where it has some. */
export function parseWire<Schema extends z.ZodType>(schema: Schema, text: string): Parsed<z.output<Schema>> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refuse(Closes.badJson("Unable to parse the message as JSON."));
  }
  // Before anything that walks through it: the schemas of tools nest, and the stack ends at some thousand levels.
  if (isDeeperThan(MAX_DEPTH, json)) return refuse(Closes.badJson("Message too deep."));
  const parsed = schema.safeParse(json);
  return parsed.success ? accept(parsed.data) : refuse(closeFor(parsed.error));
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
}

function closeFor(error: z.ZodError): Close {
  const [issue] = error.issues;
  if (!issue) return Closes.badArgument("");
  const path = googlePath(issue.path);
  if (issue.code === "unrecognized_keys") return Closes.unknownField(issue.keys[0] ?? "", path);
  return path ? Closes.badValue(path, issue.message) : Closes.badJson(issue.message);
}

/**
 * `setup.tools[0].function_declarations[1].parameters`: Google names fields as its own definitions do, and puts an
 * array's index in brackets. An entry of a map is `properties[0].value` there, and `properties.city` here.
 */
function googlePath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    const name = String(step).replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return text ? `${text}.${name}` : name;
  }, "");
}
