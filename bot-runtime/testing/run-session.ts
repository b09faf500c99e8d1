import { vi } from "vitest";
import type { RememberedTurn } from "../gemini/briefing.ts";
import { LiveSession } from "../gemini/live-session.ts";
import type { GeminiNote } from "../gemini/note.ts";
import type { LiveSessionEvents, LiveSessionOptions, SessionStatus } from "../gemini/session-options.ts";
import type { ToolEvent } from "../gemini/tool-calls.ts";
import { GET_TIME } from "../gemini/tools.ts";
import { FakeLive } from "./fake-live.ts";

/** Time passes, under fake timers. */
export const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

/** A guarded session in memory that has been started, and what it told. `remembers`: somebody keeps the conversation. */
export async function runSession(
  options: Partial<Omit<LiveSessionOptions, "events">> & { events?: Partial<LiveSessionEvents> } = {},
  live = new FakeLive(),
  remembers = true,
) {
  const notes: GeminiNote[] = [];
  const statuses: SessionStatus[] = [];
  const handles: string[] = [];
  const tools: ToolEvent[] = [];
  const memory: RememberedTurn[] = [];
  const session = new LiveSession({
    connect: live.connect,
    setup: { model: "gemini-3.8-live", language: "en-US", systemInstruction: "Be brief." },
    tools: [GET_TIME],
    ...(remembers ? { conversation: () => memory } : {}),
    random: () => 0,
    ...options,
    events: {
      content: () => {},
      answerEnded: () => {},
      status: (status) => statuses.push(status),
      tool: (event) => tools.push(event),
      usage: () => {},
      mute: () => {},
      note: (note) => notes.push(note),
      handle: (handle) => handles.push(handle),
      failed: () => {},
      ...options.events,
    },
  });
  session.start();
  await pass();
  return { session, live, notes, statuses, handles, tools, memory };
}

export const says = (text: string): RememberedTurn => ({ role: "user", text, at: Date.now() });
/** A whole chunk of the user's voice. */
export const chunk = () => new Int16Array(320);
