/**
 * The document against the official schema of OpenAPI 3.1, and against the strict rules of a linter. The first says
 * whether it is OpenAPI at all; the second, whether it makes sense: what is referred to is there, and the like.
 */
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import { openApiDocument } from "../../edge/openapi/document.ts";

type Json = Record<string, unknown>;

/** A path of keys in the document, and what is done to the object there. */
interface Fault {
  at: string[];
  plant(node: Json): void;
}

const STRICT = await createConfig({
  extends: ["recommended-strict"],
  // What we promise beyond that.
  rules: { "operation-4xx-problem-details-rfc7807": "error", "parameter-description": "error" },
});

/** What the linter finds and is left as it is, by the reason. */
const EXCEPTIONS = {
  "The good answer to an upgrade is 101.": [
    "operation-2xx-response #/paths/~1api~1rtvi~1{id}~1events/get/responses",
    "operation-2xx-response #/paths/~1internal~1sessions~1{id}~1bot/get/responses",
  ],
  "Nothing in the request could be wrong.": [
    "operation-4xx-response #/paths/~1client-config/get/responses",
    "operation-4xx-response #/paths/~1openapi.json/get/responses",
  ],
  // It is `x-messages` that names them, and the linter reads no extensions.
  "OpenAPI has no place for the messages of a WebSocket.": [
    "no-unused-components #/components/schemas/EventMessage",
    "no-unused-components #/components/schemas/LinkCommand",
    "no-unused-components #/components/schemas/LinkReport",
  ],
};
const EXCEPTED = Object.values(EXCEPTIONS).flat();

/** As a client reads it: JSON, in which what is undefined is gone. */
const TEXT = JSON.stringify(openApiDocument({ publicUrl: "https://voice.test" }));

function parsed(): Json {
  const document: unknown = JSON.parse(TEXT);
  if (!isObject(document)) throw new Error("the document is no object");
  return document;
}

function withFault({ at, plant }: Fault): Json {
  const document = parsed();
  plant(nodeAt(document, at));
  return document;
}

function nodeAt(document: Json, path: string[]): Json {
  return path.reduce((node, key) => {
    const next = node[key];
    if (!isObject(next)) throw new Error(`nothing is at ${path.join(" ")}`);
    return next;
  }, document);
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null;
}

/** Where the official schema is broken; empty when it is not. */
async function invalidPlaces(document: Json): Promise<string[]> {
  const { valid, errors = [] } = await new Validator().validate(document);
  if (valid) return [];
  return typeof errors === "string" ? [errors] : errors.map(({ instancePath }) => `#${instancePath}`);
}

/** Which rules of the linter are broken, and where. */
async function lintProblems(document: Json): Promise<string[]> {
  const source = JSON.stringify(document);
  const problems = await lintFromString({ source, absoluteRef: "/openapi.json", config: STRICT });
  return problems.map(({ ruleId, location: [place] }) => `${ruleId} ${place?.pointer}`).toSorted();
}

const START = ["paths", "/api/rtvi/start", "post"];
const START_AT = "#/paths/~1api~1rtvi~1start/post";
const VIEW = ["paths", "/api/rtvi/{id}"];
const VIEW_AT = "#/paths/~1api~1rtvi~1{id}";
const SCHEMAS = ["components", "schemas"];
const STOP_REPLY = [...SCHEMAS, "StopReply"];
const STOP_REPLY_AT = "#/components/schemas/StopReply";

describe("by the official schema", () => {
  it("the document is OpenAPI 3.1", async () => {
    const validator = new Validator();
    expect(await validator.validate(parsed())).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
  });

  it.each<[string, Fault, string]>([
    [
      "a field it does not know",
      { at: START, plant: (start) => Object.assign(start, { sumary: "" }) },
      START_AT,
    ],
    [
      "a response without a description",
      { at: [...START, "responses", "201"], plant: (created) => delete created.description },
      `${START_AT}/responses/201`,
    ],
    [
      "a status that is none",
      {
        at: [...START, "responses"],
        plant: (responses) => Object.assign(responses, { "20": responses["201"] }),
      },
      `${START_AT}/responses`,
    ],
    [
      "a path without its slash",
      { at: ["paths"], plant: (paths) => Object.assign(paths, { start: {} }) },
      "#/paths",
    ],
    [
      "a parameter that is nowhere in a request",
      { at: [...VIEW, "parameters", "0"], plant: (id) => Object.assign(id, { in: "body" }) },
      `${VIEW_AT}/parameters/0/in`,
    ],
    [
      "a parameter of the path that may be missing",
      { at: [...VIEW, "parameters", "0"], plant: (id) => delete id.required },
      `${VIEW_AT}/parameters/0`,
    ],
    ["no title", { at: ["info"], plant: (info) => delete info.title }, "#/info"],
  ])("%s is a fault", async (_, fault, place) => {
    expect(await invalidPlaces(withFault(fault))).toContain(place);
  });
});

describe("by the linter's strict rules", () => {
  it("the document is good, but for what has a reason", async () => {
    expect(await lintProblems(parsed())).toEqual(EXCEPTED.toSorted());
  });

  it.each<[string, Fault, string]>([
    [
      "a reference to nothing",
      {
        at: [...START, "responses", "201", "content", "application/json", "schema"],
        plant: (schema) => Object.assign(schema, { $ref: "#/components/schemas/StratReply" }),
      },
      `no-unresolved-refs ${START_AT}/responses/201/content/application~1json/schema`,
    ],
    [
      "a schema that nothing refers to",
      { at: SCHEMAS, plant: (schemas) => Object.assign(schemas, { Spare: { type: "object" } }) },
      "no-unused-components #/components/schemas/Spare",
    ],
    [
      "an id that another operation has",
      { at: START, plant: (start) => Object.assign(start, { operationId: "connect" }) },
      "operation-operationId-unique #/paths/~1connect/post/connect",
    ],
    [
      "an operation without an id",
      { at: START, plant: (start) => delete start.operationId },
      `operation-operationId ${START_AT}/operationId`,
    ],
    [
      "an operation without a summary",
      { at: START, plant: (start) => delete start.summary },
      `operation-summary ${START_AT}/summary`,
    ],
    [
      "a parameter of the path that is not declared",
      { at: VIEW, plant: (view) => delete view.parameters },
      `path-parameters-defined ${VIEW_AT}/get/parameters`,
    ],
    [
      "a parameter that is declared twice",
      {
        at: START,
        plant: (start) => {
          if (Array.isArray(start.parameters)) start.parameters.push(start.parameters[0]);
        },
      },
      `operation-parameters-unique ${START_AT}/parameters/1`,
    ],
    [
      "no good answer",
      {
        at: [...START, "responses"],
        plant: (responses) => [200, 201].map((status) => delete responses[status]),
      },
      `operation-2xx-response ${START_AT}/responses`,
    ],
    [
      "a refusal that is no problem document",
      {
        at: [...START, "responses", "422"],
        plant: (invalid) => Object.assign(invalid, { content: { "application/json": {} } }),
      },
      `operation-4xx-problem-details-rfc7807 ${START_AT}/responses/422`,
    ],
    [
      "a parameter that nothing is said about",
      { at: [...VIEW, "parameters", "0"], plant: (id) => delete id.description },
      `parameter-description ${VIEW_AT}/parameters/0`,
    ],
    [
      "a way to say who one is that is none",
      { at: START, plant: (start) => Object.assign(start, { security: [{ bearerer: [] }] }) },
      `security-defined ${START_AT}/security/0/bearerer`,
    ],
    [
      "a type that JSON Schema has not",
      { at: STOP_REPLY, plant: (reply) => Object.assign(reply, { type: "objekt" }) },
      `struct ${STOP_REPLY_AT}/type`,
    ],
    [
      "a required field that is not there",
      { at: STOP_REPLY, plant: (reply) => Object.assign(reply, { required: ["stat"] }) },
      `no-required-schema-properties-undefined ${STOP_REPLY_AT}/required/0`,
    ],
    [
      "a value that the type excludes",
      {
        at: [...STOP_REPLY, "properties", "state"],
        plant: (state) => Object.assign(state, { enum: [1] }),
      },
      `no-enum-type-mismatch ${STOP_REPLY_AT}/properties/state/enum/0`,
    ],
    [
      "no server",
      { at: [], plant: (document) => Object.assign(document, { servers: [] }) },
      "no-empty-servers #/servers",
    ],
  ])("%s is a fault", async (_, fault, problem) => {
    const problems = await lintProblems(withFault(fault));
    expect(problems.filter((one) => !EXCEPTED.includes(one))).toEqual([problem]);
  });

  it("what has no good answer but an upgrade has that", () => {
    const paths = ["/api/rtvi/{id}/events", "/internal/sessions/{id}/bot"];
    for (const path of paths) {
      const responses = nodeAt(parsed(), ["paths", path, "get", "responses"]);
      expect(Object.keys(responses).filter((status) => status < "300")).toEqual(["101"]);
    }
    expect(EXCEPTED.filter((one) => one.startsWith("operation-2xx"))).toHaveLength(paths.length);
  });

  it("the schemas that seem unused are those of `x-messages`, and no other is in there", () => {
    const lists = [...TEXT.matchAll(/"x-messages":\[(.*?)\]/g)].map(([, list]) => list).join();
    const named = [...lists.matchAll(/"\$ref":"(.*?)"/g)].map(
      ([, target]) => `no-unused-components ${target}`,
    );
    expect(named.toSorted()).toEqual(EXCEPTED.filter((one) => one.startsWith("no-unused")).toSorted());
  });
});
