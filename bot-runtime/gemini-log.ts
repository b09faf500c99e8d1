import type { GeminiNote } from "./gemini/gemini-live.ts";
import type { SessionLogEvent } from "./log-events.ts";

/** What the model's processor has to say, as an event of the log. */
export function geminiLogEvent(note: GeminiNote): SessionLogEvent {
  switch (note.kind) {
    case "connected":
      return { event: "gemini.connected", connectMs: note.connectMs };
    case "connect-failed":
      return { event: "gemini.connect_failed", level: "error", why: note.why, detail: note.detail };
    case "ended": {
      const { end } = note;
      if (end.kind === "stalled") {
        return { event: "gemini.stalled", level: "error", bufferedBytes: end.bufferedBytes };
      }
      return { event: "gemini.closed", level: "error", code: end.code, reason: end.reason };
    }
    case "malformed":
      return { event: "gemini.malformed_message", level: "warn", detail: note.detail };
    case "unusable":
      return { event: "gemini.unusable_part", level: "warn", detail: note.detail };
    case "go-away":
      return { event: "gemini.go_away", timeLeftMs: note.timeLeftMs };
    case "tool-call":
      return { event: "gemini.unexpected_tool_call", level: "warn" };
    case "audio-left-out":
      return { event: "gemini.audio_left_out", level: "warn", chunks: note.chunks };
  }
}
