import { DeclaredServerMessage } from "../contract/fixtures/server-shapes.ts";

/** The shape of a message: each of its fields by its path, and of what type it is. */
export type Shape = Readonly<Record<string, "string" | "number" | "boolean" | "{}">>;

/** `serverContent.modelTurn.parts[].text` → `string`: items of a list count as one, an empty object as `{}`. */
export function shapeOf(value: unknown, path = ""): Record<string, string> {
  if (Array.isArray(value)) return Object.assign({}, ...value.map((item) => shapeOf(item, `${path}[]`)));
  if (typeof value !== "object" || value === null) return { [path]: value === null ? "null" : typeof value };
  const fields = Object.entries(value);
  if (fields.length === 0) return { [path]: "{}" };
  return Object.assign({}, ...fields.map(([name, inner]) => shapeOf(inner, path ? `${path}.${name}` : name)));
}

/** What is in a server's message that none of Google's has, or not so: one line each. */
export function shapeProblems(message: unknown): string[] {
  const result = DeclaredServerMessage.safeParse(message);
  if (result.success) return [];
  return result.error.issues.map((issue) => `${issue.path.map(String).join(".")}: ${issue.message}`);
}
