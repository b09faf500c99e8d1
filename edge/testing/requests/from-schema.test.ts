import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { openApiDocument } from "../../openapi/document.ts";
import { fromSchema } from "./from-schema.ts";
import { type JsonSchema, OpenApi } from "./open-api.ts";

const SEED = 1;

/** As it is sent. */
const sent = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const check = (schema: JsonSchema) => z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]); // it throws at what is none

const { schemas, operations } = new OpenApi(
  sent(openApiDocument({ publicUrl: "https://voice.example.com" })),
);

describe("what is made of a schema is valid by it", () => {
  test.each(Object.entries(schemas))("%s", (_, schema) => {
    const known = check(schema);
    const property = fc.property(fromSchema(schema), (value) => {
      expect(known.safeParse(sent(value)).error?.issues).toBeUndefined();
    });
    fc.assert(property, { seed: SEED, numRuns: 200 });
  });

  test("each parameter of each operation", () => {
    for (const { schema } of operations.flatMap(({ parameters }) => parameters)) {
      const known = check(schema);
      const values = fc.sample(fromSchema(schema), { seed: SEED, numRuns: 100 });
      for (const value of values) expect(known.safeParse(value).success).toBe(true);
    }
  });
});

const sample = (schema: JsonSchema, instead = {}) =>
  fc.sample(fromSchema(schema, { instead }), { seed: SEED, numRuns: 300 });

test("all that a schema leaves open comes", () => {
  const values = sample({
    type: "object",
    properties: { a: { type: "string", minLength: 1, maxLength: 3 }, b: { type: "boolean" } },
    required: ["b"],
  });
  const Some = z.object({ a: z.string().optional(), b: z.boolean() });
  const known = values.map((value) => Some.parse(value));
  expect(new Set(known.map(({ b }) => b))).toEqual(new Set([true, false]));
  const lengths = new Set(known.map(({ a }) => a?.length));
  expect(lengths).toEqual(new Set([undefined, 1, 2, 3]));
  const names = new Set(values.flatMap((value) => Object.keys(value as object))); // as Some has seen
  expect(names).toContain("__proto__");
  expect(names.size).toBeGreaterThan(20);
});

test("numbers keep to their bounds, and reach them", () => {
  const values = sample({ type: "integer", minimum: 2, maximum: 10 });
  expect(new Set(values)).toEqual(new Set([2, 3, 4, 5, 6, 7, 8, 9, 10]));
  for (const value of sample({ type: "number", exclusiveMinimum: 0 })) expect(value).toBeGreaterThan(0);
});

test("a field may be given another source", () => {
  const schema = { type: "object", properties: { user: { type: "object", properties: { locale: {} } } } };
  const values = sample(schema, { "user.locale": fc.constant("de-DE") });
  const Some = z.object({ user: z.object({ locale: z.string().optional() }).optional() });
  const locales = new Set(values.map((value) => Some.parse(value).user?.locale));
  expect(locales).toEqual(new Set([undefined, "de-DE"]));
});

test.each([
  [{ type: "string", contentEncoding: "base64" }, "contentEncoding"],
  [{ type: "object", properties: { a: { not: {} } } }, "not"],
  [{ type: "string", format: "email" }, "email"],
])("%j, which it could not keep to, is refused", (schema, word) => {
  expect(() => fromSchema(schema)).toThrow(word);
});
