/** What wrangler says beside our own log lines: its banner, its own request lines, and what it cannot reach offline. */
const WRANGLER_NOISE =
  /^\s*$|⛅️|^─+$|^\[custom build\]|bindings:$|^Using secrets defined in |^Binding |^env\.|^⎔|\[wrangler:info\]|`Request\.cf`|ENOTFOUND workers\.cloudflare\.com|GetAddrInfoReqWrap|NOSENTRY/;

/**
 * A line of a part as a person reads it: time, part, event, then the fields; a line that is no log line as it is.
 * `undefined` for what nobody wants to see: debug events, and the chatter of the Worker's tool.
 */
export function formatLine(part: string, line: string): string | undefined {
  const plain = `${" ".repeat(8)} ${part.padEnd(6)} ${line}`;
  if (!line.startsWith("{")) return WRANGLER_NOISE.test(line) ? undefined : plain;
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return plain;
  }
  const { at, level, program: _program, event, ...fields } = entry as Record<string, unknown>;
  if (level === "debug") return undefined;
  const time = typeof at === "string" ? at.slice(11, 19) : " ".repeat(8);
  const mark = level === "error" || level === "warn" ? ` ${level.toUpperCase()}` : "";
  const rest = Object.entries(fields).map(
    ([name, value]) => ` ${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return `${time} ${part.padEnd(6)}${mark} ${event}${rest.join("")}`;
}
