import type { Connection } from "../connection/connection.ts";
import type { Failure } from "../connection/failure.ts";
import { explain, reasonKey } from "../i18n/explain.ts";
import type { TextKey } from "../i18n/texts.ts";
import type { Notice } from "../session/listen.ts";
import type { VoiceState } from "../store/voice-store.ts";

/** A status card as a value: what it says, and what can be done about it. */
export interface Card {
  readonly key: string;
  readonly tone: "news" | "trouble";
  readonly title: TextKey;
  readonly texts: readonly TextKey[];
  /** The other side's own sentence. */
  readonly detail?: string;
  readonly actions: readonly CardAction[];
}

export type CardAction = "settings" | "retry" | "resume" | "end";

/** The cards of a state, the most urgent first. */
export function cardsOf({
  connection,
  notices,
  resumable,
  server,
}: Pick<VoiceState, "connection" | "notices" | "resumable" | "server">): readonly Card[] {
  const cards = [...connectionCards(connection), ...notices.map(noticeCard)];
  if (connection.phase === "idle" && resumable) {
    cards.push({ key: "resume", tone: "news", title: "resume.title", texts: [], actions: ["resume", "end"] });
  }
  if (server?.emulated.gemini && connection.phase === "idle") {
    cards.push(news("emulated", "card.emulated", "card.emulatedDetail"));
  }
  return cards;
}

function connectionCards(connection: Connection): Card[] {
  switch (connection.phase) {
    case "reconnecting":
      return [
        trouble(
          "network",
          "card.network",
          connection.by === "daily" ? "card.networkDetail" : "card.rejoinDetail",
        ),
      ];
    case "recovering":
      return connection.assistant === "left"
        ? [news("assistant", "card.assistantLeft", "card.assistantLeftDetail")]
        : [news("assistant", "card.assistantAway", "card.assistantAwayDetail")];
    case "failed":
      return [failureCard(connection.failure, connection.resumable)];
    case "ended": {
      const { end } = connection;
      if (end.by === "user" || end.reason === undefined) return [];
      return [{ key: "ended", tone: "news", title: reasonKey(end.reason), texts: [], actions: [] }];
    }
    default:
      return [];
  }
}

function failureCard(failure: Failure, resumable: boolean): Card {
  const { title, advice, detail } = explain(failure);
  const isBlocked = failure.kind === "microphone" && failure.reason === "blocked";
  const actions: CardAction[] = [
    ...(isBlocked ? (["settings"] as const) : []),
    resumable ? "resume" : "retry",
  ];
  return {
    key: "failed",
    tone: "trouble",
    title,
    texts: [advice],
    ...(detail === undefined ? {} : { detail }),
    actions,
  };
}

function noticeCard(notice: Notice): Card {
  switch (notice.kind) {
    case "sound-blocked":
      return trouble(notice.kind, "card.soundBlocked", "card.soundBlockedDetail");
    case "microphone":
      return trouble(notice.kind, "card.microphone", "card.microphoneDetail");
    case "assistant-mute":
      return trouble(notice.kind, "card.mute", "card.muteDetail");
    case "memory-lost":
      return news(notice.kind, "card.memoryLost", "card.memoryLostDetail");
    case "no-background":
      return { ...news(notice.kind, "card.noBackground", "card.noBackgroundDetail"), actions: ["settings"] };
    case "assistant-error": {
      const card: Card = {
        key: notice.kind,
        tone: "trouble",
        title: "card.assistantError",
        texts: [],
        actions: [],
      };
      return notice.detail === "" ? card : { ...card, detail: notice.detail };
    }
  }
}

function news(key: string, title: TextKey, text: TextKey): Card {
  return { key, tone: "news", title, texts: [text], actions: [] };
}

function trouble(key: string, title: TextKey, text: TextKey): Card {
  return { ...news(key, title, text), tone: "trouble" };
}
