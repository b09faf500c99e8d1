import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually, type Phone, type Phones, startPhones } from "./contract/phones.ts";

/** Whole calls between the two releases of daily-js: the newer one sends as the bot does. */

/** Root mean square of a sine of half amplitude. */
const TONE_RMS = 0.354;

let phones: Phones;

beforeAll(async () => {
  phones = await startPhones();
});
afterEach(() => phones.hangUp());
afterAll(() => phones?.close());

/** This frequency, from this participant. */
async function hears(phone: Phone, { from, hz }: { from?: string; hz: number }): Promise<void> {
  await eventually(() => phone.hear(from)).toMatchObject({ frequencyHz: expect.closeTo(hz, -1) });
}

test("a call carries a tone both ways, mutes, swaps the track, and is joined again", async () => {
  const room = await phones.newRoom({ max_participants: 2 });
  const bot = await phones.joined("newer", room, {
    audioSource: { $tone: 880 },
    claims: { ud: "bot-1", u: "Bot", o: true },
  });
  const user = await phones.joined("older", room, {
    audioSource: { $tone: 440 },
    claims: { ud: "user-1", p: { cs: "a" } },
    join: { userName: "User" },
  });
  await hears(user, { hz: 880 });
  await eventually(async () => (await user.hear()).rms).toBeCloseTo(TONE_RMS, 1);
  await hears(bot, { hz: 440 });
  await eventually(() => user.participants()).toMatchObject([
    { session_id: user.id, user_id: "user-1", user_name: "User", local: true, owner: false, audio: true },
    { session_id: bot.id, user_id: "bot-1", user_name: "Bot", local: false, owner: true, audio: true },
  ]);

  await bot.do("setLocalAudio", false);
  await eventually(() => user.track(bot.id)).toMatchObject({ state: "off", persistentTrack: "audio track" });
  await eventually(async () => (await user.hear()).rms).toBeLessThan(0.001);
  await bot.do("setLocalAudio", true);
  await bot.do("setInputDevicesAsync", { audioSource: { $tone: 1320 } });
  await hears(user, { hz: 1320 });

  await user.do("leave");
  await eventually(() => bot.events("participant-left")).toHaveLength(1);
  const again = await user.do("join", { url: room.url, token: await phones.token(room) });
  expect(again).toMatchObject({ value: { local: { session_id: expect.stringMatching(/^[0-9a-f-]{36}$/) } } });
  await hears(user, { hz: 1320 });
});

test.each([
  { lowComes: "first", bitrates: [12_000, 96_000] as const },
  { lowComes: "second", bitrates: [96_000, 12_000] as const },
])(
  "each sends as much as its micAudioMode allows, whoever comes $lowComes",
  async ({ lowComes, bitrates }) => {
    const room = await phones.newRoom();
    const joined = (bitrate: number) =>
      phones.joined("newer", room, {
        audioSource: { $tone: 880 },
        dailyConfig: { micAudioMode: { bitrate, stereo: false } },
      });
    const received = async (phone: Phone) => {
      const { value } = await phone.do("getNetworkStats");
      return (value as { stats: { latest: Record<string, number> } }).stats.latest.audioRecvBitsPerSecond;
    };
    const [first, second] = [await joined(bitrates[0]), await joined(bitrates[1])];
    await eventually(() => received(lowComes === "first" ? second : first)).toBeLessThan(16_000);
    await eventually(() => received(lowComes === "first" ? first : second)).toBeGreaterThan(48_000);
  },
);

test("four participants hear each other", async () => {
  const room = await phones.newRoom();
  const tones = [440, 660, 880, 1100];
  const all = [];
  for (const [index, hz] of tones.entries()) {
    const release = index % 2 === 0 ? "newer" : "older";
    all.push({ hz, phone: await phones.joined(release, room, { audioSource: { $tone: hz } }) });
  }
  for (const { phone } of all) {
    for (const other of all) {
      if (other.phone !== phone) await hears(phone, { from: other.phone.id, hz: other.hz });
    }
  }
});

test("one page holds calls in several rooms that hear nothing of each other, with one AudioContext", async () => {
  const [here, there] = [await phones.newRoom(), await phones.newRoom()];
  const one = await phones.joined("newer", here, { audioSource: { $tone: 880 } });
  const other = await phones.joined("newer", there, { audioSource: { $tone: 440 } });
  const user = await phones.joined("older", there);
  await hears(user, { hz: 440 });
  await user.do("sendAppMessage", { for: "there" });
  await eventually(() => other.events("app-message")).toMatchObject([{ data: { for: "there" } }]);
  expect(await one.events("app-message")).toEqual([]);
  expect(await one.participants()).toHaveLength(1);

  expect(await one.remains()).toMatchObject({ instances: 2, sharedAudioUsers: 0 });
  await Promise.all([one, other].map((phone) => phone.do("startLocalAudioLevelObserver", 100)));
  expect(await one.remains()).toMatchObject({ sharedAudioUsers: 2 });
  await one.do("destroy");
  expect(await other.remains()).toMatchObject({ instances: 1, sharedAudioUsers: 1 });
  await user.do("sendAppMessage", { still: "there" });
  await eventually(() => other.events("app-message")).toHaveLength(2);
});

test("microphone and camera of startCamera go along into the call", async () => {
  const room = await phones.newRoom();
  const bot = await phones.joined("newer", room);
  const user = await phones.phone("older");
  await user.do("startCamera", { audioSource: true, videoSource: true, startVideoOff: true });
  await user.do("join", { url: room.url, token: await phones.token(room) });
  await eventually(async () => (await bot.hear()).rms).toBeGreaterThan(0.01);
  await user.do("setLocalVideo", true);
  await eventually(() => bot.events("track-started")).toContainEqual(
    expect.objectContaining({ type: "video", track: "video track" }),
  );
});

test("a call object that only opened the microphone can be destroyed, and gives it back", async () => {
  const user = await phones.phone("older");
  await user.do("startCamera", { audioSource: true, videoSource: false });
  expect(await user.remains()).toMatchObject({ devices: 1 });
  await user.do("destroy");
  expect(await user.remains()).toMatchObject({ instances: 0, devices: 0, sockets: 0 });
});

describe("an emulator of its own", () => {
  test("going away for good is a connection error", async () => {
    const own = await startPhones({ resumeWithinMs: 300 });
    try {
      const user = await own.joined("older", await own.newRoom());
      await own.emulator.close();
      await eventually(() => user.events("left-meeting")).toHaveLength(1);
      expect(await user.last("error")).toMatchObject({
        error: { type: "connection-error", details: { on: "reconnect" } },
      });
    } finally {
      await own.close();
    }
  });
});
