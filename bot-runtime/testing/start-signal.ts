import type { StartSignal } from "../../protocol/bot-host.ts";

/** A start signal of a session of an hour. */
export function startSignal(overrides: Partial<StartSignal> = {}): StartSignal {
  return {
    sessionId: "session-1",
    attempt: 1,
    room: { url: "https://example.daily.co/room-1", name: "room-1" },
    token: "meeting-token",
    botName: "Assistant",
    language: "en-US",
    user: { id: "user-1", name: "Ada" },
    metadata: {},
    expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    link: { url: "ws://127.0.0.1:1/internal/sessions/session-1/bot", token: "link-token" },
    ...overrides,
  };
}
