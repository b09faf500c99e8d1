import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually, type Phones, RELEASES, startPhones } from "./phones.ts";

/**
 * Every action of daily-js about the meeting that this call machine answers, by its name, asked through the public
 * methods of the real daily-js.
 */

let phones: Phones;

beforeAll(async () => {
  phones = await startPhones();
});
afterEach(() => phones.hangUp());
afterAll(() => phones?.close());

describe.each(RELEASES)("with the %s release", (release) => {
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
    expect(await a.do("sendAppMessage", "x".repeat(4095))).toMatchObject({
      error: expect.stringMatching(/too large/),
    });
    await a.do("sendAppMessage", "x".repeat(4094));
    await eventually(() => b.events("app-message")).toHaveLength(1);
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
      { errorMsg: expect.stringMatching(/Not allowed: .*audio/) },
      { errorMsg: expect.stringMatching(/Not allowed: eject/) },
      { errorMsg: expect.stringMatching(/Not allowed: change permissions/) },
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

  test("set-user-data: taken back by nothing at all, and the call goes on", async () => {
    const room = await phones.newRoom();
    const other = await phones.joined(release, room);
    const phone = await phones.joined(release, room, { userData: { colour: "red" } });
    await eventually(() => other.participant(phone.id)).toMatchObject({ userData: { colour: "red" } });
    await phone.do("setUserData");
    for (const seen of [phone, other]) {
      await eventually(async () => (await seen.participant(phone.id))?.userData).toBeUndefined();
    }
    expect(await phones.present(room)).toEqual([other.id, phone.id]);
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
    expect(await phone.do("setMeetingSessionData", { huge: "x".repeat(102_400) })).toHaveProperty("error");
    await phone.do("setMeetingSessionData", { large: "x".repeat(60_000) });
    await phone.do("setMeetingSessionData", { larger: "x".repeat(60_000) }, "shallow-merge");
    await eventually(() => phone.events("nonfatal-error")).toMatchObject([
      { type: "meeting-session-data-error", errorMsg: expect.stringMatching(/100 KB/) },
    ]);
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
        networkState: expect.stringMatching(/^(good|warning|bad)$/),
        threshold: expect.stringMatching(/^(good|low|very-low)$/),
        quality: expect.any(Number),
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
