import { describe, expect, test } from "vitest";
import { z } from "zod";
import { app } from "../app.ts";
import { useCapturedLogs } from "../testing/captured-logs.ts";
import { get } from "../testing/edge-client.ts";
import { edgeErrors, openApiDocument } from "./document.ts";
import { SCHEMAS } from "./operations.ts";

useCapturedLogs();

/** What is looked at below. Whether all of it is good OpenAPI, a validator and a linter say in tests of their own. */
const Schema = z.looseObject({});
const Operation = z.looseObject({
  responses: z.record(
    z.string(),
    z.looseObject({ content: z.record(z.string(), z.looseObject({ schema: Schema })).optional() }),
  ),
});
const Document = z.looseObject({
  info: z.looseObject({ description: z.string() }),
  paths: z.record(z.string(), z.looseObject({ get: Operation.optional(), post: Operation.optional() })),
  components: z.looseObject({ schemas: z.record(z.string(), Schema) }),
});

/** As a client reads it: JSON, in which what is undefined is gone. */
const text = JSON.stringify(openApiDocument({ publicUrl: "https://voice.example.com" }));
const document = Document.parse(JSON.parse(text));
const operations = Object.entries(document.paths).flatMap(([path, { get, post }]) =>
  Object.entries({ get, post }).flatMap(([method, operation]) =>
    operation ? [{ path, method, operation }] : [],
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

/** Files for browsers, and no part of the API. */
const isPage = (path: string) => ["*", "/*", "/app", "/app/*"].includes(path);

test("every route is in it, and nothing that is none", () => {
  const routes = app.routes
    .filter(({ method, path }) => method !== "ALL" && !isPage(path))
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

type Content = z.output<typeof Operation>["responses"][string]["content"];

function codesOf(content: Content): string[] {
  const Coded = z.object({
    allOf: z.tuple([
      z.object({ $ref: z.literal("#/components/schemas/Problem") }),
      z.object({ properties: z.object({ code: z.object({ enum: z.array(z.string()) }) }) }),
    ]),
  });
  const coded = Coded.safeParse(content?.["application/problem+json"]?.schema);
  return coded.success ? coded.data.allOf[1].properties.code.enum : [];
}

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
