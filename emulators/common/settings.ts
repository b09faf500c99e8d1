import { z } from "zod";
import { fieldErrors } from "../../protocol/parse.ts";

/** What every emulator reads of its environment. */
export function emulatorSettings(defaultPort: number) {
  return z.object({
    APP_ENV: z
      .enum(["development", "production"], { error: "has to be development or production" })
      .default("development")
      .refine((environment) => environment !== "production", {
        error: "is production, where an emulator has no place",
      }),
    /** 0 takes a free one. Digits only: `Number` would take an empty line for 0 and `0x10` for 16. */
    PORT: z
      .string()
      .regex(/^\d{1,5}$/, "has to be a port number")
      .transform(Number)
      .refine((port) => port <= 65_535, "has to be 0 to 65535")
      .default(defaultPort),
  });
}

/** A setting is wrong; the message says which and why, for whoever starts the program. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/**
 * The settings of an environment, where an empty variable counts as absent.
 * @throws SettingsError
 */
export function parseSettings<Schema extends z.ZodType>(
  schema: Schema,
  environment: Record<string, string | undefined>,
): z.output<Schema> {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const sentences = fieldErrors(result.error).map(({ path, message }) => `${path} ${message}.`);
  throw new SettingsError(sentences.join(" "));
}
