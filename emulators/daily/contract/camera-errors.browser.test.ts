import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually, type Phones, RELEASES, startPhones } from "./phones.ts";

/** Every camera error of daily-js that a browser can be brought to. */

let phones: Phones;

beforeAll(async () => {
  phones = await startPhones();
});
afterEach(() => phones.hangUp());
afterAll(() => phones?.close());

describe.each(RELEASES)("with the %s release", (release) => {
  const startCamera = async (...names: string[]) => {
    const phone = await phones.phone(release);
    await phone.page.evaluate(`phones.refuseDevices(...${JSON.stringify(names)})`);
    // The start itself works: an app shows the call without a microphone.
    expect(await phone.do("startCamera", { audioSource: true, videoSource: true })).toHaveProperty("value");
    return phone;
  };
  const BOTH = ["audio", "video"];

  test.each([
    ["permissions", ["NotAllowedError"], { blockedBy: "user", blockedMedia: BOTH }, "byPermissions"],
    ["not-found", ["NotFoundError"], { missingMedia: BOTH }, "byDeviceMissing"],
    ["constraints", ["OverconstrainedError"], { reason: "invalid", failedMedia: BOTH }, "byDeviceMissing"],
    ["cam-mic-in-use", ["NotReadableError"], {}, "byDeviceInUse"],
    ["unknown", ["DataError"], {}, "byDeviceMissing"],
  ])("%s: with both devices", async (type, names, details, blocked) => {
    const phone = await startCamera(...names);
    await eventually(() => phone.last("camera-error")).toMatchObject({
      errorMsg: { errorMsg: "refused by the test", audioOk: false, videoOk: false },
      error: { type, msg: "refused by the test", ...details },
    });
    const state = { state: "blocked", blocked: { [blocked]: true } };
    expect(await phone.participants()).toMatchObject([{ tracks: { audio: state, video: state } }]);
  });

  test("mic-in-use and cam-in-use: with one device, while the other has another problem", async () => {
    const microphone = await startCamera("NotReadableError", "NotFoundError");
    await eventually(() => microphone.events("camera-error")).toMatchObject([
      { error: { type: "mic-in-use" } },
      { error: { type: "not-found", missingMedia: ["video"] } },
    ]);
    const camera = await startCamera("NotFoundError", "NotReadableError");
    await eventually(() => camera.events("camera-error")).toMatchObject([
      { error: { type: "not-found", missingMedia: ["audio"] } },
      { error: { type: "cam-in-use" } },
    ]);
  });

  test("undefined-mediadevices: a page whose address is not secure", async () => {
    const phone = await phones.phone(release);
    await phone.page.evaluate("phones.hideDevices()");
    await phone.do("startCamera", { audioSource: true, videoSource: true });
    await eventually(() => phone.events("camera-error")).toMatchObject([
      { error: { type: "undefined-mediadevices" } },
    ]);
  });

  test("in a call too: it goes on without the device, and unmuting asks again", async () => {
    const room = await phones.newRoom();
    const other = await phones.joined(release, room);
    await other.page.evaluate("phones.refuseDevices('NotAllowedError')");
    const phone = await phones.joined(release, room, { audioSource: true });
    await eventually(() => other.track(phone.id)).toMatchObject({ state: "blocked" });
    await other.page.evaluate("phones.restoreDevices()");
    await phone.do("setLocalAudio", false);
    await phone.do("setLocalAudio", true);
    await eventually(() => other.track(phone.id)).toMatchObject({ state: "playable" });
  });
});
