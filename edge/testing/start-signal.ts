import type { StartSignal } from "../../protocol/bot-host.ts";

/** A start signal as a host is sent it, for tests that ask hosts themselves. */
export function startSignal(given: Partial<StartSignal> = {}): StartSignal {
  return {
    sessionId: "s",
    attempt: 1,
    room: { url: "https://example.daily.co/r", name: "r" },
    token: "meeting-token",
    botName: "Bot",
    language: "en-US",
    user: {},
    metadata: {},
    expiresAt: "2030-01-01T00:00:00.000Z",
    link: { url: "wss://edge.example/internal/sessions/s/bot", token: "link-token" },
    ...given,
  };
}
