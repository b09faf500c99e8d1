import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Answer, eventually, type Phones, RELEASES, startPhones } from "./phones.ts";

/** Every method that a call object of daily-js has: each one settles, and none is silently without effect. */

let phones: Phones;

beforeAll(async () => {
  phones = await startPhones();
});
afterEach(() => phones.hangUp());
afterAll(() => phones?.close());

/** Of daily-js's own plumbing: not for apps, and not in its type definitions. */
const INTERNAL =
  /^(_|constructor$|validate|handle|maybe|compareEqual|resetMeeting|emitDailyJS|emit$|sendMessageTo|forwardPackaged|addListenerFor|removeListenerFor|nativeUtils|update(IsPreparing|KeepDevice|DeviceAudio|ShowAndroid|NoOpRecording)|toggleParticipant|disableReactNative|absoluteUrl|assembleMeetingUrl|needsLoad|sayHello)/;
/** daily-js emits events, as node's EventEmitter does. */
const EMITTER =
  /^(on|once|off|(prepend|add|remove)(Once)?(All)?Listeners?|(raw|set|get)?(Max)?Listeners|listenerCount|eventNames)$/i;
/** In React Native only, by daily-js's own check. */
const NATIVE = /React Native/;
/** With an iframe around the call only, by daily-js's own check. */
const PREBUILT = /Prebuilt/;

const TRACK = { $picture: true };
/** Arguments that daily-js lets through to the call machine; without an entry there are none. */
const ARGUMENTS: Record<string, unknown[]> = {
  join: [{}],
  preAuth: [{}],
  loadCss: [{}],
  updateParticipant: ["local", { setAudio: false }],
  updateParticipants: [{ local: { setAudio: false } }],
  updateWaitingParticipant: ["id", { grantRequestedAccess: true }],
  updateWaitingParticipants: [{ id: { grantRequestedAccess: true } }],
  requestAccess: [{ name: "User" }],
  setLocalAudio: [false],
  setLocalVideo: [false],
  getReceiveSettings: ["base"],
  updateReceiveSettings: [{ base: { video: { layer: 0 } } }],
  updateInputSettings: [{ audio: { settings: {} } }],
  setBandwidth: [{ kbs: 100 }],
  setDailyLang: ["en"],
  setMeetingSessionData: [{}],
  setUserName: ["Name"],
  setUserData: [{}],
  startCustomTrack: [{ track: TRACK }],
  stopCustomTrack: ["name"],
  setInputDevicesAsync: [{ audioSource: { $tone: 440 } }],
  setOutputDeviceAsync: [{ outputDeviceId: "default" }],
  startRemoteMediaPlayer: [{ url: "https://example.com/film.mp4" }],
  stopRemoteMediaPlayer: ["id"],
  updateRemoteMediaPlayer: [{ session_id: "id", settings: { state: "play" } }],
  updateRecording: [{}],
  updateLiveStreaming: [{}],
  addLiveStreamingEndpoints: [{ endpoints: [] }],
  removeLiveStreamingEndpoints: [{ endpoints: [] }],
  startLiveStreaming: [{}],
  updateTranscription: [{}],
  startDialOut: [{ phoneNumber: "+4930123456" }],
  startDialIn: [{ displayName: "User" }],
  stopDialOut: [{ sessionId: "id" }],
  sendDTMF: [{ sessionId: "id", tones: "1" }],
  sipCallTransfer: [{ sessionId: "id", toEndPoint: "+4930123456" }],
  sipRefer: [{ sessionId: "id", toEndPoint: "sip:user@example.com" }],
  testPeerToPeerCallQuality: [{ videoTrack: TRACK }],
  testNetworkConnectivity: [TRACK],
  updateSendSettings: [{ video: "default-video" }],
  setActiveSpeakerMode: [true],
  setSubscribeToTracksAutomatically: [true],
  sendAppMessage: [{}],
  setNetworkTopology: [{ topology: "sfu" }],
  setPlayNewParticipantSound: [false],
  setProxyUrl: ["https://example.com"],
  setIceConfig: [{}],
};

/** What this emulator does, in a call. Every other method has to say that it is not emulated. */
const EMULATED = [
  "iframe",
  "isDestroyed",
  "meetingState",
  "accessState",
  "participants",
  "participantCounts",
  "waitingParticipants",
  "updateParticipant",
  "updateParticipants",
  "localAudio",
  "localVideo",
  "localScreenAudio",
  "localScreenVideo",
  "setLocalAudio",
  "setLocalVideo",
  "getReceiveSettings",
  "updateReceiveSettings",
  "getInputSettings",
  "updateInputSettings",
  "meetingSessionSummary",
  "meetingSessionState",
  "getMeetingSession",
  "setMeetingSessionData",
  "setUserName",
  "setUserData",
  "startLocalAudioLevelObserver",
  "isLocalAudioLevelObserverRunning",
  "stopLocalAudioLevelObserver",
  "getLocalAudioLevel",
  "startRemoteParticipantsAudioLevelObserver",
  "isRemoteParticipantsAudioLevelObserverRunning",
  "stopRemoteParticipantsAudioLevelObserver",
  "getRemoteParticipantsAudioLevel",
  "cycleCamera",
  "cycleMic",
  "setInputDevicesAsync",
  "setOutputDeviceAsync",
  "getInputDevices",
  "enumerateDevices",
  "load",
  "getNetworkStats",
  "updateSendSettings",
  "getSendSettings",
  "getActiveSpeaker",
  "activeSpeakerMode",
  "subscribeToTracksAutomatically",
  "sendAppMessage",
  "room",
  "getNetworkTopology",
  // daily-js answers these by itself.
  "geo",
  "getSidebarView",
  "setSidebarView",
  "requestFullscreen",
  "exitFullscreen",
  "updateScreenShare",
  // Not while one is in a call, by daily-js's own check; tested elsewhere.
  "startCamera",
  "preAuth",
  "testCallQuality",
  "testConnectionQuality",
  "join",
];
/** They end the call, so they have tests of their own. */
const ENDS = ["leave", "destroy"];

describe.each(RELEASES)("with the %s release", (release) => {
  test("in a call, each works or says that it is not emulated, and none hangs", async () => {
    const room = await phones.newRoom();
    const phone = await phones.joined(release, room);
    const methods = (await phone.ask<string[]>("methods")).filter(
      (name) => !INTERNAL.test(name) && !EMITTER.test(name) && !ENDS.includes(name),
    );
    expect(methods.length).toBeGreaterThan(100);
    for (const name of methods) {
      const before = (await phone.events("nonfatal-error")).length;
      const answer = await phone.do(name, ...(ARGUMENTS[name] ?? []));
      expect(answer, name).not.toHaveProperty("hangs");
      if (EMULATED.includes(name) || isOfAnotherPlace(answer)) continue;
      // A method without a promise has no answer, so the word is an event. It may come a little later.
      await expect
        .poll(async () => JSON.stringify((await phone.events("nonfatal-error")).slice(before)), {
          message: name,
          timeout: 10_000,
        })
        .toContain("not emulated: ");
    }
    expect(await phone.do("meetingState")).toEqual({ value: "joined-meeting" });
  });

  test("before a call, those of the tests of a network settle too", async () => {
    const phone = await phones.phone(release);
    await phone.do("startCamera", { audioSource: false, videoSource: false });
    const failed = { result: "failed", errorMsg: "not emulated: test-call-quality" };
    expect(await phone.do("testCallQuality")).toMatchObject({ value: failed });
    expect(await phone.do("testConnectionQuality")).toMatchObject({ value: { result: "failed" } });
    for (const [name, ...args] of [
      ["testWebsocketConnectivity"],
      ["testNetworkConnectivity", TRACK],
      ["testPeerToPeerCallQuality", { videoTrack: TRACK }],
    ] as const) {
      expect(await phone.do(name, ...args), name).toMatchObject({
        error: expect.stringMatching(/not emulated/),
      });
    }
  });

  test("what is asked of the tracks that one receives is not emulated, and told", async () => {
    const room = await phones.newRoom();
    const other = await phones.joined(release, room);
    const phone = await phones.joined(release, room, { subscribeToTracksAutomatically: false });
    await phone.do("updateParticipant", other.id, { setSubscribedTracks: { audio: true } });
    await eventually(() => phone.events("nonfatal-error")).toMatchObject([
      { errorMsg: "not emulated: subscribeToTracksAutomatically: false" },
      { errorMsg: "not emulated: update-participant setSubscribedTracks" },
    ]);
  });

  test("input processors are not emulated, and told", async () => {
    const room = await phones.newRoom();
    const phone = await phones.joined(release, room);
    const settings = { audio: { processor: { type: "noise-cancellation" } } };
    expect(await phone.do("updateInputSettings", settings)).toEqual({
      error: "not emulated: the input processor noise-cancellation",
    });
    expect(await phone.last("nonfatal-error")).toMatchObject({ type: "input-settings-error" });
  });
});

function isOfAnotherPlace({ error }: Answer): boolean {
  return typeof error === "string" && (NATIVE.test(error) || PREBUILT.test(error));
}
