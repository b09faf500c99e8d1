import { z } from "zod";
import { ProblemError } from "../../../protocol/errors.ts";
import { describeFieldErrors, fieldErrors, parseJson } from "../../../protocol/parse.ts";

/**
 * A body as the schema's type. An empty one is an empty object, as for Daily.
 * @throws ProblemError `invalid_json`, `invalid_request`
 */
export function parseBody<Schema extends z.ZodType>(schema: Schema, body: string): z.output<Schema> {
  return parseJson(schema, body === "" ? "{}" : body);
}

/**
 * Query parameters as the schema's type. One that is given twice is refused, since it is not said which counts.
 * @throws ProblemError `invalid_request`
 */
export function parseQuery<Schema extends z.ZodType>(
  schema: Schema,
  query: URLSearchParams,
): z.output<Schema> {
  const names = [...query.keys()];
  const double = names.find((name, index) => names.indexOf(name) !== index);
  if (double !== undefined) throw new ProblemError("invalid_request", `${double}: is given twice`);
  const result = schema.safeParse(Object.fromEntries(query));
  if (result.success) return result.data;
  throw new ProblemError("invalid_request", describeFieldErrors(fieldErrors(result.error)));
}

/** A `limit` of at most so many. Digits only, where `Number` would take an empty text for 0. */
export function limitOf(max: number) {
  return z
    .string()
    .regex(/^\d{1,9}$/, "must be a number")
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= max, { message: `must be 1 to ${max}` })
    .default(max);
}
