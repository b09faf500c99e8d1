import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Signalling } from "./call-machine/signalling.ts";
import { signallingUrl } from "./call-machine/signalling-client.ts";
import { type Fixture, startFixture, token } from "./test-fixture.ts";

/** The page's end of the signalling, in Node: by name a browser test, for the types of a browser. */

let fixture: Fixture;

beforeEach(async () => {
  vi.stubGlobal("window", globalThis);
  fixture = await startFixture();
  await fixture.newRoom("room");
});
afterEach(async () => {
  await fixture.close();
  vi.unstubAllGlobals();
});

/** Leaves as soon as the emulator logs this, which is before its answer has arrived. */
function leaveWhen(logged: string, signalling: Signalling): Promise<void> {
  return new Promise((resolve) => {
    fixture.logged.mockImplementation(({ event }) => {
      if (event === logged) resolve(signalling.close());
    });
  });
}

describe("who leaves before the answer says so, or a ghost of theirs would stay", () => {
  let signalling: Signalling;
  const join = () => signalling.join({ type: "join", media: { audio: "off", video: "off" } });

  beforeEach(async () => {
    await fixture.rest("POST", "/_emulator/faults", { fault: "ghost", ms: 3_600_000 });
    const nothing = () => {};
    const events = { message: nothing, interrupted: nothing, resumed: nothing, fatal: nothing };
    signalling = new Signalling(signallingUrl(fixture.emulator.url), events);
    await signalling.hello("room", await token("room"));
  });
  afterEach(async () => {
    await fixture.untilSockets(0);
    expect(await fixture.presentIds()).toEqual([]);
  });

  test("to a join", async () => {
    const left = leaveWhen("participant.joined", signalling);
    await expect(join()).rejects.toMatchObject({ type: "connection-error" });
    await left;
  });

  test("to a return", async () => {
    await join();
    const left = leaveWhen("participant.resumed", signalling);
    await fixture.rest("POST", "/_emulator/faults", { fault: "dropSignalling" });
    await left;
  });
});
