import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Signalling } from "./call-machine/signalling.ts";
import { signallingUrl } from "./call-machine/signalling-client.ts";
import { type Fixture, startFixture, token } from "./test-fixture.ts";

/** The page's end of the signalling, without a page. */

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

test("who leaves before the answer to a join says so, or a ghost of theirs would stay", async () => {
  await fixture.rest("POST", "/_emulator/faults", { fault: "ghost", ms: 3_600_000 });
  const nothing = () => {};
  const signalling = new Signalling(signallingUrl(fixture.emulator.url), {
    message: nothing,
    interrupted: nothing,
    resumed: nothing,
    fatal: nothing,
  });
  await signalling.hello("room", await token("room"));
  // The emulator logs this when the seat is taken, and answers afterwards.
  const seated = new Promise<void>((resolve) => {
    fixture.logged.mockImplementation(({ event }) => {
      if (event === "participant.joined") resolve(signalling.close());
    });
  });
  const joining = signalling.join({ type: "join", media: { audio: "off", video: "off" } });
  await expect(joining).rejects.toMatchObject({ type: "connection-error" });
  await seated;
  await fixture.untilSockets(0);
  expect(await fixture.presentIds()).toEqual([]);
});
