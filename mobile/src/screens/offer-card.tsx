import { useVoice, useVoiceApp } from "../provider/voice-client-context.ts";
import { Button } from "../ui/button.tsx";
import { StatusCard } from "../ui/card.tsx";
import { useTranslate } from "../ui/translation.ts";

/** A link was opened. Nothing of it is taken before the user says so. */
export function OfferCard() {
  const t = useTranslate();
  const app = useVoiceApp();
  const offer = useVoice((state) => state.offer);
  if (!offer) return null;
  const ignore = <Button label={t("link.ignore")} onPress={() => app.ignoreOffer()} />;
  if (offer.kind === "unusable") {
    return (
      <StatusCard
        tone="trouble"
        title={t("link.unusable")}
        lines={[t(`address.${offer.fault}`)]}
        testID="offer"
      >
        {ignore}
      </StatusCard>
    );
  }
  const { url, token } = offer.server;
  const lines = [
    t({ key: "link.detail", values: { server: url } }),
    ...(token === "" ? [] : [t("link.withToken")]),
  ];
  return (
    <StatusCard tone="news" title={t("link.title")} lines={lines} testID="offer">
      <Button kind="main" label={t("link.use")} onPress={() => app.takeOffer()} />
      {ignore}
    </StatusCard>
  );
}
