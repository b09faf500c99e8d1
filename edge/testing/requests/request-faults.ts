import { z } from "zod";
import { headerOf, pathOf, queryOf, type SentRequest } from "./exchange.ts";
import { type JsonSchema, type OpenApi, type Operation, parametersIn } from "./open-api.ts";

/** What a request has wrong by the document, in the order in which a service may look at it. */
export type RequestFault = "parameter" | "type" | "json" | "schema";

/** How each fault of a body has to be answered; larger bodies are not read so far. */
const REFUSALS: Readonly<Record<Exclude<RequestFault, "parameter">, readonly string[]>> = {
  type: ["unsupported_media_type"],
  json: ["invalid_json", "body_too_large"],
  schema: ["invalid_request", "body_too_large"],
};

interface Answered {
  operation: Operation;
  status: number;
  /** Of the problem, where it is seen. */
  code: string | undefined;
  /** Codes that may come before the request is looked at. */
  atTheDoor: readonly string[];
}

/** Holds requests against the document: those that break it have to be refused, and for what they break. */
export class RequestFaults {
  readonly #bodies = new Map<JsonSchema, z.ZodType>();

  constructor({ operations }: OpenApi) {
    for (const { body } of operations) {
      if (body) this.#bodies.set(body, z.fromJSONSchema(body as Parameters<typeof z.fromJSONSchema>[0])); // it throws at what is none
    }
  }

  /** Of a request for this operation. */
  of(request: SentRequest, operation: Operation): readonly RequestFault[] {
    const isParameterWrong = operation.parameters.some((parameter) => {
      const value = {
        path: () => parametersIn(operation.path, pathOf(request))?.[parameter.name],
        query: () => queryOf(request, parameter.name),
        header: () => headerOf(request, parameter.name),
      }[parameter.in]();
      if (value === undefined) return parameter.required;
      const { pattern } = parameter.schema;
      return typeof pattern === "string" && !new RegExp(pattern).test(value);
    });
    const body = operation.body && this.#bodyFault(request, operation.body);
    return [...(isParameterWrong ? ["parameter" as const] : []), ...(body ? [body] : [])];
  }

  #bodyFault(request: SentRequest, schema: JsonSchema): Exclude<RequestFault, "parameter"> | undefined {
    // None is as good as an empty object.
    if (request.body === undefined || request.body.byteLength === 0) return undefined;
    const type = headerOf(request, "content-type")?.split(";")[0]?.trim().toLowerCase();
    if (type !== "application/json") return "type";
    try {
      const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(request.body);
      return this.#bodies.get(schema)?.safeParse(JSON.parse(text)).success ? undefined : "schema";
    } catch {
      return "json";
    }
  }

  complaints(request: SentRequest, { operation, status, code, atTheDoor }: Answered): string[] {
    const faults = this.of(request, operation);
    if (status < 400) {
      return faults.length === 0 ? [] : [`${status}, though the request has a fault: ${faults.join(", ")}`];
    }
    if (code === undefined || atTheDoor.includes(code)) return [];
    const body = faults.find((fault) => fault !== "parameter");
    if (body !== undefined) {
      return REFUSALS[body].includes(code) ? [] : [`${code}, though what is wrong is the body's ${body}`];
    }
    const isBlamed = code === "unsupported_media_type" || code === "invalid_json";
    return isBlamed ? [`${code}, though the body is good`] : [];
  }
}
