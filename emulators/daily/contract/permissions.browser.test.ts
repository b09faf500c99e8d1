import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually, type Phones, RELEASES, startPhones } from "./phones.ts";

/** What a token lets its holder do, and what an owner changes of it during the call. */

let phones: Phones;
const MEDIA = { audioSource: { $tone: 440 }, videoSource: { $picture: true } };
const FORBIDDEN = { state: "off", off: { byCanSendPermission: true } };

beforeAll(async () => {
  phones = await startPhones();
});
afterEach(() => phones.hangUp());
afterAll(() => phones?.close());

describe.each(RELEASES)("with the %s release", (release) => {
  test("canSend: what may not be sent is off for all, and never reaches the wire", async () => {
    const room = await phones.newRoom();
    const other = await phones.joined(release, room);
    const phone = await phones.joined(release, room, { ...MEDIA, claims: { p: { cs: "a" } } });
    await eventually(() => other.track(phone.id)).toMatchObject({ state: "playable" });
    await phone.do("setLocalVideo", true);
    expect(await phone.track(phone.id, "video")).toMatchObject(FORBIDDEN);
    expect(await other.track(phone.id, "video")).toMatchObject(FORBIDDEN);
    await eventually(() => phone.do("getNetworkStats")).toMatchObject({
      value: { stats: { latest: { audioSendBitsPerSecond: expect.any(Number), videoSendBitsPerSecond: 0 } } },
    });
  });

  test("canSend: a device that may not be used is never asked for", async () => {
    const room = await phones.newRoom();
    const asked = await phones.phone(release, { audioSource: true, videoSource: true });
    await asked.page.evaluate("phones.watchConstraints()");
    await asked.do("join", { url: room.url, token: await phones.token(room, { p: { cs: false } }) });
    expect(await asked.page.evaluate("phones.watchedConstraints()")).toEqual([]);
  });

  test("updatePermissions: taken and given back during the call", async () => {
    const room = await phones.newRoom();
    const owner = await phones.joined(release, room, { claims: { o: true } });
    const phone = await phones.joined(release, room, MEDIA);
    await eventually(() => owner.hear(phone.id)).toMatchObject({ frequencyHz: expect.closeTo(440, -1) });
    await owner.do("updateParticipant", phone.id, { updatePermissions: { canSend: ["video"] } });
    for (const seen of [owner, phone]) {
      await eventually(() => seen.participant(phone.id)).toMatchObject({
        permissions: { canSend: ["video"], hasPresence: true },
        tracks: { audio: FORBIDDEN, video: { state: "playable" } },
      });
    }
    await eventually(async () => (await owner.hear(phone.id)).rms).toBeLessThan(0.001);
    await owner.do("updateParticipant", phone.id, { updatePermissions: { canSend: true } });
    await eventually(() => owner.hear(phone.id)).toMatchObject({ frequencyHz: expect.closeTo(440, -1) });
    await eventually(() => phone.track(phone.id)).toMatchObject({ state: "playable" });
  });

  test("canAdmin: an owner makes somebody else an administrator of participants", async () => {
    const room = await phones.newRoom();
    const owner = await phones.joined(release, room, { claims: { o: true } });
    const [phone, third] = [await phones.joined(release, room), await phones.joined(release, room)];
    await owner.do("updateParticipant", phone.id, { updatePermissions: { canAdmin: ["participants"] } });
    await eventually(() => phone.participant(phone.id)).toMatchObject({
      permissions: { canAdmin: ["participants"] },
    });
    // An owner alone may open somebody's microphone.
    await phone.do("updateParticipant", third.id, { setAudio: true });
    await eventually(() => phone.last("nonfatal-error")).toMatchObject({
      errorMsg: expect.stringMatching(/Not allowed: .*audio on/),
    });
    await phone.do("updateParticipant", third.id, { eject: true });
    await eventually(() => third.events("error")).toMatchObject([{ error: { type: "ejected" } }]);
  });

  test("hasPresence: who is hidden sees and hears the others and is only counted by them", async () => {
    const room = await phones.newRoom();
    const other = await phones.joined(release, room, { claims: { o: true }, audioSource: { $tone: 440 } });
    const hidden = await phones.joined(release, room, { ...MEDIA, claims: { p: { hp: false } } });
    await eventually(() => hidden.hear(other.id)).toMatchObject({ frequencyHz: expect.closeTo(440, -1) });
    await eventually(() => other.do("participantCounts")).toEqual({ value: { present: 1, hidden: 1 } });
    expect(await hidden.do("participantCounts")).toEqual({ value: { present: 1, hidden: 1 } });
    expect(await other.participants()).toHaveLength(1);
    expect(await other.events("participant-joined")).toEqual([]);
    expect(await hidden.track(hidden.id)).toMatchObject(FORBIDDEN);
    await other.do("startRemoteParticipantsAudioLevelObserver", 100);
    await eventually(() => other.last("remote-participants-audio-level")).toMatchObject({
      participantsAudioLevel: {},
    });
    expect(
      Object.keys((await other.last("remote-participants-audio-level"))?.participantsAudioLevel ?? {}),
    ).toEqual([]);
    await hidden.do("leave");
    await eventually(() => other.do("participantCounts")).toEqual({ value: { present: 1, hidden: 0 } });
    expect(await other.events("participant-left")).toEqual([]);
  });

  test("hasPresence: an owner hides somebody, and shows them again", async () => {
    const room = await phones.newRoom();
    const owner = await phones.joined(release, room, { claims: { o: true } });
    const phone = await phones.joined(release, room, MEDIA);
    await eventually(() => owner.track(phone.id)).toMatchObject({ state: "playable" });
    await owner.do("updateParticipant", phone.id, { updatePermissions: { hasPresence: false } });
    await eventually(() => owner.events("participant-left")).toMatchObject([
      { participant: { session_id: phone.id }, reason: "hidden" },
    ]);
    await eventually(() => phone.do("participantCounts")).toEqual({ value: { present: 1, hidden: 1 } });
    await owner.do("updateParticipant", phone.id, { updatePermissions: { hasPresence: true } });
    await eventually(() => owner.events("participant-joined")).toHaveLength(2);
    await eventually(() => owner.hear(phone.id)).toMatchObject({ frequencyHz: expect.closeTo(440, -1) });
  });

  test("canReceive: what may not be received is off, and its track is not handed out", async () => {
    const room = await phones.newRoom();
    const other = await phones.joined(release, room, MEDIA);
    const claims = { p: { cr: { b: { v: true, a: false } } } };
    const phone = await phones.joined(release, room, { claims });
    await eventually(() => phone.track(other.id, "video")).toMatchObject({ state: "playable" });
    const audio = await phone.track(other.id);
    expect(audio).toMatchObject({ state: "off", off: { byCanReceivePermission: true } });
    expect(audio?.persistentTrack).toBeUndefined();
  });

  test("a request for access in the call is refused with what is not emulated", async () => {
    const room = await phones.newRoom();
    const phone = await phones.joined(release, room);
    expect(await phone.do("requestAccess", { name: "User" })).toEqual({
      error: "not emulated: daily-method-request-access",
    });
  });
});
