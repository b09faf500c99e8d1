import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually, type Phones, RELEASES, startPhones } from "./phones.ts";

/**
 * Every action of daily-js about devices, tracks and levels that this call machine answers, by its name, asked
 * through the public methods of the real daily-js.
 */

let phones: Phones;

beforeAll(async () => {
  phones = await startPhones();
});
afterEach(() => phones.hangUp());
afterAll(() => phones?.close());

describe.each(RELEASES)("with the %s release", (release) => {
  test("start-camera: opens the microphone, tells of it, and answers with the devices", async () => {
    const phone = await phones.phone(release);
    const options = { audioSource: true, videoSource: true, startVideoOff: true };
    const { value } = await phone.do("startCamera", options);
    expect(value).toMatchObject({ mic: { kind: "audioinput" }, camera: {}, speaker: expect.any(Object) });
    expect(await phone.events("started-camera")).toHaveLength(1);
    expect(await phone.participants()).toMatchObject([
      {
        local: true,
        tracks: { audio: { state: "playable", track: "audio track" }, video: { state: "off" } },
      },
    ]);
  });

  test("local-audio: mutes and unmutes, for the other end too", async () => {
    const room = await phones.newRoom();
    const other = await phones.joined(release, room);
    const phone = await phones.joined(release, room, { audioSource: { $tone: 440 } });
    await eventually(() => other.track(phone.id)).toMatchObject({ state: "playable" });
    await phone.do("setLocalAudio", false);
    await eventually(() => other.track(phone.id)).toMatchObject({ state: "off", off: { byUser: true } });
    expect(await phone.do("localAudio")).toEqual({ value: false });
    await phone.do("setLocalAudio", true);
    await eventually(() => other.track(phone.id)).toMatchObject({ state: "playable" });
    expect(await phone.do("localAudio")).toEqual({ value: true });
  });

  test("local-video: the camera goes on and off, for the other end too", async () => {
    const room = await phones.newRoom();
    const other = await phones.joined(release, room);
    const phone = await phones.joined(release, room, { videoSource: true, join: { startVideoOff: true } });
    expect(await other.track(phone.id, "video")).toMatchObject({ state: "off" });
    await phone.do("setLocalVideo", true);
    await eventually(() => other.track(phone.id, "video")).toMatchObject({ state: "playable" });
    await eventually(() => other.events("track-started")).toContainEqual(
      expect.objectContaining({ type: "video", track: "video track" }),
    );
    await phone.do("setLocalVideo", false);
    await eventually(() => other.track(phone.id, "video")).toMatchObject({ state: "off" });
    expect(await phone.remains()).toMatchObject({ devices: 0 });
  });

  test("set-allow-local-audio: without it the microphone is given back", async () => {
    const room = await phones.newRoom();
    const phone = await phones.joined(release, room, { audioSource: true });
    expect(await phone.remains()).toMatchObject({ devices: 1 });
    await phone.do("setInputDevicesAsync", { audioSource: false });
    await eventually(() => phone.remains()).toMatchObject({ devices: 0 });
    await eventually(() => phone.track(phone.id)).toMatchObject({ state: "off" });
    await phone.do("setInputDevicesAsync", { audioSource: true });
    await eventually(() => phone.track(phone.id)).toMatchObject({ state: "playable" });
  });

  test("set-allow-local-video: without it the camera is given back", async () => {
    const room = await phones.newRoom();
    const phone = await phones.joined(release, room, { videoSource: true });
    await eventually(() => phone.track(phone.id, "video")).toMatchObject({ state: "playable" });
    await phone.do("setInputDevicesAsync", { videoSource: false });
    await eventually(() => phone.remains()).toMatchObject({ devices: 0 });
    await eventually(() => phone.track(phone.id, "video")).toMatchObject({ state: "off" });
  });

  test("set-input-devices: another device, and a track of the app's own, which stays the app's", async () => {
    const room = await phones.newRoom();
    const other = await phones.joined(release, room);
    const phone = await phones.joined(release, room, { audioSource: true });
    const { value } = await phone.do("enumerateDevices");
    const { devices } = value as { devices: { kind: string; deviceId: string }[] };
    const microphones = devices.filter(({ kind }) => kind === "audioinput");
    const wanted = microphones.at(-1)?.deviceId;
    expect(microphones.length).toBeGreaterThan(1);
    expect(await phone.do("setInputDevicesAsync", { audioDeviceId: wanted })).toMatchObject({
      value: { mic: { deviceId: wanted } },
    });
    expect(await phone.last("selected-devices-updated")).toMatchObject({
      devices: { mic: { deviceId: wanted } },
    });
    await phone.do("setInputDevicesAsync", { audioSource: { $tone: 880 } });
    await eventually(() => other.hear()).toMatchObject({ frequencyHz: expect.closeTo(880, -1) });
    expect(await phone.remains()).toMatchObject({ devices: 0 });
    await phone.ask("watchLocalTrack");
    await phone.do("leave");
    expect(await phone.ask("watchedTrack")).toBe("live");
  });

  test("set-output-device: answers with the devices", async () => {
    const room = await phones.newRoom();
    const phone = await phones.joined(release, room);
    const { value } = await phone.do("enumerateDevices");
    const { devices } = value as { devices: { kind: string; deviceId: string }[] };
    const speaker = devices.filter(({ kind }) => kind === "audiooutput").at(-1);
    expect(speaker).toBeDefined();
    expect(
      await phone.do("setOutputDeviceAsync", { outputDeviceId: speaker?.deviceId ?? "none" }),
    ).toMatchObject({
      value: { speaker: speaker ?? {} },
    });
  });

  test("get-input-devices: answers with the devices in use", async () => {
    const room = await phones.newRoom();
    const phone = await phones.joined(release, room, { audioSource: true });
    expect(await phone.do("getInputDevices")).toMatchObject({
      value: { mic: { kind: "audioinput" }, camera: {} },
    });
  });

  test("update-input-settings: constraints reach the browser, and what was not spoken of is kept", async () => {
    const room = await phones.newRoom();
    const phone = await phones.joined(release, room, { audioSource: true });
    await phone.page.evaluate("phones.watchConstraints()");
    const audio = { settings: { echoCancellation: false } };
    expect(await phone.do("updateInputSettings", { audio })).toMatchObject({ value: { audio } });
    expect(await phone.page.evaluate("phones.watchedConstraints()")).toEqual([{ audio: audio.settings }]);
    const video = { settings: { width: 320 } };
    await phone.do("updateInputSettings", { video });
    expect(await phone.do("getInputSettings")).toMatchObject({ value: { audio, video } });
    expect(await phone.last("input-settings-updated")).toMatchObject({ inputSettings: { audio, video } });
  });

  test("update-input-settings: a track of the app's own", async () => {
    const room = await phones.newRoom();
    const other = await phones.joined(release, room);
    const phone = await phones.joined(release, room, { audioSource: true });
    await phone.do("updateInputSettings", { audio: { settings: { customTrack: { $tone: 660 } } } });
    await eventually(() => other.hear()).toMatchObject({ frequencyHz: expect.closeTo(660, -1) });
    expect(await phone.remains()).toMatchObject({ devices: 0 });
  });

  test("cycle-mic and cycle-camera: go to the next device, round and round", async () => {
    const room = await phones.newRoom();
    const phone = await phones.joined(release, room, { audioSource: true });
    const first = (await phone.do("getInputDevices")).value as { mic: { deviceId: string } };
    const { value } = await phone.do("cycleMic");
    const { device } = value as { device: { deviceId: string } };
    expect(device.deviceId).not.toBe(first.mic.deviceId);
    expect(await phone.do("getInputDevices")).toMatchObject({
      value: { mic: { deviceId: device.deviceId } },
    });
    // The camera of these tests is the only one, and then there is none to go to.
    expect(await phone.do("cycleCamera")).toEqual({ value: { device: null } });
  });

  test("start- and stop-local-audio-level-observer: tell the level of what is sent", async () => {
    const room = await phones.newRoom();
    const phone = await phones.joined(release, room, { audioSource: { $tone: 440 } });
    expect(await phone.do("startLocalAudioLevelObserver", 100)).toEqual({});
    await eventually(() => phone.last("local-audio-level")).toMatchObject({
      audioLevel: expect.closeTo(Math.SQRT1_2 / 2, 1),
    });
    expect(await phone.remains()).toMatchObject({ sharedAudioUsers: 1 });
    await phone.do("stopLocalAudioLevelObserver");
    await eventually(() => phone.remains()).toMatchObject({ sharedAudioUsers: 0 });
  });

  test("start- and stop-remote-participants-audio-level-observer: tell what is heard, once it is played", async () => {
    const room = await phones.newRoom();
    const speaker = await phones.joined(release, room, { audioSource: { $tone: 440 } });
    const phone = await phones.joined(release, room);
    const { intervals = 0 } = await phone.remains();
    expect(await phone.do("startRemoteParticipantsAudioLevelObserver", 100)).toEqual({});
    await eventually(() => phone.last("remote-participants-audio-level")).toMatchObject({
      participantsAudioLevel: { [speaker.id]: 0 },
    });
    expect(await phone.remains()).toMatchObject({ intervals: intervals + 1 });
    await eventually(async () => (await phone.hear()).rms).toBeGreaterThan(0.1);
    await eventually(() => phone.last("remote-participants-audio-level")).toMatchObject({
      participantsAudioLevel: { [speaker.id]: expect.closeTo(Math.SQRT1_2 / 2, 1) },
    });
    await phone.do("stopRemoteParticipantsAudioLevelObserver");
    expect(await phone.do("isRemoteParticipantsAudioLevelObserverRunning")).toEqual({ value: false });
    await eventually(() => phone.remains()).toMatchObject({ intervals });
  });

  test("observers asked for before the call machine is there run from its beginning", async () => {
    const room = await phones.newRoom();
    const phone = await phones.phone(release, { audioSource: { $tone: 440 } });
    await phone.do("startLocalAudioLevelObserver", 100);
    await phone.do("startRemoteParticipantsAudioLevelObserver", 100);
    await phone.do("join", { url: room.url, token: await phones.token(room) });
    await eventually(async () => (await phone.events("local-audio-level")).length).toBeGreaterThan(1);
    await eventually(
      async () => (await phone.events("remote-participants-audio-level")).length,
    ).toBeGreaterThan(1);
  });
});
