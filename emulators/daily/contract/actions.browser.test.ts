import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually, type Phones, RELEASES, startPhones } from "./phones.ts";

/**
 * Every action that daily-js sends and this call machine answers, by its name, asked through the public methods of
 * the real daily-js.
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

  test("daily-method-preauth: answers with the access, after which the room is known before the join", async () => {
    const room = await phones.newRoom({ max_participants: 7 });
    const phone = await phones.phone(release);
    const token = await phones.token(room);
    expect(await phone.do("preAuth", { url: room.url, token })).toEqual({
      value: { access: { level: "full" } },
    });
    expect(await phone.do("accessState")).toMatchObject({ value: { access: { level: "full" } } });
    expect(await phone.do("room")).toMatchObject({
      value: { name: room.name, config: { max_participants: 7 } },
    });
    expect(await phone.do("join")).toMatchObject({ value: { local: { local: true } } });
  });

  test("daily-method-preauth: refuses with Daily's type, without an end of the call object", async () => {
    const room = await phones.newRoom();
    const phone = await phones.phone(release);
    const token = await phones.token(room, {}, "another key");
    expect(await phone.do("preAuth", { url: room.url, token })).toMatchObject({
      error: { type: "not-allowed" },
    });
    expect(await phone.events("error")).toEqual([]);
  });

  test("join-meeting: tells everything in the order that daily-js needs, and resolves with the participants", async () => {
    const room = await phones.newRoom();
    const there = await phones.joined(release, room, { claims: { ud: "first" } });
    const phone = await phones.phone(release);
    const token = await phones.token(room, { ud: "second", u: "Second", o: true });
    const { value } = await phone.do("join", { url: room.url, token, userData: { colour: "red" } });
    expect(Object.keys(value as object)).toEqual(["local"]);
    expect(value).toMatchObject({
      local: { user_id: "second", user_name: "Second", owner: true, userData: { colour: "red" } },
    });
    await eventually(() => phone.events("participant-joined")).toMatchObject([
      { participant: { session_id: there.id, user_id: "first", local: false } },
    ]);
    await eventually(() => phone.last("participant-counts-updated")).toMatchObject({
      participantCounts: { present: 2, hidden: 0 },
    });
    const order = (await phone.events()).map(({ action }) => action);
    const steps = [
      "joining-meeting",
      "access-state-updated",
      "joined-meeting",
      "meeting-session-summary-updated",
      "meeting-session-state-updated",
      "network-connection",
      "network-quality-change",
      "participant-joined",
      "participant-counts-updated",
    ];
    expect(order.filter((action) => steps.includes(action)).slice(0, steps.length)).toEqual(steps);
    // Tracks of the local participant would never start if it came with `joined-meeting` alone.
    expect(order.indexOf("participant-updated")).toBeLessThan(order.indexOf("joined-meeting"));
  });

  test("leave-meeting: ends the call for all, also when only the camera was started", async () => {
    const room = await phones.newRoom();
    const [other, phone] = [await phones.joined(release, room), await phones.joined(release, room)];
    expect(await phone.do("leave")).toEqual({});
    expect(await phone.events("left-meeting")).toHaveLength(1);
    await eventually(() => other.events("participant-left")).toMatchObject([
      { participant: { session_id: phone.id } },
    ]);
    const camera = await phones.phone(release);
    await camera.do("startCamera", { audioSource: true, videoSource: false });
    expect(await camera.do("leave")).toEqual({});
    expect(await camera.events("left-meeting")).toHaveLength(1);
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

  test("app-msg: to all, to one and to several, but never to the sender", async () => {
    const room = await phones.newRoom();
    const [a, b, c] = [
      await phones.joined(release, room),
      await phones.joined(release, room),
      await phones.joined(release, room),
    ];
    await a.do("sendAppMessage", { to: "all" });
    await a.do("sendAppMessage", { to: "b" }, b.id);
    await a.do("sendAppMessage", { to: "b and c" }, [b.id, c.id, a.id]);
    await eventually(() => b.events("app-message")).toMatchObject([
      { data: { to: "all" }, fromId: a.id },
      { data: { to: "b" }, fromId: a.id },
      { data: { to: "b and c" }, fromId: a.id },
    ]);
    await eventually(() => c.events("app-message")).toMatchObject([
      { data: { to: "all" } },
      { data: { to: "b and c" } },
    ]);
    expect(await a.events("app-message")).toEqual([]);
  });

  test("app-msg: as large as Daily allows and no larger", async () => {
    const room = await phones.newRoom();
    const [a, b] = [await phones.joined(release, room), await phones.joined(release, room)];
    expect(await a.do("sendAppMessage", "x".repeat(4095))).toMatchObject({ error: /too large/ });
    await a.do("sendAppMessage", "x".repeat(4094));
    await eventually(() => b.events("app-message")).toHaveLength(1);
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
    expect(await phone.do("startRemoteParticipantsAudioLevelObserver", 100)).toEqual({});
    await eventually(() => phone.last("remote-participants-audio-level")).toMatchObject({
      participantsAudioLevel: { [speaker.id]: 0 },
    });
    await eventually(async () => (await phone.hear()).rms).toBeGreaterThan(0.1);
    await eventually(() => phone.last("remote-participants-audio-level")).toMatchObject({
      participantsAudioLevel: { [speaker.id]: expect.closeTo(Math.SQRT1_2 / 2, 1) },
    });
    await phone.do("stopRemoteParticipantsAudioLevelObserver");
    expect(await phone.do("isRemoteParticipantsAudioLevelObserverRunning")).toEqual({ value: false });
    // Long enough for two more, if they went on.
    const before = (await phone.events("remote-participants-audio-level")).length;
    await phone.page.waitForTimeout(250);
    expect((await phone.events("remote-participants-audio-level")).length).toBeLessThanOrEqual(before + 1);
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

  test("update-participant: an owner switches another's microphone and camera off, and on again", async () => {
    const room = await phones.newRoom();
    const owner = await phones.joined(release, room, { claims: { o: true } });
    const options = { audioSource: { $tone: 440 }, videoSource: { $picture: true } };
    const phone = await phones.joined(release, room, options);
    await eventually(() => owner.track(phone.id, "video")).toMatchObject({ state: "playable" });
    await owner.do("updateParticipant", phone.id, { setAudio: false, setVideo: false });
    const off = { state: "off", off: { byRemoteRequest: true } };
    await eventually(() => phone.participants()).toMatchObject([{ tracks: { audio: off, video: off } }, {}]);
    await eventually(() => owner.track(phone.id)).toMatchObject(off);
    await owner.do("updateParticipant", phone.id, { setAudio: true });
    await eventually(() => owner.track(phone.id)).toMatchObject({ state: "playable" });
    expect(await owner.track(phone.id, "video")).toMatchObject(off);
  });

  test("update-participant: who is no owner changes nothing, and is told", async () => {
    const room = await phones.newRoom();
    const other = await phones.joined(release, room, { audioSource: { $tone: 440 } });
    const phone = await phones.joined(release, room);
    const updatePermissions = { canSend: false };
    await phone.do("updateParticipant", other.id, { setAudio: false, eject: true, updatePermissions });
    await eventually(() => phone.events("nonfatal-error")).toMatchObject([
      { errorMsg: /Not allowed: .*audio/ },
      { errorMsg: /Not allowed: eject/ },
      { errorMsg: /Not allowed: change permissions/ },
    ]);
    expect(await other.track(other.id)).toMatchObject({ state: "playable" });
    expect(await phones.present(room)).toHaveLength(2);
  });

  test("update-participants: several at once, oneself among them", async () => {
    const room = await phones.newRoom();
    const owner = await phones.joined(release, room, { claims: { o: true }, audioSource: { $tone: 440 } });
    const phone = await phones.joined(release, room, { audioSource: { $tone: 440 } });
    const updates = { local: { setAudio: false }, [phone.id]: { setAudio: false } };
    await owner.do("updateParticipants", updates);
    await eventually(() => owner.track(owner.id)).toMatchObject({ state: "off", off: { byUser: true } });
    await eventually(() => owner.track(phone.id)).toMatchObject({
      state: "off",
      off: { byRemoteRequest: true },
    });
  });

  test("lib-room-info: the room with its config, its domain's and the token's", async () => {
    const room = await phones.newRoom({ max_participants: 3 });
    const phone = await phones.joined(release, room, { claims: { o: true, u: "Owner" } });
    expect(await phone.do("room")).toMatchObject({
      value: {
        id: expect.any(String),
        name: room.name,
        config: { max_participants: 3 },
        domainConfig: { max_app_message_size: 4096 },
        tokenConfig: { is_owner: true, user_name: "Owner" },
      },
    });
  });

  test("set-user-name and set-user-data: for oneself and for the others", async () => {
    const room = await phones.newRoom();
    const [other, phone] = [await phones.joined(release, room), await phones.joined(release, room)];
    expect(await phone.do("setUserName", "New")).toMatchObject({ value: { userName: "New" } });
    expect(await phone.do("setUserData", { colour: "blue" })).toMatchObject({
      value: { userData: { colour: "blue" } },
    });
    const changed = { user_name: "New", userData: { colour: "blue" } };
    await eventually(() => phone.participant(phone.id)).toMatchObject(changed);
    await eventually(() => other.participant(phone.id)).toMatchObject(changed);
  });

  test("set-session-data: everybody has it, who joins later too, until the room is empty", async () => {
    const room = await phones.newRoom();
    const [a, b] = [await phones.joined(release, room), await phones.joined(release, room)];
    await a.do("setMeetingSessionData", { one: 1, deep: { gone: true } });
    await eventually(() => b.do("meetingSessionState")).toMatchObject({ value: { data: { one: 1 } } });
    await b.do("setMeetingSessionData", { deep: {}, two: 2 }, "shallow-merge");
    const data = { one: 1, deep: {}, two: 2 };
    for (const phone of [a, b]) {
      await eventually(
        async () => (await phone.last("meeting-session-state-updated"))?.meetingSessionState,
      ).toEqual({ data, topology: "peer" });
    }
    const c = await phones.joined(release, room);
    await eventually(() => c.do("meetingSessionState")).toMatchObject({ value: { data } });
    await Promise.all([a, b, c].map((phone) => phone.do("leave")));
    await eventually(() => phones.present(room)).toEqual([]);
    const later = await phones.joined(release, room);
    expect(await later.do("meetingSessionState")).toEqual({ value: { data: {}, topology: "peer" } });
  });

  test("set-session-data: more than 100 KB is refused, and nothing changes", async () => {
    const room = await phones.newRoom();
    const phone = await phones.joined(release, room);
    await phone.do("setMeetingSessionData", { large: "x".repeat(60_000) });
    await phone.do("setMeetingSessionData", { larger: "x".repeat(60_000) }, "shallow-merge");
    await eventually(() => phone.events("nonfatal-error")).toMatchObject([{ errorMsg: /100 KB/ }]);
    const { value } = await phone.do("meetingSessionState");
    expect(Object.keys((value as { data: object }).data)).toEqual(["large"]);
  });

  test("get-meeting-session: the id that the summary has too", async () => {
    const room = await phones.newRoom();
    const phone = await phones.joined(release, room);
    const { value } = await phone.do("meetingSessionSummary");
    expect(value).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(await phone.do("getMeetingSession")).toMatchObject({ value: { meetingSession: value } });
  });

  test("get-network-topology: a mesh in a call, none before it", async () => {
    const room = await phones.newRoom();
    const phone = await phones.phone(release);
    await phone.do("startCamera", { audioSource: false, videoSource: false });
    expect(await phone.do("getNetworkTopology")).toEqual({ value: { topology: "none" } });
    await phone.do("join", { url: room.url, token: await phones.token(room) });
    expect(await phone.do("getNetworkTopology")).toEqual({ value: { topology: "peer" } });
  });

  test("get-calc-stats: the browser's figures of what is sent and received", async () => {
    const room = await phones.newRoom();
    await phones.joined(release, room, { audioSource: { $tone: 440 } });
    const phone = await phones.joined(release, room);
    await eventually(() => phone.do("getNetworkStats")).toMatchObject({
      value: {
        networkState: "good",
        threshold: "good",
        quality: 100,
        stats: {
          latest: { audioRecvBitsPerSecond: expect.any(Number), networkRoundTripTime: expect.any(Number) },
        },
      },
    });
  });

  test("update-receive-settings and update-send-settings: are kept and told back", async () => {
    const room = await phones.newRoom();
    const phone = await phones.joined(release, room);
    const receiveSettings = { base: { video: { layer: 0 } } };
    expect(await phone.do("updateReceiveSettings", receiveSettings)).toEqual({ value: { receiveSettings } });
    expect(await phone.do("getReceiveSettings")).toEqual({ value: receiveSettings });
    expect(await phone.do("getReceiveSettings", "base")).toEqual({ value: receiveSettings.base });
    const sendSettings = { video: "bandwidth-optimized" };
    expect(await phone.do("updateSendSettings", sendSettings)).toEqual({ value: sendSettings });
    expect(await phone.do("getSendSettings")).toEqual({ value: sendSettings });
  });

  test("transmit-log: is taken without a word", async () => {
    const room = await phones.newRoom();
    // daily-js logs its load as soon as the call machine is initialized.
    const phone = await phones.joined(release, room);
    expect(await phone.events("nonfatal-error")).toEqual([]);
  });

  test("anything else is answered with what is not emulated", async () => {
    const room = await phones.newRoom();
    const phone = await phones.joined(release, room);
    expect(await phone.do("testNetworkConnectivity", { $picture: true })).toEqual({
      error: "not emulated: test-network-connectivity",
    });
    expect(await phone.last("nonfatal-error")).toMatchObject({
      errorMsg: "not emulated: test-network-connectivity",
    });
  });
});
