import { describe, expect, test } from "vitest";
import { activeSpeaker } from "./call-machine/active-speaker.ts";
import { cameraProblem, combined } from "./call-machine/camera-problem.ts";
import { readChanges } from "./call-machine/participant-change.ts";
import { toDaily } from "./call-machine/participants.ts";
import { readSetup, readWish, recipients, roomName } from "./call-machine/setup.ts";
import type { InitialPermissions } from "./core/permissions.ts";
import type { Participant } from "./signalling-messages.ts";

const ALL: InitialPermissions = {
  hasPresence: true,
  canSend: true,
  canReceive: { base: true },
  canAdmin: false,
};

const participant: Participant = {
  sessionId: "id",
  userId: "bot-1",
  userName: "Bot",
  owner: true,
  joinedAt: "2026-01-01T00:00:00.000Z",
  permissions: { ...ALL, canSend: ["audio"], canAdmin: ["participants"] },
  media: { audio: "on", video: "off" },
};

describe("participants", () => {
  test("are shown with daily-js's names and types", () => {
    expect(toDaily(participant, { link: "connected" })).toMatchObject({
      session_id: "id",
      user_id: "bot-1",
      user_name: "Bot",
      local: false,
      owner: true,
      joined_at: new Date("2026-01-01"),
      will_eject_at: new Date(0),
      permissions: { canSend: new Set(["audio"]), canAdmin: new Set(["participants"]) },
      audio: true,
      video: false,
    });
  });

  test.each([
    ["connecting", "loading"],
    ["connected", "playable"],
    ["interrupted", "interrupted"],
    ["self", "playable"],
  ] as const)("while %s, what is sent is %s", (link, state) => {
    expect(toDaily(participant, { link }).tracks.audio.state).toBe(state);
  });

  test("what is off says why: by whom, or by which permission", () => {
    const media = { audio: "off", video: "off-by-request" } as const;
    const { audio, video } = toDaily(
      { ...participant, permissions: ALL, media },
      { link: "connected" },
    ).tracks;
    expect(audio).toEqual({ state: "off", off: { byUser: true }, subscribed: true });
    expect(video).toEqual({ state: "off", off: { byRemoteRequest: true }, subscribed: true });
    const { tracks } = toDaily(participant, { link: "connected" });
    expect(tracks.video).toEqual({ state: "off", off: { byCanSendPermission: true }, subscribed: true });
  });

  test("what may not be received is off by the nearest rule that speaks of it", () => {
    const stateFor = (canReceive: InitialPermissions["canReceive"]) => {
      const you = { ...participant, permissions: { ...ALL, canReceive } };
      return toDaily(participant, { link: "connected", you }).tracks.audio;
    };
    const off = { state: "off", off: { byCanReceivePermission: true }, subscribed: true };
    const playable = { state: "playable", subscribed: true };
    expect(stateFor({ base: false })).toEqual(off);
    expect(stateFor({ base: false, byUserId: { "bot-1": true } })).toEqual(playable);
    expect(stateFor({ byUserId: { "bot-1": true }, byParticipantId: { id: { audio: false } } })).toEqual(off);
    expect(stateFor({ base: false, byParticipantId: { id: { video: false } } })).toEqual(off);
    expect(stateFor({})).toEqual(playable);
  });

  test("no two tracks share an object, which daily-js would write one's track into the other's by", () => {
    const muted = { ...participant, media: { audio: "off", video: "off" } } as const;
    expect(new Set(Object.values(toDaily(muted, { link: "connected" }).tracks)).size).toBe(4);
  });

  test("a device that cannot be had is blocked, with its reason", () => {
    const media = { audio: "blocked", video: "off" } as const;
    const audio = cameraProblem("audio", { name: "NotAllowedError", message: "Permission denied" });
    expect(toDaily({ ...participant, media }, { link: "self", problems: { audio } }).tracks.audio).toEqual({
      state: "blocked",
      blocked: { byPermissions: true },
      subscribed: true,
    });
  });
});

describe("an update of a participant", () => {
  test("is read thing by thing; what is not emulated is named", () => {
    const canSend = new Set(["audio"]);
    const properties = {
      setAudio: false,
      setVideo: true,
      eject: true,
      updatePermissions: { canSend },
      styles: {},
    };
    expect(readChanges(properties)).toEqual({
      changes: [
        { what: "media", kind: "audio", on: false },
        { what: "media", kind: "video", on: true },
        { what: "eject" },
        { what: "permissions", permissions: { canSend: ["audio"] } },
      ],
      unknown: ["styles"],
    });
    expect(readChanges(undefined)).toEqual({ changes: [], unknown: [] });
  });
});

describe("the setup", () => {
  test("nothing given: default devices, as the room says", () => {
    expect(readSetup({ properties: { url: "http://x/r" } })).toMatchObject({
      url: "http://x/r",
      token: undefined,
      audio: { allowed: true, startOff: undefined, wish: { from: "device", settings: {} } },
    });
  });

  test("what daily-js prepared wins over what the app gave at first", () => {
    const setup = readSetup({
      properties: { url: "", audioSource: "daily-custom-track", startAudioOff: false, startVideoOff: true },
      preloadCache: {
        allowLocalVideo: false,
        inputSettings: { audio: { settings: { deviceId: "mic-2" } } },
        localAudioLevelObserver: { enabled: true, interval: 100 },
        remoteParticipantsAudioLevelObserver: null,
      },
    });
    expect(setup).toMatchObject({
      audio: { allowed: true, startOff: false, wish: { from: "device", settings: { deviceId: "mic-2" } } },
      video: { allowed: false, startOff: true },
      localLevels: { intervalMs: 100 },
      remoteLevels: undefined,
    });
  });

  test("a custom track is known by daily-js's word for it, in either place", () => {
    expect(readWish({ customTrack: "daily-custom-track" })).toEqual({ from: "custom" });
    expect(readWish({}, "daily-custom-track")).toEqual({ from: "custom" });
    expect(readWish({}, "mic-1")).toEqual({ from: "device", settings: { deviceId: "mic-1" } });
    expect(readWish({ echoCancellation: false })).toEqual({
      from: "device",
      settings: { echoCancellation: false },
    });
  });

  test("app messages go to all unless somebody is named", () => {
    expect(recipients(undefined)).toBe("*");
    expect(recipients("id")).toBe("id");
    expect(recipients(["a", 1, "b"])).toEqual(["a", "b"]);
  });

  test.each([
    ["http://127.0.0.1:8788/vrd-abc", "vrd-abc"],
    ["https://name.daily.co/room/?t=1", "room"],
    ["http://127.0.0.1:8788", ""],
    ["not a url", ""],
    ["http://127.0.0.1:8788/%E0%A4%A", "%E0%A4%A"],
  ])("the room of %s is %s", (url, name) => {
    expect(roomName(url)).toBe(name);
  });
});

describe("the active speaker", () => {
  test("is the loudest who can be heard, and stays through silence", () => {
    expect(activeSpeaker(null, { a: 0.01, b: 0 })).toBe(null);
    expect(activeSpeaker(null, { a: 0.1, b: 0.3 })).toBe("b");
    expect(activeSpeaker("b", { a: 0.01, b: 0 })).toBe("b");
    expect(activeSpeaker("b", { a: 0.2, b: 0.1 })).toBe("a");
    expect(activeSpeaker("b", { a: 0 })).toBe(null);
    expect(activeSpeaker("b", {})).toBe(null);
  });
});

describe("a device problem", () => {
  test.each([
    [
      "NotAllowedError",
      "Permission denied",
      { type: "permissions", blockedBy: "user", blockedMedia: ["audio"] },
    ],
    ["NotAllowedError", "Permission denied by system", { type: "permissions", blockedBy: "browser" }],
    ["NotFoundError", "", { type: "not-found", missingMedia: ["audio"], msg: "NotFoundError" }],
    ["OverconstrainedError", "", { type: "constraints", failedMedia: ["audio"] }],
    ["NotReadableError", "", { type: "mic-in-use" }],
    ["TypeError", "what", { type: "unknown", msg: "what" }],
  ])("%s (%s)", (name, message, expected) => {
    expect(cameraProblem("audio", { name, message })).toMatchObject(expected);
  });

  test.each([
    ["NotAllowedError", "NotAllowedError", [{ type: "permissions", blockedMedia: ["audio", "video"] }]],
    ["NotFoundError", "NotFoundError", [{ type: "not-found", missingMedia: ["audio", "video"] }]],
    ["NotReadableError", "NotReadableError", [{ type: "cam-mic-in-use" }]],
    ["NotReadableError", "NotFoundError", [{ type: "mic-in-use" }, { type: "not-found" }]],
    ["NotAllowedError", "SecurityError", [{ blockedBy: "user" }, { blockedBy: "browser" }]],
  ])("%s and %s together", (audio, video, expected) => {
    const problems = combined(
      cameraProblem("audio", { name: audio, message: "" }),
      cameraProblem("video", { name: video, message: "" }),
    );
    expect(problems).toMatchObject(expected);
    expect(problems).toHaveLength(expected.length);
  });
});
