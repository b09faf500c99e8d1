import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually, type Phones, RELEASES, startPhones } from "./phones.ts";

/** How daily-js loads the call machine, and the channel between the two. */

let phones: Phones;

beforeAll(async () => {
  phones = await startPhones();
});
afterEach(() => phones.hangUp());
afterAll(() => phones?.close());

test("the releases are the ones that we ship and that the official transport brings along", async () => {
  const versions = { newer: "0.92.2", older: "0.90.0" };
  for (const release of RELEASES) {
    expect(await (await phones.page(release)).evaluate("phones.version()")).toBe(versions[release]);
  }
});

describe.each(RELEASES)("with the %s release", (release) => {
  const load = async (options: Record<string, unknown> = {}) => {
    const phone = await phones.phone(release, options);
    await phone.do("startCamera", { audioSource: false, videoSource: false });
    return phone;
  };

  test("it comes through fetch and Function, as a plain script in strict mode", async () => {
    const phone = await load();
    await eventually(() => phone.events("loaded")).toHaveLength(1);
    expect(await phone.events("load-attempt-failed")).toEqual([]);
    expect(await phone.page.evaluate("document.querySelectorAll('script[src*=call-machine]').length")).toBe(
      0,
    );
  });

  test("it comes as a script element where eval is avoided", async () => {
    const room = await phones.newRoom();
    const phone = await load({ page: "no-eval", dailyConfig: { avoidEval: true } });
    expect(await phone.do("join", { url: room.url, token: await phones.token(room) })).toHaveProperty(
      "value",
    );
  });

  test("it takes every call object that waits, and each has a machine of its own", async () => {
    const [one, other] = await Promise.all([load(), load()]);
    expect(await one.remains()).toMatchObject({ instances: 2, pendings: 0 });
    const machines = "Object.values(window._daily.instances).map(({ callMachine }) => callMachine)";
    expect(await one.page.evaluate(`new Set(${machines}).size`)).toBe(2);
    expect(await one.page.evaluate(`${machines}.every(({ store }) => store.getState().local.public)`)).toBe(
      true,
    );
    await other.do("destroy");
    expect(await one.remains()).toMatchObject({ instances: 1 });
  });

  test("evaluated again for each call object, it listens once and adds nothing more to the window", async () => {
    const first = await load({ page: "globals" });
    const listeners = (await first.remains()).messageListeners ?? 0;
    const globals = await first.page.evaluate("phones.newGlobals()");
    const second = await load({ page: "globals" });
    // The second one's is daily-js's own.
    expect(await second.remains()).toMatchObject({ messageListeners: listeners + 1 });
    expect(await second.page.evaluate("phones.newGlobals()")).toEqual(globals);
    expect(globals).toEqual(expect.arrayContaining(["_daily", "_dailyInABox"]));
  });

  test("a used call object is reset instead of loaded again, and forgets what was", async () => {
    const phone = await load();
    await phone.do("startLocalAudioLevelObserver", 100);
    await phone.do("leave");
    await phone.do("startCamera", { audioSource: true, videoSource: false });
    await eventually(() => phone.events("loaded")).toHaveLength(2);
    expect(await phone.participants()).toMatchObject([{ tracks: { audio: { state: "playable" } } }]);
    expect(await phone.remains()).toMatchObject({ sharedAudioUsers: 0, devices: 1 });
  });

  test("messages of other call objects, of other senders and to nobody are not heard", async () => {
    const room = await phones.newRoom();
    const phone = await phones.joined(release, room);
    const leave = { what: "iframe-call-message", from: "module", action: "leave-meeting" };
    const post = (message: object) =>
      phone.page.evaluate(`window.postMessage(${JSON.stringify(message)}, "*")`);
    const { value: callClientId } = { value: Object.keys(await instances(phone.page))[0] };
    for (const message of [
      { ...leave, callClientId: "somebody-else" },
      { ...leave, callClientId, from: "embedded" },
      { ...leave, callClientId, what: "another-message" },
      { ...leave },
      "leave-meeting",
    ]) {
      await post(message as object);
    }
    // Messages of one window arrive in order, so this answer comes after all of them were heard.
    expect(await phone.do("getNetworkTopology")).toEqual({ value: { topology: "peer" } });
    expect(await phone.do("meetingState")).toEqual({ value: "joined-meeting" });
    await post({ ...leave, callClientId });
    await eventually(() => phone.events("left-meeting")).toHaveLength(1);
  });

  test("signalling is where the bundle came from, whatever host the room's URL names", async () => {
    const room = await phones.newRoom();
    const phone = await phones.phone(release);
    const url = `https://name.daily.co/${room.name}`;
    expect(await phone.do("join", { url, token: await phones.token(room) })).toHaveProperty("value");
  });
});

test("without a bundle the join fails with a connection error that says so", async () => {
  const empty = createServer((_request, response) => {
    response.writeHead(404, { "access-control-allow-origin": "*" }).end();
  });
  await new Promise<void>((resolve) => empty.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = empty.address() as AddressInfo; // it listens on a port
    const bundlePathOverride = `http://127.0.0.1:${port}/call-machine`;
    const phone = await phones.phone("newer", { dailyConfig: { bundlePathOverride } });
    await phone.start("join", { url: `${phones.emulator.url}/room` });
    // daily-js tries three times, three seconds apart.
    const gaveUp = expect.poll(() => phone.events("error"), { timeout: 30_000 });
    await gaveUp.toMatchObject([{ error: { type: "connection-error", details: { on: "load" } } }]);
    expect((await phone.events("load-attempt-failed")).length).toBeGreaterThan(1);
  } finally {
    empty.close();
  }
});

const instances = (page: { evaluate<Result>(code: string): Promise<Result> }) =>
  page.evaluate<Record<string, unknown>>(
    "Object.fromEntries(Object.keys(window._daily.instances).map((id) => [id, true]))",
  );
