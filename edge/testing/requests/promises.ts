import { z } from "zod";
import { type Answer, headerOf, pathOf, type SentRequest } from "./exchange.ts";
import type { JsonSchema, OpenApi, Operation } from "./open-api.ts";
import { RequestFaults } from "./request-faults.ts";

/** What is known of a service, beside its document. */
export interface Expectations {
  /** Codes of 5xx that this request may be answered with: what is at fault is somebody that the service needs. */
  mayFailWith: readonly string[];
  /** Headers that whoever is between keeps for itself. */
  withheld: readonly string[];
  /** Origins of pages that may use the service, and of some that may not. */
  origins: { allowed: readonly string[]; foreign: readonly string[] };
}

const PROBLEM_TYPE = "application/problem+json";
/** What may come before anything of a request is looked at. */
const AT_THE_DOOR = ["unauthorized", "forbidden", "auth_unavailable", "misconfigured", "rate_limited"];
/** What an address may answer to a request that is for none of its operations. */
const OF_NO_OPERATION = ["not_found", "method_not_allowed", ...AT_THE_DOOR];
const SAFE_METHODS = ["GET", "HEAD", "OPTIONS"];

/** Promised where only some of the codes of a status have it: those that are worth another try. */
const FOR_SOME_CODES = ["retry-after"];

const Coded = z.looseObject({
  status: z.int(),
  code: z.string(),
  detail: z.string().min(1),
  retryable: z.boolean(),
});

/** Holds a service's answers against what its OpenAPI document promises. */
export class Promises {
  readonly #api: OpenApi;
  readonly #faults: RequestFaults;
  readonly #schemas = new Map<JsonSchema, z.ZodType>();

  constructor(api: OpenApi) {
    this.#api = api;
    this.#faults = new RequestFaults(api);
  }

  /** What an answer breaks; empty for a good one. */
  complaints(request: SentRequest, answer: Answer, expected: Expectations): string[] {
    const operations = this.#api.at(pathOf(request));
    // A HEAD is a GET whose body is kept back.
    const method = request.method === "HEAD" ? "GET" : request.method;
    const operation = operations.find((each) => each.method === method);
    const complaints = [
      ...headerComplaints(answer),
      ...originComplaints(request, answer, { operations, expected }),
    ];
    if (request.method === "HEAD" && answer.text !== "") complaints.push("a HEAD was answered with a body");
    if (request.method === "OPTIONS" && answer.status === 204) {
      if (answer.text !== "") complaints.push("a 204 with a body");
      return complaints;
    }
    const problem = answer.status >= 400 ? this.#problem(request, answer) : undefined;
    if (problem?.kind === "none") return [...complaints, ...problem.why];
    const code = problem?.code;
    if (answer.status >= 500 && !isExcused(code, expected)) {
      complaints.push(`${answer.status} ${code ?? ""}, which nobody is to blame for but the service`);
    }
    if (!operation) return [...complaints, ...noOperation(answer, { operations, code })];
    return [
      ...complaints,
      ...this.#ofOperation(request, answer, { operation, withheld: expected.withheld }),
      ...this.#faults.complaints(request, { operation, status: answer.status, code, atTheDoor: AT_THE_DOOR }),
    ];
  }

  #ofOperation(
    request: SentRequest,
    answer: Answer,
    { operation, withheld }: { operation: Operation; withheld: readonly string[] },
  ): string[] {
    const promised = operation.promised[String(answer.status)];
    if (!promised) return [`the status ${answer.status} is not promised`];
    const mayLack = [...withheld, ...(answer.status >= 400 ? FOR_SOME_CODES : [])];
    const missing = promised.headers
      .filter((name) => !answer.headers.has(name) && !mayLack.includes(name))
      .map((name) => `no ${name}, which is promised with ${answer.status}`);
    if (answer.status === 101) return [];
    const type = typeOf(answer);
    const schema = promised.schemas[type];
    if (!schema) return [...missing, `the type ${type} is not promised with ${answer.status}`];
    if (request.method === "HEAD") return missing;
    if (promised.codes.length === 0) return [...missing, ...this.#check(parsed(answer.text), schema)];
    const { code } = Coded.parse(parsed(answer.text)); // it has been looked at before
    return promised.codes.includes(code)
      ? missing
      : [...missing, `the code ${code} is not promised with ${answer.status}`];
  }

  /** The problem that an answer of 400 and above has to be. Of a HEAD only its type is seen. */
  #problem(
    { method }: SentRequest,
    answer: Answer,
  ): { kind: "problem"; code: string | undefined } | { kind: "none"; why: string[] } {
    const type = typeOf(answer);
    if (type !== PROBLEM_TYPE)
      return { kind: "none", why: [`a ${answer.status} of type ${type}, no problem`] };
    if (method === "HEAD") return { kind: "problem", code: undefined };
    const value = parsed(answer.text);
    const why = this.#check(value, this.#api.schemas.Problem ?? {});
    const coded = Coded.safeParse(value);
    if (!coded.success) return { kind: "none", why: [...why, "not a problem"] };
    const { status, code, retryable } = coded.data;
    if (status === 503 && retryable && !answer.headers.has("retry-after"))
      why.push("503 without Retry-After");
    if (status !== answer.status) why.push(`a problem of status ${status}, answered with ${answer.status}`);
    return why.length > 0 ? { kind: "none", why } : { kind: "problem", code };
  }

  #check(value: unknown, schema: JsonSchema): string[] {
    const known = this.#schemas.get(schema) ?? asZod(schema);
    this.#schemas.set(schema, known);
    const result = known.safeParse(value);
    return result.success
      ? []
      : result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  }
}

/** Of a HEAD the code is not seen. */
function isExcused(code: string | undefined, { mayFailWith }: Expectations): boolean {
  return code === undefined ? mayFailWith.length > 0 : mayFailWith.includes(code);
}

export function asZod(schema: JsonSchema): z.ZodType {
  return z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]); // it throws at what is none
}

function noOperation(
  { status, headers }: Answer,
  { operations, code }: { operations: readonly Operation[]; code: string | undefined },
): string[] {
  if (status < 400) return [`${status}, though nothing is promised here`];
  if (code !== undefined && !OF_NO_OPERATION.includes(code))
    return [`${code}, though nothing is promised here`];
  const isNowhere = operations.length === 0;
  if (status === 405 && isNowhere) return ["405 where nothing is"];
  if (status === 404 && !isNowhere) return ["404 where there is something, if not for this method"];
  if (status !== 405) return [];
  const allowed = operations.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method]));
  const told = headers.get("allow") ?? "";
  return told === allowed.join(", ") ? [] : [`Allow: ${told}`];
}

/** What browsers are told, and pages of foreign origins are refused. */
function originComplaints(
  request: SentRequest,
  answer: Answer,
  { operations, expected: { origins } }: { operations: readonly Operation[]; expected: Expectations },
): string[] {
  const origin = headerOf(request, "origin");
  const shared = answer.headers.get("access-control-allow-origin");
  if (origin === undefined) return shared === null ? [] : ["an answer to no page is shared with one"];
  if (shared !== null && shared !== origin) return [`it is shared with ${shared}`];
  if (origins.allowed.includes(origin)) {
    const isPreflight = request.method === "OPTIONS" && answer.status === 204;
    return isPreflight && shared !== origin ? ["the preflight of a page that may is refused"] : [];
  }
  if (!origins.foreign.includes(origin)) return [];
  if (shared !== null) return ["it is shared with a page of a foreign origin"];
  const isChange = !SAFE_METHODS.includes(request.method);
  const isGuarded = operations.some(
    ({ method, promised }) => method === "POST" && promised["403"]?.codes.includes("forbidden"),
  );
  return isChange && isGuarded && answer.status !== 403 && answer.status !== 503
    ? ["a page of a foreign origin was let in"]
    : [];
}

function headerComplaints({ headers, status }: Answer): string[] {
  // An upgrade has none but its own.
  if (status === 101) return [];
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
