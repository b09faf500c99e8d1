/** Deep enough for every event of daily-js; what lies deeper is not worth a comparison. */
const MAX_DEPTH = 8;

/** A value of daily-js as JSON can hold it, so that it can leave the page: tracks by their kind, sets as lists. */
export function plain(value: unknown, depth = 0): unknown {
  if (value === null || typeof value === "boolean" || typeof value === "number") return value;
  if (typeof value === "string") return value;
  if (value instanceof MediaStreamTrack) return `${value.kind} track`;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value !== "object" || depth >= MAX_DEPTH) return undefined;
  const inner = (each: unknown) => plain(each, depth + 1);
  if (Array.isArray(value)) return value.map(inner);
  if (value instanceof Set) return [...value].map(inner);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, inner(each)]));
}
