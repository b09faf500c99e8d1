import type { TextKey } from "../i18n/texts.ts";
import type { VoiceClient } from "../session/client.ts";

export interface AudioDevice {
  readonly id: string;
  readonly label: string;
}

/** In a browser the microphone is chosen; where sound comes out is the system's matter. */
export const AUDIO_TITLE: TextKey = "audio.microphone";

export async function audioDevices({ pipecat }: VoiceClient): Promise<readonly AudioDevice[]> {
  const microphones = await pipecat.getAllMics();
  return microphones.map(({ deviceId, label }) => ({ id: deviceId, label }));
}

export function chosenAudioDevice({ pipecat }: VoiceClient): string | undefined {
  return pipecat.selectedMic.deviceId;
}

export function chooseAudioDevice({ pipecat }: VoiceClient, id: string): void {
  pipecat.updateMic(id);
}
