import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Participant } from "./phone.ts";
import { eventually, type Phones, RELEASES, startPhones } from "./phones.ts";

/** The participant object, its tracks, and the events that the call machine raises by itself. */

let phones: Phones;

beforeAll(async () => {
  phones = await startPhones();
});
afterEach(() => phones.hangUp());
afterAll(() => phones?.close());

describe.each(RELEASES)("with the %s release", (release) => {
  test("the participant object: every field, for oneself and for the other", async () => {
    const room = await phones.newRoom();
    const claims = { ud: "user-1", u: "User", p: { cs: "a" } };
    const phone = await phones.joined(release, room, {
      claims,
      audioSource: { $tone: 440 },
      userData: { n: 1 },
    });
    const other = await phones.joined(release, room, { claims: { o: true } });
    await eventually(() => other.track(phone.id)).toMatchObject({ state: "playable" });
    const common = {
      session_id: phone.id,
      user_id: "user-1",
      user_name: "User",
      userData: { n: 1 },
      owner: false,
      record: false,
      joined_at: expect.stringMatching(/^\d{4}-/),
      // Daily's word for never.
      will_eject_at: "1970-01-01T00:00:00.000Z",
      permissions: { hasPresence: true, canSend: ["audio"], canReceive: { base: true }, canAdmin: false },
      audio: true,
      video: false,
      screen: false,
    };
    const tracks = {
      audio: { state: "playable", subscribed: true, track: "audio track", persistentTrack: "audio track" },
      video: { state: "off", off: { byCanSendPermission: true } },
      screenAudio: { state: "off", off: { byUser: true } },
      screenVideo: { state: "off", off: { byUser: true } },
    };
    expect(await phone.participant(phone.id)).toMatchObject({ ...common, local: true, tracks });
    await eventually(() => other.participant(phone.id)).toMatchObject({ ...common, local: false, tracks });
    expect(await phone.participant(other.id)).toMatchObject({ owner: true, permissions: { canAdmin: true } });
    const { value } = await phone.do("participants");
    expect(Object.keys(value as object).sort()).toEqual(["local", other.id].sort());
  });

  test("track-started and track-stopped: for a track that comes, is muted, is replaced, and goes", async () => {
    const room = await phones.newRoom();
    const other = await phones.joined(release, room);
    const phone = await phones.joined(release, room, { audioSource: { $tone: 440 } });
    const count = async (action: string) => {
      const events = await other.events(action);
      return events.filter(({ type, track }) => type === "audio" && track === "audio track").length;
    };
    await eventually(() => count("track-started")).toBe(1);
    await phone.do("setLocalAudio", false);
    await eventually(() => count("track-stopped")).toBe(1);
    await phone.do("setLocalAudio", true);
    await eventually(() => count("track-started")).toBe(2);
    // The way to the other end stays, and with it the track that arrives there.
    await phone.do("setInputDevicesAsync", { audioSource: { $tone: 880 } });
    await eventually(() => other.hear()).toMatchObject({ frequencyHz: expect.closeTo(880, -1) });
    expect(await count("track-started")).toBe(2);
    await phone.do("leave");
    await eventually(() => count("track-stopped")).toBe(2);
    expect(await other.last("track-stopped")).toMatchObject({ participant: { session_id: phone.id } });
    // The sender's own track was another one after the replacement.
    const own = (await phone.events("track-started")).filter(({ type }) => type === "audio");
    expect(own).toHaveLength(3);
  });

  test("track states: loading until there is a way to the other, then playable, and off without a sender", async () => {
    const room = await phones.newRoom();
    const phone = await phones.joined(release, room);
    await phones.joined(release, room, { audioSource: { $tone: 440 } });
    await eventually(() => phone.events("track-started")).toHaveLength(1);
    const seen = await phone.events();
    const told = seen.filter(({ action }) => /^participant-(joined|updated)$/.test(action));
    const states = told
      .map(({ participant }) => participant as Participant)
      .filter(({ local }) => local === false)
      .map(({ tracks }) => `${tracks.audio?.state} ${tracks.video?.state}`);
    expect([...new Set(states)]).toEqual(["loading off", "playable off"]);
  });

  test("participant-joined: those who were there are told one by one after the join", async () => {
    const room = await phones.newRoom();
    const first = await phones.joined(release, room);
    const second = await phones.joined(release, room);
    const third = await phones.joined(release, room);
    await eventually(() => third.events("participant-joined")).toMatchObject([
      { participant: { session_id: first.id } },
      { participant: { session_id: second.id } },
    ]);
    const { participants } = (await third.last("joined-meeting")) as unknown as { participants: object };
    expect(Object.keys(participants)).toEqual(["local"]);
  });

  test("participant-left: the whole participant, also of a page that goes away", async () => {
    const room = await phones.newRoom();
    const other = await phones.joined(release, room);
    const phone = await phones.joined(release, room, { page: "that goes", claims: { ud: "gone" } });
    await eventually(() => other.participant(phone.id)).toBeDefined();
    await phone.page.reload();
    await eventually(() => other.events("participant-left")).toMatchObject([
      { participant: { session_id: phone.id, user_id: "gone", local: false, tracks: expect.any(Object) } },
    ]);
    expect((await other.last("participant-left"))?.reason).toBeUndefined();
  });

  test("participant-counts-updated: oneself among them", async () => {
    const room = await phones.newRoom();
    const phone = await phones.joined(release, room);
    await eventually(() => phone.do("participantCounts")).toEqual({ value: { present: 1, hidden: 0 } });
    const other = await phones.joined(release, room);
    await eventually(() => phone.do("participantCounts")).toEqual({ value: { present: 2, hidden: 0 } });
    await other.do("leave");
    await eventually(() => phone.do("participantCounts")).toEqual({ value: { present: 1, hidden: 0 } });
  });

  test("active-speaker-change: who is heard, once it is played", async () => {
    const room = await phones.newRoom();
    const speaker = await phones.joined(release, room, { audioSource: { $tone: 440 } });
    const phone = await phones.joined(release, room);
    await eventually(async () => (await phone.hear()).rms).toBeGreaterThan(0.1);
    await eventually(() => phone.events("active-speaker-change")).toMatchObject([
      { activeSpeaker: { peerId: speaker.id } },
    ]);
    expect(await phone.do("getActiveSpeaker")).toMatchObject({ value: { peerId: speaker.id } });
    expect(await speaker.events("active-speaker-change")).toEqual([]);
  });

  test("network-connection: signalling first, then the way to each other participant", async () => {
    const room = await phones.newRoom();
    const other = await phones.joined(release, room);
    const phone = await phones.joined(release, room);
    await eventually(() => phone.events("network-connection")).toMatchObject([
      { type: "signaling", event: "connected", session_id: phone.id },
      { type: "peer-to-peer", event: "connected", session_id: other.id },
    ]);
  });

  test("network-quality-change: good at first, and again only when it is another", async () => {
    const room = await phones.newRoom();
    await phones.joined(release, room, { audioSource: { $tone: 440 } });
    const phone = await phones.joined(release, room);
    await eventually(() => phone.do("getNetworkStats")).toMatchObject({
      value: { stats: { latest: { recvBitsPerSecond: expect.any(Number) } } },
    });
    const changes = await phone.events("network-quality-change");
    expect(changes[0]).toMatchObject({ networkState: "good", threshold: "good", quality: 100 });
    // On a busy machine it may get worse, and better again; the same twice is no change.
    const states = changes.map(({ networkState }) => networkState);
    expect(states.filter((state, index) => state === states[index - 1])).toEqual([]);
  });

  test("meeting-session-summary-updated: one id for all, and another once the room was empty", async () => {
    const room = await phones.newRoom();
    const [a, b] = [await phones.joined(release, room), await phones.joined(release, room)];
    const id = async (phone: typeof a) => {
      const summary = await phone.last("meeting-session-summary-updated");
      return (summary?.meetingSession as { id: string } | undefined)?.id;
    };
    expect(await id(a)).toEqual(expect.any(String));
    expect(await id(b)).toBe(await id(a));
    await Promise.all([a.do("leave"), b.do("leave")]);
    await eventually(() => phones.present(room)).toEqual([]);
    const c = await phones.joined(release, room);
    expect(await id(c)).not.toBe(await id(a));
  });

  test("meeting-session-state-updated: at the join, and at every change, for who made it too", async () => {
    const phone = await phones.joined(release, await phones.newRoom());
    const data = async () => {
      const events = await phone.events("meeting-session-state-updated");
      return events.map(({ meetingSessionState }) => (meetingSessionState as { data: object }).data);
    };
    expect(await data()).toEqual([{}]);
    await phone.do("setMeetingSessionData", { one: 1 });
    await eventually(data).toEqual([{}, { one: 1 }]);
  });

  test("nonfatal-error: what cannot be, while the call goes on", async () => {
    const phone = await phones.joined(release, await phones.newRoom());
    // If it reached the emulator it would end the connection.
    expect(await phone.do("setUserName", "x".repeat(257))).toMatchObject({
      value: { error: expect.stringMatching(/at most 256 characters/) },
    });
    await eventually(() => phone.events("nonfatal-error")).toMatchObject([
      { type: "failed", errorMsg: expect.stringMatching(/at most 256 characters/) },
    ]);
    expect(await phone.do("setUserName", "x".repeat(256))).toHaveProperty("value.userName");
    await eventually(() => phones.state()).toMatchObject({ sockets: 1 });
    expect(await phone.do("meetingState")).toEqual({ value: "joined-meeting" });
    expect(await phone.events("network-connection")).toHaveLength(1);
  });

  test("a room's start_audio_off holds, unless the join says otherwise", async () => {
    const room = await phones.newRoom({ start_audio_off: true });
    const silent = await phones.joined(release, room, { audioSource: { $tone: 440 } });
    expect(await silent.track(silent.id)).toMatchObject({ state: "off" });
    const join = { startAudioOff: false };
    const loud = await phones.joined(release, room, { audioSource: { $tone: 440 }, join });
    expect(await loud.track(loud.id)).toMatchObject({ state: "playable" });
  });
});
