import type { Device, Devices } from "./daily-js.ts";

/** The devices in use, as plain objects: a MediaDeviceInfo cannot be posted. `{}` where there is none to tell. */
export async function selectedDevices(
  tracks: { audio: MediaStreamTrack | null; video: MediaStreamTrack | null },
  speakerId: string | undefined,
): Promise<Devices> {
  const all = await allDevices();
  const find = (kind: MediaDeviceKind, id: string | undefined): Device => {
    const device = all.find((candidate) => candidate.kind === kind && candidate.deviceId === id);
    return device ? plain(device) : {};
  };
  const speakers = all.filter(({ kind }) => kind === "audiooutput");
  const speaker = speakers.find(({ deviceId }) => deviceId === speakerId) ?? speakers[0];
  return {
    camera: find("videoinput", tracks.video?.getSettings().deviceId),
    mic: find("audioinput", tracks.audio?.getSettings().deviceId),
    speaker: speaker ? plain(speaker) : {},
  };
}

async function allDevices(): Promise<MediaDeviceInfo[]> {
  try {
    return await navigator.mediaDevices.enumerateDevices();
  } catch {
    return []; // not allowed to know, or a page without a secure address, which has no mediaDevices at all
  }
}

function plain({ deviceId, groupId, kind, label }: MediaDeviceInfo): Device {
  return { deviceId, groupId, kind, label };
}
