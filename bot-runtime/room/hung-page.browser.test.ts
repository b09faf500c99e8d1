import { expect, it, vi } from "vitest";
import { createChromiumRoomHost } from "./chromium-room-host.ts";
import { buildLoopbackAssets } from "./testing/loopback-assets.ts";
import { RecordingEvents } from "./testing/recording-events.ts";

/** What the main thread may be silent here; only Node looks at it, and it looks every half second. */
const SILENT_MS = vi.hoisted(() => 2_000);
vi.mock("./bridge/limits.ts", async (original) => ({
  ...(await original<object>()),
  PAGE_MAIN_SILENT_MS: SILENT_MS,
}));

const WAIT = { timeout: 10_000, interval: 20 };

it("a main thread that hangs loses its calls, though its audio goes on, and a new page takes the next", async () => {
  await using stack = new AsyncDisposableStack();
  const assets = await buildLoopbackAssets();
  stack.defer(() => assets.remove());
  const host = await createChromiumRoomHost({ assetsFolder: assets.folder, log: () => {} });
  stack.defer(() => host.close());
  const options = { sessionId: "s", url: "http://daily.test/room", token: "t", userName: "Bot" };
  const events = new RecordingEvents();
  const room = await host.open(options, events);
  await room.join();
  await vi.waitFor(() => expect(events.frames).toBeGreaterThan(10), WAIT);

  room.sendAppMessage("hang");
  const frames = events.frames;
  await vi.waitFor(() => expect(events.ends).toHaveLength(1), WAIT);
  expect(events.ends).toEqual([{ kind: "lost", detail: "Its main thread is silent" }]);
  // All the while, but for the time that a beat takes to be missed.
  expect((events.frames - frames) * 20).toBeGreaterThan(SILENT_MS - 700);

  const next = await host.open(options, new RecordingEvents());
  await next.join();
});
