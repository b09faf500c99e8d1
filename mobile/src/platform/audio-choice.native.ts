import type { TextKey } from "../i18n/texts.ts";
import type { VoiceClient } from "../session/client.ts";

export interface AudioDevice {
  readonly id: string;
  readonly label: string;
}

/** On a phone one choice decides on both: loudspeaker, earpiece or cable, Bluetooth. */
export const AUDIO_TITLE: TextKey = "audio.output";

export async function audioDevices({ pipecat }: VoiceClient): Promise<readonly AudioDevice[]> {
  const outputs = await pipecat.getAllSpeakers();
  return outputs.map(({ deviceId, label }) => ({ id: deviceId, label: label === "" ? deviceId : label }));
}

export function chosenAudioDevice({ pipecat }: VoiceClient): string | undefined {
  return pipecat.selectedSpeaker.deviceId;
}

export function chooseAudioDevice({ pipecat }: VoiceClient, id: string): void {
  pipecat.updateSpeaker(id);
}
