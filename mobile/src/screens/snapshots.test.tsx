import { act, cleanup, render } from "@testing-library/react-native";
import { App } from "../app.tsx";
import type { Connection } from "../connection/connection.ts";
import { IDLE } from "../connection/connection.ts";
import { BotOutput } from "../session/messages.ts";
import { World } from "../testing/world.ts";
import { EMPTY_TRANSCRIPT, nextTranscript } from "../transcript/transcript.ts";

beforeEach(() => jest.useFakeTimers());
afterEach(async () => {
  await cleanup();
  jest.useRealTimers();
});

const sessionId = "session-1";

const STATES: Record<string, Connection> = {
  idle: IDLE,
  permission: { phase: "permission" },
  starting: { phase: "starting" },
  "failed before a session": {
    phase: "failed",
    failure: { kind: "microphone", reason: "blocked" },
    resumable: false,
  },
  connecting: { phase: "connecting", sessionId },
  waiting: { phase: "waiting", sessionId },
  live: { phase: "live", sessionId },
  "reconnecting by Daily": { phase: "reconnecting", sessionId, by: "daily", assistant: "here" },
  "reconnecting by joining anew": { phase: "reconnecting", sessionId, by: "us", assistant: "here" },
  "recovering: another assistant": { phase: "recovering", sessionId, assistant: "left" },
  "recovering: its model": { phase: "recovering", sessionId, assistant: "away" },
  "ended by the user": { phase: "ended", sessionId, end: { by: "user" } },
  "ended by the service": { phase: "ended", sessionId, end: { by: "service", reason: "expired" } },
  failed: {
    phase: "failed",
    failure: { kind: "assistant", detail: "No quota." },
    sessionId,
    resumable: false,
  },
  lost: { phase: "failed", failure: { kind: "network" }, sessionId, resumable: true },
};

const transcript = [
  { type: "user-said", text: "What time is it?" } as const,
  {
    type: "bot-output",
    output: BotOutput.parse({
      text: "It is noon.",
      segment_id: 1,
      spoken_status: "in-progress",
      spoken_progress: { accumulated_text: "It is", remaining_text: "noon." },
    }),
  } as const,
].reduce(nextTranscript, EMPTY_TRANSCRIPT);

it.each(Object.entries(STATES))("%s", async (_name, connection) => {
  const world = new World();
  const screen = await render(<App app={world.app} />);
  await act(async () => {
    await jest.advanceTimersByTimeAsync(0);
  });
  await act(async () => {
    world.app.store.setState({ connection, ...("sessionId" in connection ? { transcript } : {}) });
    await jest.advanceTimersByTimeAsync(0);
  });
  expect(outline(screen.toJSON())).toMatchSnapshot();
});

/** What is there to be seen, heard and pressed, one line each; without looks, which are looked at in a browser. */
function outline(node: unknown, depth = 0): string {
  if (node === null || node === undefined) return "";
  if (typeof node === "string") return node.trim() === "" ? "" : `${" ".repeat(depth)}"${node}"\n`;
  if (Array.isArray(node)) return node.map((child) => outline(child, depth)).join("");
  if (typeof node !== "object") return "";
  const { props = {}, children } = node as { props?: Record<string, unknown>; children?: unknown };
  if (props["aria-hidden"] === true || props.accessibilityElementsHidden === true) return "";
  const state = props.accessibilityState as Record<string, unknown> | undefined;
  const said = [
    props.role ?? props.accessibilityRole,
    props["aria-label"] ?? props.accessibilityLabel,
    props.accessibilityLiveRegion &&
      props.accessibilityLiveRegion !== "none" &&
      `live ${props.accessibilityLiveRegion}`,
    ...Object.entries(state ?? {}).flatMap(([name, value]) => (value === true ? [name] : [])),
  ].filter((part) => typeof part === "string");
  const line = said.length === 0 ? "" : `${" ".repeat(depth)}<${said.join(" · ")}>\n`;
  return line + outline(children, line === "" ? depth : depth + 1);
}
