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

/** The device of this kind after the one in use, round and round; null where there is no other. */
export async function nextDevice(
  kind: "audioinput" | "videoinput",
  track: MediaStreamTrack | null,
): Promise<Device | null> {
  const devices = (await allDevices()).filter((device) => device.kind === kind);
  const current = devices.findIndex(({ deviceId }) => deviceId === track?.getSettings().deviceId);
  const next = devices[(current + 1) % devices.length];
  return next && devices.length > 1 ? plain(next) : null;
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
