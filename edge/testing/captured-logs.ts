import { beforeEach, vi } from "vitest";

/** Keeps the log of the edge out of the output and in reach: one parsed object for each line. */
export function useCapturedLogs(): { lines: Record<string, unknown>[]; text(): string } {
  const captured = { lines: [] as Record<string, unknown>[], text: () => JSON.stringify(captured.lines) };
  vi.spyOn(console, "log").mockImplementation((line: unknown) => {
    captured.lines.push(JSON.parse(String(line)));
  });
  beforeEach(() => {
    captured.lines.length = 0;
  });
  return captured;
}
