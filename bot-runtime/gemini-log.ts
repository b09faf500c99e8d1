import type { LogEventBase } from "../protocol/log.ts";
import type { GeminiNote } from "./gemini/note.ts";

/** What the log holds of the model's leg: counts and reasons, never a word of the conversation. */
export type GeminiLogEvent = GeminiEvent & { level?: NonNullable<LogEventBase["level"]> };

type Fields<Kind extends GeminiNote["kind"]> = Omit<Extract<GeminiNote, { kind: Kind }>, "kind">;

type GeminiEvent =
  | ({ event: "gemini.connected" } & Fields<"connected">)
  | ({ event: "gemini.connect_failed" } & Fields<"connect-failed">)
  | { event: "gemini.closed"; code: number; reason: string; why: string }
  | { event: "gemini.stalled"; bufferedBytes: number }
  | ({ event: "gemini.dead" } & Fields<"dead">)
  | ({ event: "gemini.handle_dropped" } & Fields<"handle-dropped">)
  | ({ event: "gemini.rotated" } & Fields<"rotated">)
  | ({ event: "gemini.go_away" } & Fields<"go-away">)
  | { event: "gemini.answer_cut" }
  | ({ event: "gemini.mute" } & Fields<"mute">)
  | ({ event: "gemini.audible_again" } & Fields<"audible-again">)
  | ({ event: "gemini.told_again" } & Fields<"told-again">)
  | ({ event: "gemini.told_in_words" } & Fields<"told-in-words">)
  | ({ event: "gemini.untold" } & Fields<"untold">)
  | ({ event: "gemini.audio_replayed" } & Fields<"audio-replayed">)
  | ({ event: "gemini.retold" } & Fields<"retold">)
  | ({ event: "gemini.gave_up" } & Fields<"gave-up">)
  | ({ event: "gemini.malformed_message" } & Fields<"malformed">)
  | ({ event: "gemini.unusable_part" } & Fields<"unusable">)
  | ({ event: "gemini.listener_failed" } & Fields<"listener-failed">)
  | ({ event: "gemini.tool" } & Fields<"tool">)
  | ({ event: "gemini.audio_left_out" } & Fields<"audio-left-out">);

/** What the model's processor has to say, as an event of the log. */
export function geminiLogEvent(note: GeminiNote): GeminiLogEvent {
  switch (note.kind) {
    case "connected":
      return { event: "gemini.connected", how: note.how, connectMs: note.connectMs, awayMs: note.awayMs };
    case "connect-failed":
      return { event: "gemini.connect_failed", level: "warn", why: note.why, detail: note.detail };
    case "ended": {
      const { end, why } = note;
      if (end.kind === "stalled") {
        return { event: "gemini.stalled", level: "warn", bufferedBytes: end.bufferedBytes };
      }
      return { event: "gemini.closed", level: "warn", code: end.code, reason: end.reason, why };
    }
    case "dead":
      return { event: "gemini.dead", level: "warn", silentMs: note.silentMs };
    case "handle-dropped":
      return { event: "gemini.handle_dropped", level: "warn", why: note.why };
    case "rotated":
      return { event: "gemini.rotated", why: note.why, forced: note.forced, ageMs: note.ageMs };
    case "go-away":
      return { event: "gemini.go_away", timeLeftMs: note.timeLeftMs };
    case "cut":
      return { event: "gemini.answer_cut", level: "warn" };
    case "mute":
      return { event: "gemini.mute", level: "warn", evidence: note.evidence, step: note.step };
    case "audible-again":
      return { event: "gemini.audible_again", steps: note.steps };
    case "told-again":
      return {
        event: "gemini.told_again",
        level: "warn",
        what: note.what,
        id: note.id,
        sentAgoMs: note.sentAgoMs,
      };
    case "told-in-words":
      return { event: "gemini.told_in_words", id: note.id };
    case "untold":
      return { event: "gemini.untold", level: "warn", what: note.what, id: note.id };
    case "audio-replayed":
      return { event: "gemini.audio_replayed", chunks: note.chunks };
    case "retold":
      return { event: "gemini.retold", entries: note.entries, whole: note.whole };
    case "gave-up":
      return { event: "gemini.gave_up", level: "error", why: note.why };
    case "malformed":
      return { event: "gemini.malformed_message", level: "warn", detail: note.detail };
    case "unusable":
      return { event: "gemini.unusable_part", level: "warn", detail: note.detail };
    case "listener-failed": {
      const { listener, detail } = note;
      return { event: "gemini.listener_failed", level: "error", listener, detail };
    }
    case "tool":
      return { event: "gemini.tool", name: note.name, outcome: note.outcome, ms: note.ms };
    case "audio-left-out":
      return { event: "gemini.audio_left_out", level: "warn", chunks: note.chunks };
  }
}
