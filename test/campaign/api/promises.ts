import { z } from "zod";

/** What a service answered. */
export interface Answer {
  method: string;
  /** The route as the document writes it, such as `/api/rtvi/{id}`; for no route, the path itself. */
  path: string;
  status: number;
  headers: Headers;
  text: string;
}

const Media = z.object({ schema: z.record(z.string(), z.unknown()) });
const Document = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z
        .object({
          responses: z.record(z.string(), z.object({ content: z.record(z.string(), Media).optional() })),
        })
        .or(z.array(z.unknown())),
    ),
  ),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
});

/** The members of what is promised of a problem, beside the schema that all problems share. */
const ProblemSchema = z.object({
  allOf: z.tuple([
    z.unknown(),
    z.object({
      properties: z.object({
        status: z.object({ const: z.int() }),
        code: z.object({ enum: z.array(z.string()) }),
      }),
    }),
  ]),
});
const Problem = z.object({
  status: z.int(),
  code: z.string(),
  detail: z.string().min(1),
  retryable: z.boolean(),
});

const PROBLEM_TYPE = "application/problem+json";
/** What any address may answer to a request that is for none of its operations. */
const OF_NO_OPERATION: Readonly<Record<number, string>> = { 404: "not_found", 405: "method_not_allowed" };

/** What a service promises in its OpenAPI document, to hold its answers against. */
export class Promises {
  readonly #document: z.output<typeof Document>;
  readonly #schemas = new Map<string, z.ZodType>();

  /** @throws ZodError when it is not a document of OpenAPI 3.1 with the parts that are needed here */
  constructor(document: unknown) {
    this.#document = Document.parse(document);
  }

  /** What an answer breaks; empty for a good one. */
  complaints(answer: Answer): string[] {
    const operation = this.#document.paths[answer.path]?.[answer.method.toLowerCase()];
    const common = headerComplaints(answer);
    if (operation === undefined || Array.isArray(operation)) return [...common, ...noOperation(answer)];
    const promised = operation.responses[String(answer.status)];
    if (!promised) return [...common, `the status ${answer.status} is not promised`];
    const type = typeOf(answer);
    const media = promised.content?.[type];
    if (!media) return [...common, `the type ${type} is not promised with ${answer.status}`];
    const value = parsed(answer.text);
    return [
      ...common,
      ...(type === PROBLEM_TYPE ? problemComplaints(value, media.schema) : this.#check(value, media.schema)),
    ];
  }

  #check(value: unknown, schema: unknown): string[] {
    const key = JSON.stringify(schema);
    const known = this.#schemas.get(key) ?? asZod(this.#whole(schema));
    this.#schemas.set(key, known);
    const result = known.safeParse(value);
    return result.success
      ? []
      : result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  }

  /** A schema with what it refers to in its place. */
  #whole(schema: unknown): unknown {
    if (Array.isArray(schema)) return schema.map((item) => this.#whole(item));
    if (typeof schema !== "object" || schema === null) return schema;
    const reference = z.object({ $ref: z.string() }).safeParse(schema);
    if (reference.success) {
      const name = reference.data.$ref.split("/").at(-1) ?? "";
      return this.#whole(this.#document.components.schemas[name]);
    }
    return Object.fromEntries(Object.entries(schema).map(([name, inner]) => [name, this.#whole(inner)]));
  }
}

function asZod(schema: unknown): z.ZodType {
  return z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]); // it throws at what is none
}

function noOperation({ status, text, headers, method }: Answer): string[] {
  const code = OF_NO_OPERATION[status];
  if (code === undefined) return [`${status} to ${method}, which is not promised here`];
  const problem = Problem.safeParse(parsed(text));
  if (!problem.success || problem.data.code !== code) return [`${status} that is not ${code}`];
  return status === 405 && !headers.has("allow") ? ["405 without Allow"] : [];
}

function problemComplaints(value: unknown, schema: unknown): string[] {
  const problem = Problem.safeParse(value);
  if (!problem.success) return [`not a problem: ${z.prettifyError(problem.error)}`];
  const [, { properties }] = ProblemSchema.parse(schema).allOf;
  const { code, status } = problem.data;
  if (code === "internal") return ["something broke"];
  if (!properties.code.enum.includes(code)) return [`the code ${code} is not promised with ${status}`];
  return status === properties.status.const ? [] : [`a problem of status ${status} with another one's code`];
}

function headerComplaints({ headers, status }: Answer): string[] {
  const complaints: string[] = [];
  if (!headers.has("x-request-id")) complaints.push("no x-request-id");
  if (headers.get("x-content-type-options") !== "nosniff") complaints.push("no nosniff");
  if (headers.get("cache-control") !== "no-store") complaints.push("it may be kept by somebody in between");
  if (status === 401 && !headers.has("www-authenticate")) complaints.push("401 without WWW-Authenticate");
  if (status === 429 && !headers.has("retry-after")) complaints.push("429 without Retry-After");
  return complaints;
}

function typeOf({ headers }: Answer): string {
  return headers.get("content-type")?.split(";")[0] ?? "";
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
