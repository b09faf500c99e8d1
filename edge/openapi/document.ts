import { z } from "zod";
import { ERRORS, type ErrorCodeOf, PROBLEM_CONTENT_TYPE } from "../../protocol/errors.ts";
import { OPERATIONS, type Operation, type Reply, SCHEMAS, type SchemaName } from "./operations.ts";

/**
 * The OpenAPI document, made of the schemas that requests are parsed with and of the table of operations. A router that
 * makes it as it goes (such as @hono/zod-openapi) would have to read the bodies as well; ours are read in an order of their
 * own, bounded, and refused in the words of one table of errors.
 */

type Json = Record<string, unknown>;
type EdgeError = ErrorCodeOf<"edge">;

const VERSION = "1.0.0";
const REQUESTS: readonly SchemaName[] = ["StartRequest", "ConnectRequest", "LinkReport"];
const JSON_TYPE = "application/json";

const SECURITY: Record<Operation["by"], Json[]> = {
  anybody: [],
  caller: [{ bearer: [] }, {}],
  operator: [{ operator: [] }, {}],
  // In the query, as a parameter.
  ticket: [],
  "link token": [{ linkToken: [] }],
};

export function openApiDocument({ publicUrl }: { publicUrl: string }): Json {
  return {
    openapi: "3.1.1",
    jsonSchemaDialect: "https://json-schema.org/draft/2020-12/schema",
    info: {
      title: "Chat-VRD",
      version: VERSION,
      description:
        "Starts voice sessions: a room, a token for it, and a bot that talks. Every error is a Problem with a stable `code`. Addresses that are not here answer 404 `not_found`, other methods 405 `method_not_allowed`.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: publicUrl }],
    paths: Object.fromEntries(
      Object.entries(OPERATIONS).map(([path, methods]) => [path, pathItem(path, methods)]),
    ),
    components: {
      schemas: {
        ...Object.fromEntries(Object.entries(SCHEMAS).map(([name, schema]) => [name, shown(name, schema)])),
        Problem: problemSchema(edgeErrors()),
      },
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description:
            "An API token, or a token of the OpenID provider. Not needed where the service is open.",
        },
        operator: {
          type: "http",
          scheme: "bearer",
          description: "A token of those who run the service. Only for `deep=1` in production.",
        },
        linkToken: { type: "http", scheme: "bearer", description: "From the start signal of the bot." },
      },
    },
  };
}

function pathItem(path: string, methods: Partial<Record<"get" | "post", Operation>>): Json {
  const id = {
    name: "id",
    in: "path",
    required: true,
    description: "The session's id, from the reply to its start.",
    schema: { type: "string", pattern: "^[0-9a-f]{32}$" },
  };
  return {
    ...(path.includes("{id}") ? { parameters: [id] } : {}),
    ...Object.fromEntries(
      Object.entries(methods).map(([method, operation]) => [method, operationObject(operation)]),
    ),
  };
}

function operationObject({ id, summary, description, by, parameters, body, ...rest }: Operation): Json {
  return {
    operationId: id,
    summary,
    ...(description === undefined ? {} : { description }),
    security: SECURITY[by],
    ...(parameters ? { parameters } : {}),
    // None is as good as an empty object.
    ...(body ? { requestBody: { required: false, content: content(JSON_TYPE, [body]) } } : {}),
    responses: {
      ...Object.fromEntries(
        Object.entries(rest.replies).map(([status, reply]) => [status, replyObject(status, reply)]),
      ),
      ...problemResponses(rest.problems),
    },
  };
}

function replyObject(status: string, { description, schemas = [], headers }: Reply): Json {
  const isUpgrade = status === "101";
  return {
    description,
    ...(headers ? { headers: headerObjects(headers) } : {}),
    // What goes over a WebSocket is no body: OpenAPI has no place for it.
    ...(isUpgrade ? { "x-messages": schemas.map(reference) } : {}),
    ...(isUpgrade ? {} : { content: content(JSON_TYPE, schemas) }),
  };
}

function content(type: string, schemas: readonly SchemaName[]): Json {
  const [only, ...more] = schemas.map(reference);
  if (only === undefined) return { [type]: { schema: { type: "object" } } };
  return { [type]: { schema: more.length === 0 ? only : { anyOf: [only, ...more] } } };
}

/** By status, since that is how OpenAPI tells answers apart; which codes it may be, the schema says. */
function problemResponses(codes: readonly EdgeError[]): Json {
  const byStatus = Map.groupBy(codes, (code) => ERRORS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => [
      String(status),
      {
        description: ofStatus.map((code) => `${ERRORS[code].title} (\`${code}\`)`).join(". "),
        ...problemHeaders(ofStatus),
        content: {
          [PROBLEM_CONTENT_TYPE]: {
            schema: {
              allOf: [
                { $ref: "#/components/schemas/Problem" },
                { properties: { status: { const: status }, code: { enum: ofStatus } } },
              ],
            },
          },
        },
      },
    ]),
  );
}

function problemHeaders(codes: readonly EdgeError[]): Json {
  const headers: Record<string, string> = {};
  for (const code of codes) {
    const { status, retryable } = ERRORS[code];
    if (status === 401) headers["www-authenticate"] = "Bearer.";
    if (status === 426) headers.upgrade = "websocket.";
    if (status === 429 || (status === 503 && retryable)) headers["retry-after"] = "Whole seconds.";
  }
  return Object.keys(headers).length === 0 ? {} : { headers: headerObjects(headers) };
}

function headerObjects(headers: Readonly<Record<string, string>>): Json {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: "string" } }]),
  );
}

function problemSchema(codes: readonly EdgeError[]): Json {
  const text = { type: "string" };
  return {
    type: "object",
    description: "Problem details (RFC 9457).",
    required: ["type", "title", "status", "detail", "code", "retryable"],
    properties: {
      type: text,
      title: text,
      status: { type: "integer" },
      detail: { ...text, description: "A sentence for people." },
      code: { enum: codes },
      retryable: { type: "boolean", description: "Whether the same request may succeed later." },
      errors: {
        type: "array",
        items: {
          type: "object",
          required: ["path", "message"],
          properties: { path: { ...text, description: "Of the field, dotted." }, message: text },
        },
      },
    },
  };
}

export function edgeErrors(): EdgeError[] {
  return Object.entries(ERRORS).flatMap(([code, { by }]) => {
    const programs: readonly string[] = by;
    return programs.includes("edge") ? [code as EdgeError] : []; // as the line before says
  });
}

function shown(name: string, schema: z.ZodType): unknown {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io: REQUESTS.some((request) => request === name) ? "input" : "output",
    // What a reply holds today: a client that is strict about it would break at the next field.
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  return json;
}

function reference(name: SchemaName): Json {
  return { $ref: `#/components/schemas/${name}` };
}
