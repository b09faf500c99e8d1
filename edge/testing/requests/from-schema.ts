import fc, { type Arbitrary } from "fast-check";
import { z } from "zod";
import type { JsonSchema } from "./open-api.ts";

/** Every keyword of JSON Schema that is heeded. A schema with another one is refused: it could not be kept. */
const Node = z.strictObject({
  type: z.enum(["object", "array", "string", "number", "integer", "boolean", "null"]).optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).min(1).optional(),
  anyOf: z.array(z.record(z.string(), z.unknown())).optional(),
  oneOf: z.array(z.record(z.string(), z.unknown())).optional(),
  properties: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
  required: z.array(z.string()).default([]),
  additionalProperties: z.record(z.string(), z.unknown()).optional(),
  propertyNames: z.record(z.string(), z.unknown()).optional(),
  items: z.record(z.string(), z.unknown()).default({}),
  minLength: z.int().optional(),
  maxLength: z.int().optional(),
  pattern: z.string().optional(),
  format: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  // They say nothing of what is valid.
  default: z.unknown().optional(),
  description: z.string().optional(),
  examples: z.array(z.unknown()).optional(),
});
type Node = z.output<typeof Node>;

interface Options {
  /**
   * What to take instead of what the schema says, by the dotted path of a field: services ask for more of some fields
   * than a schema can say.
   */
  instead?: Readonly<Record<string, Arbitrary<unknown>>>;
}

/** Entries of an object or a list that is free to have any number. */
const MAX_ENTRIES = 4;

/**
 * Values that a JSON Schema (2020-12, without references) allows, of all kinds that it allows.
 * @throws ZodError at a keyword that is not known here
 */
export function fromSchema(schema: JsonSchema, { instead = {} }: Options = {}): Arbitrary<unknown> {
  return ofNode(schema, { path: "", instead });
}

interface Place {
  path: string;
  instead: Readonly<Record<string, Arbitrary<unknown>>>;
}

function ofNode(schema: JsonSchema, place: Place): Arbitrary<unknown> {
  const other = place.instead[place.path];
  if (other) return other;
  const node = Node.parse(schema);
  if ("const" in schema) return fc.constant(node.const);
  if (node.enum) return fc.constantFrom(...node.enum);
  // Of `oneOf` too: where two would fit at once, it would not be valid, which the tests would see.
  const choices = node.anyOf ?? node.oneOf;
  if (choices) return fc.oneof(...choices.map((choice) => ofNode(choice, place)));
  switch (node.type) {
    case undefined:
      return fc.jsonValue({ maxDepth: 2 });
    case "null":
      return fc.constant(null);
    case "boolean":
      return fc.boolean();
    case "integer":
      return fc.integer({
        min: node.minimum ?? (node.exclusiveMinimum ?? Number.MIN_SAFE_INTEGER - 1) + 1,
        max: node.maximum ?? Number.MAX_SAFE_INTEGER,
      });
    case "number":
      return fc
        .double({
          noNaN: true,
          min: node.minimum ?? node.exclusiveMinimum ?? -Number.MAX_VALUE,
          minExcluded: node.exclusiveMinimum !== undefined,
          max: node.maximum ?? Number.MAX_VALUE,
        })
        .map((value) => (Object.is(value, -0) ? 0 : value));
    case "string":
      return text(node);
    case "array":
      return fc.array(ofNode(node.items, place), { maxLength: MAX_ENTRIES });
    case "object":
      return object(node, place);
  }
}

function text({ minLength = 0, maxLength, pattern, format }: Node): Arbitrary<string> {
  const fits = (value: string) => value.length >= minLength && value.length <= (maxLength ?? value.length);
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern)).filter(fits);
  if (format === "uri") return fc.webUrl({ withQueryParameters: true, withFragments: true }).filter(fits);
  if (format !== undefined) throw new Error(`the format ${format} is not known here`);
  const units = ["grapheme-ascii", "grapheme", "binary"] as const;
  return fc
    .oneof(
      ...units.map((unit) =>
        fc.string({ unit, minLength, ...(maxLength === undefined ? {} : { maxLength }) }),
      ),
    )
    .filter(fits);
}

/** The fields that are named, as many of the others as may be, and names that mean something to JavaScript. */
function object(node: Node, { path, instead }: Place): Arbitrary<unknown> {
  const { properties = {}, required, additionalProperties = {} } = node;
  const fields = Object.entries(properties).map(
    ([name, field]) => [name, ofNode(field, { path: below(path, name), instead })] as const,
  );
  const known = fc.record(Object.fromEntries(fields), {
    requiredKeys: required,
    noNullPrototype: true,
  });
  const names = node.propertyNames
    ? ofNode(node.propertyNames, { path: "", instead: {} }).map(String)
    : fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "toString", "then", "length"));
  const others = fc.dictionary(
    names.filter((name) => !Object.hasOwn(properties, name)),
    ofNode(additionalProperties, { path: below(path, "*"), instead }),
    { maxKeys: MAX_ENTRIES, noNullPrototype: true },
  );
  const isNamed = fields.length > 0;
  return fc
    .tuple(known, isNamed ? fc.option(others, { freq: 3, nil: {} }) : others)
    .map(([some, more]) => Object.fromEntries([...Object.entries(some), ...Object.entries(more)]));
}

function below(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
