import { useShallow } from "zustand/react/shallow";
import type { TextKey } from "../i18n/texts.ts";
import { openSettings } from "../platform/open-settings";
import { useVoice, useVoiceApp } from "../provider/voice-client-context.ts";
import { Button } from "../ui/button.tsx";
import { StatusCard } from "../ui/card.tsx";
import { useTranslate } from "../ui/translation.ts";
import { type CardAction, cardsOf } from "./status-cards.ts";

const LABELS: Readonly<Record<CardAction, TextKey>> = {
  settings: "card.settings",
  retry: "card.retry",
  resume: "resume.resume",
  end: "resume.end",
};

/** What there is to know, and what can be done about it. */
export function Cards() {
  const t = useTranslate();
  const app = useVoiceApp();
  const { connection, notices, resumable, server } = useVoice(
    useShallow((state) => ({
      connection: state.connection,
      notices: state.notices,
      resumable: state.resumable,
      server: state.server,
    })),
  );
  const actions: Readonly<Record<CardAction, (() => void) | undefined>> = {
    settings: openSettings,
    retry: () => app.session.connect(),
    resume: resumable && (() => app.session.resume(resumable)),
    end: () => void app.endResumable(),
  };
  return cardsOf({ connection, notices, resumable, server }).map((card) => {
    const possible = card.actions.filter((action) => actions[action] !== undefined);
    const lines = [...card.texts.map((key) => t(key)), ...(card.detail === undefined ? [] : [card.detail])];
    return (
      <StatusCard
        key={card.key}
        tone={card.tone}
        title={t(card.title)}
        lines={lines}
        testID={`card-${card.key}`}
      >
        {possible.length === 0
          ? undefined
          : possible.map((action) => (
              <Button
                key={action}
                // What is still going on is nearer than a new call.
                kind={action === "resume" ? "main" : "plain"}
                label={t(LABELS[action])}
                onPress={() => actions[action]?.()}
              />
            ))}
      </StatusCard>
    );
  });
}
