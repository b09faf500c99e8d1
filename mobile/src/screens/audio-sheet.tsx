import { useEffect, useState } from "react";
import {
  AUDIO_TITLE,
  type AudioDevice,
  audioDevices,
  chooseAudioDevice,
  chosenAudioDevice,
} from "../platform/audio-choice";
import { useVoiceApp } from "../provider/voice-client-context.ts";
import { Choice } from "../ui/choice.tsx";
import { Sheet } from "../ui/sheet.tsx";
import { Text } from "../ui/text.tsx";
import { useTranslate } from "../ui/translation.ts";

/** Where the sound goes, or where it comes from. */
export function AudioSheet({ onClose }: { onClose(): void }) {
  const t = useTranslate();
  const { client } = useVoiceApp().session;
  const [devices, setDevices] = useState<readonly AudioDevice[]>([]);
  const [chosen, setChosen] = useState(() => client && chosenAudioDevice(client));
  useEffect(() => {
    let mounted = true;
    const show = (found: readonly AudioDevice[]) => {
      if (mounted) setDevices(found);
    };
    if (client) audioDevices(client).then(show, () => show([]));
    return () => {
      mounted = false;
    };
  }, [client]);
  return (
    <Sheet title={t("call.audio")} closeLabel={t("audio.close")} onClose={onClose}>
      {devices.length === 0 ? (
        <Text>{t("audio.none")}</Text>
      ) : (
        <Choice
          label={t(AUDIO_TITLE)}
          options={devices.map(({ id, label }) => ({ value: id, label }))}
          chosen={chosen}
          onChoose={(id) => {
            setChosen(id);
            if (client) chooseAudioDevice(client, id);
          }}
        />
      )}
    </Sheet>
  );
}
