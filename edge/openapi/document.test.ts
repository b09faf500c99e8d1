import { describe, expect, test } from "vitest";
import { z } from "zod";
import { app } from "../app.ts";
import { useCapturedLogs } from "../testing/captured-logs.ts";
import { get } from "../testing/edge-client.ts";
import { edgeErrors, openApiDocument } from "./document.ts";
import { OPERATIONS, SCHEMAS } from "./operations.ts";

useCapturedLogs();

/**
 * The rules of OpenAPI 3.1 for all that the document uses, and no field beyond that.
 * https://spec.openapis.org/oas/v3.1.1.html
 */
const Schema = z.looseObject({});
const Reference = z.strictObject({ $ref: z.string().startsWith("#/components/schemas/") });
const Media = z.strictObject({ schema: z.union([Reference, Schema]) });
const Content = z.record(z.enum(["application/json", "application/problem+json"]), Media.optional());
const Header = z.strictObject({ description: z.string().min(1), schema: Schema });
const Parameter = z.strictObject({
  name: z.string().min(1),
  in: z.enum(["query", "header", "path"]),
  description: z.string().optional(),
  required: z.boolean().optional(),
  schema: Schema,
});
const Response = z.strictObject({
  description: z.string().min(1),
  headers: z.record(z.string(), Header).optional(),
  content: Content.optional(),
  "x-messages": z.array(Reference).optional(),
});
const Operation = z.strictObject({
  operationId: z.string().regex(/^[a-z][A-Za-z]+$/),
  summary: z.string().min(1),
  description: z.string().optional(),
  security: z.array(z.record(z.string(), z.array(z.string()).length(0))),
  parameters: z.array(Parameter).optional(),
  requestBody: z.strictObject({ required: z.boolean(), content: Content }).optional(),
  responses: z.record(z.string().regex(/^[1-5]\d\d$/), Response),
});
const PathItem = z.strictObject({
  parameters: z.array(Parameter).optional(),
  get: Operation.optional(),
  post: Operation.optional(),
});
const Document = z.strictObject({
  openapi: z.string().regex(/^3\.1\.\d$/),
  jsonSchemaDialect: z.url(),
  info: z.strictObject({
    title: z.string().min(1),
    version: z.string().min(1),
    description: z.string(),
    license: z.strictObject({ name: z.string(), identifier: z.string() }),
  }),
  servers: z.array(z.strictObject({ url: z.url() })).min(1),
  paths: z.record(z.string().startsWith("/"), PathItem),
  components: z.strictObject({
    schemas: z.record(z.string().regex(/^[A-Za-z]+$/), Schema),
    securitySchemes: z.record(
      z.string(),
      z.strictObject({
        type: z.literal("http"),
        scheme: z.literal("bearer"),
        description: z.string(),
      }),
    ),
  }),
});

/** As a client reads it: JSON, in which what is undefined is gone. */
const text = JSON.stringify(openApiDocument({ publicUrl: "https://voice.example.com" }));
const document = Document.parse(JSON.parse(text));
const operations = Object.entries(document.paths).flatMap(([path, { parameters = [], ...methods }]) =>
  Object.entries(methods).flatMap(([method, operation]) =>
    operation
      ? [{ path, method, operation, parameters: [...parameters, ...(operation.parameters ?? [])] }]
      : [],
  ),
);

test("GET /openapi.json is it, with the address of this service", async () => {
  const response = await get("/openapi.json", { origin: "https://app.example.com" });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example.com");
  const served = Document.parse(await response.json());
  expect(served).toEqual({ ...document, servers: [{ url: "http://edge.test" }] });
});

test("every route is in it, and nothing that is none", () => {
  const routes = app.routes
    .filter(({ method, path }) => method !== "ALL" && path !== "*" && path !== "/*")
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
  const described = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
  expect(described.toSorted()).toEqual([...new Set(routes)].toSorted());
  expect(described.length).toBeGreaterThan(9);
});

test("every error of the edge is the answer of some operation, but those of no route", () => {
  const told = operations.flatMap(({ operation }) =>
    Object.values(operation.responses).flatMap(({ content }) => codesOf(content)),
  );
  const ofNoRoute = ["not_found", "method_not_allowed"];
  expect([...new Set([...told, ...ofNoRoute])].toSorted()).toEqual(edgeErrors().toSorted());
  for (const code of ofNoRoute) expect(document.info.description).toContain(code);
});

function codesOf(content: z.output<typeof Content> | undefined): string[] {
  const Coded = z.object({
    allOf: z.tuple([
      Reference,
      z.object({ properties: z.object({ code: z.object({ enum: z.array(z.string()) }) }) }),
    ]),
  });
  const coded = Coded.safeParse(content?.["application/problem+json"]?.schema);
  return coded.success ? coded.data.allOf[1].properties.code.enum : [];
}

test("every operation has an id of its own, an answer that is good and the parameters of its path", () => {
  const ids = operations.map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { path, operation, parameters } of operations) {
    const statuses = Object.keys(operation.responses);
    expect(statuses.some((status) => status < "300")).toBe(true);
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const declared = parameters.filter((parameter) => parameter.in === "path");
    expect(declared.map(({ name }) => name)).toEqual(inPath);
    expect(declared.every(({ required }) => required === true)).toBe(true);
    const keys = parameters.map((parameter) => `${parameter.in} ${parameter.name.toLowerCase()}`);
    expect(new Set(keys).size).toBe(keys.length);
  }
});

test("every reference is to something that is there, and everything that is there is referred to", () => {
  const references = [...text.matchAll(/"\$ref":"([^"]*)"/g)].map(([, target]) => target);
  const there = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
  expect(there).toEqual(expect.arrayContaining([...new Set(references)]));
  expect([...new Set(references)].toSorted()).toEqual(there.toSorted());
  for (const { operation } of operations) {
    for (const scheme of operation.security.flatMap((each) => Object.keys(each))) {
      expect(Object.keys(document.components.securitySchemes)).toContain(scheme);
    }
  }
});

describe("the schema", () => {
  test.each(Object.keys(SCHEMAS))("%s is one that a reader of JSON Schema takes", (name) => {
    expect(() => z.fromJSONSchema(plain(document.components.schemas[name]))).not.toThrow();
  });

  test("of a start's request says yes and no as the service does", () => {
    const schema = z.fromJSONSchema(plain(document.components.schemas.StartRequest));
    for (const good of [
      {},
      { user: { id: "ada" } },
      { body: null },
      { unknown: 1 },
      { transport: "daily" },
    ]) {
      expect(schema.safeParse(good).success).toBe(SCHEMAS.StartRequest.safeParse(good).success);
      expect(schema.safeParse(good).success).toBe(true);
    }
    for (const bad of [[], { user: { id: "" } }, { createDailyRoom: "yes" }, { transport: "webrtc" }]) {
      expect(schema.safeParse(bad).success).toBe(SCHEMAS.StartRequest.safeParse(bad).success);
      expect(schema.safeParse(bad).success).toBe(false);
    }
  });

  test("of a reply lets later fields come", () => {
    expect(JSON.stringify(document.components.schemas.StartReply)).not.toContain("additionalProperties");
  });
});

/** Plain JSON as a JSON Schema. */
function plain(json: unknown): Parameters<typeof z.fromJSONSchema>[0] {
  return json as Parameters<typeof z.fromJSONSchema>[0]; // it throws at what is none
}

test("the table names no operation twice", () => {
  const named = Object.values(OPERATIONS).flatMap((methods) => Object.values(methods).map(({ id }) => id));
  expect(new Set(named).size).toBe(named.length);
});
