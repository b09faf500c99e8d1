import { z } from "zod";

export type JsonSchema = Readonly<Record<string, unknown>>;

export interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  required: boolean;
  schema: JsonSchema;
}

/** An answer that is promised. */
export interface Promised {
  /** By content type; none for an upgrade. */
  schemas: Readonly<Record<string, JsonSchema>>;
  /** Names of headers that it has. */
  headers: readonly string[];
  /** Of a problem: those that it may be. */
  codes: readonly string[];
}

export interface Operation {
  /** In capitals. */
  method: string;
  /** As the document writes it, such as `/api/rtvi/{id}`. */
  path: string;
  parameters: readonly Parameter[];
  /** Of the body, if it takes one. */
  body: JsonSchema | undefined;
  /** By status. */
  promised: Readonly<Record<string, Promised>>;
}

const JSON_TYPE = "application/json";
const METHODS = ["get", "put", "post", "delete", "patch"] as const;

const Schema = z.record(z.string(), z.unknown());
const Content = z.record(z.string(), z.object({ schema: Schema }));
const ParameterObject = z.object({
  name: z.string(),
  in: z.enum(["path", "query", "header"]),
  required: z.boolean().default(false),
  schema: Schema,
});
const OperationObject = z.object({
  parameters: z.array(ParameterObject).default([]),
  requestBody: z.object({ content: Content }).optional(),
  responses: z.record(
    z.string(),
    z.object({ content: Content.default({}), headers: z.record(z.string(), z.unknown()).default({}) }),
  ),
});
const PathItem = z.object({
  parameters: z.array(ParameterObject).default([]),
  ...Object.fromEntries(METHODS.map((method) => [method, OperationObject.optional()])),
});
const Document = z.object({
  paths: z.record(z.string(), PathItem),
  components: z.object({ schemas: z.record(z.string(), Schema) }),
});

/** How a problem's schema says which it may be, beside what all problems share. */
const OfCodes = z.object({
  allOf: z.tuple([
    z.unknown(),
    z.object({ properties: z.object({ code: z.object({ enum: z.array(z.string()) }) }) }),
  ]),
});

/** What a service says of itself in its OpenAPI document, with every reference replaced by what it is to. */
export class OpenApi {
  readonly operations: readonly Operation[];
  readonly schemas: Readonly<Record<string, JsonSchema>>;

  /** @throws ZodError when it is not a document of OpenAPI 3.1 with the parts that are needed here */
  constructor(document: unknown) {
    const { paths, components } = Document.parse(document);
    const whole = (schema: JsonSchema) => Schema.parse(withoutReferences(schema, components.schemas));
    this.schemas = Object.fromEntries(
      Object.entries(components.schemas).map(([name, schema]) => [name, whole(schema)]),
    );
    this.operations = Object.entries(paths).flatMap(([path, { parameters, ...methods }]) =>
      Object.entries(methods).flatMap(([method, described]) => {
        if (described === undefined) return [];
        const { requestBody, responses, parameters: own } = OperationObject.parse(described);
        const body = requestBody?.content[JSON_TYPE]?.schema;
        return {
          method: method.toUpperCase(),
          path,
          parameters: [...parameters, ...own],
          body: body && whole(body),
          promised: Object.fromEntries(
            Object.entries(responses).map(([status, { content, headers }]) => [
              status,
              {
                schemas: Object.fromEntries(
                  Object.entries(content).map(([type, { schema }]) => [type, whole(schema)]),
                ),
                headers: Object.keys(headers),
                codes: Object.values(content).flatMap(({ schema }) => codesOf(schema)),
              },
            ]),
          ),
        };
      }),
    );
  }

  /** The operations of an address, by its path as it is sent. A path without parameters goes before one with. */
  at(pathname: string): readonly Operation[] {
    const path = [...new Set(this.operations.map((operation) => operation.path))]
      .toSorted((a, b) => Number(a.includes("{")) - Number(b.includes("{")))
      .find((template) => parametersIn(template, pathname) !== undefined);
    return this.operations.filter((operation) => operation.path === path);
  }
}

/** The parameters of a path as they were sent, still encoded; `undefined` when it is not of this template. */
export function parametersIn(template: string, pathname: string): Record<string, string> | undefined {
  const pattern = template.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)").replace(/\./g, "\\.");
  const match = new RegExp(`^${pattern}$`).exec(unescaped(pathname));
  return match ? { ...match.groups } : undefined;
}

/** Routers read `%73` as `s`; what separates (`%2F`) stays as it is. */
function unescaped(pathname: string): string {
  try {
    return decodeURI(pathname);
  } catch {
    return pathname;
  }
}

function codesOf(schema: JsonSchema): readonly string[] {
  const coded = OfCodes.safeParse(schema);
  return coded.success ? coded.data.allOf[1].properties.code.enum : [];
}

const Reference = z.object({ $ref: z.string().startsWith("#/components/schemas/") });

/** None of our schemas holds itself. @throws ZodError at a reference to elsewhere; Error at one to nothing */
function withoutReferences(schema: unknown, schemas: Readonly<Record<string, JsonSchema>>): unknown {
  if (Array.isArray(schema)) return schema.map((item) => withoutReferences(item, schemas));
  if (typeof schema !== "object" || schema === null) return schema;
  if ("$ref" in schema) {
    const name = Reference.parse(schema).$ref.split("/").at(-1) ?? "";
    if (!schemas[name]) throw new Error(`nothing is at ${name}`);
    return withoutReferences(schemas[name], schemas);
  }
  return Object.fromEntries(
    Object.entries(schema).map(([name, inner]) => [name, withoutReferences(inner, schemas)]),
  );
}
