import type { z } from "zod";
import { type FieldError, ProblemError } from "./errors.ts";

/** The issues of a failed parse as dotted paths and sentences. */
export function fieldErrors(error: z.ZodError): FieldError[] {
  return error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message }));
}

/** One sentence of all field errors, for `detail`: official clients show no more than that. */
export function describeFieldErrors(errors: FieldError[]): string {
  return errors.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join("; ");
}

/**
 * A JSON text as the schema's type.
 * @throws ProblemError `invalid_json` when it is not JSON, `invalid_request` when it does not fit.
 */
export function parseJson<Schema extends z.ZodType>(schema: Schema, text: string): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const { message } = cause as SyntaxError; // JSON.parse throws nothing else
    throw new ProblemError("invalid_json", `The body is not JSON: ${message}`, {
      cause,
    });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = fieldErrors(result.error);
  throw new ProblemError("invalid_request", describeFieldErrors(errors), { errors });
}
