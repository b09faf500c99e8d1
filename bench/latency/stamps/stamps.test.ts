/** What the preload measures, in a process that does with sound what the bot runtime does, over real sockets. */
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { encodePcm } from "../../../bot-runtime/gemini/pcm.ts";
import { BatchWriter, FrameKind } from "../../../bot-runtime/room/bridge/audio-frames.ts";
import { Program } from "../../../scripts/process-group.ts";
import { median } from "../../common/statistics.ts";
import { StampsSeen } from "./stamps-line.ts";

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const PLANTED_MS = 50;
const FRAMES = 40;
const FRAME_MS = 20;

interface Measured {
  newestMs: number;
  oldestMs: number;
  downMs: number;
}

/** Sends frames at their pace, and answers each fourth with sound; the medians of what was measured of it. */
async function measure(plantedMs: number): Promise<Measured> {
  const gemini = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  onTestFinished(() => gemini.close());
  const connected = new Promise<WebSocket>((resolve) => gemini.once("connection", resolve));
  await new Promise((resolve) => gemini.once("listening", resolve));
  const address = gemini.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const seen = new StampsSeen();
  const listening = Promise.withResolvers<number>();
  const preloads = [here("stamps.preload.ts"), ...(plantedMs > 0 ? [here("planted-delay.preload.ts")] : [])];
  const program = new Program({
    name: "relay",
    command: process.execPath,
    args: [
      ...preloads.flatMap((preload) => ["--import", preload]),
      here("testing/relay.ts"),
      `ws://127.0.0.1:${address.port}/ws/GenerativeService`,
    ],
    cwd: here("."),
    env: { ...process.env, BENCH_PLANTED_MS: String(plantedMs) },
    onLine: (line) => {
      seen.line(line);
      if (line.includes("relay.listening")) listening.resolve((JSON.parse(line) as { port: number }).port);
    },
  });
  onTestFinished(() => program.stop());
  const page = new WebSocket(`ws://127.0.0.1:${await listening.promise}`);
  await new Promise((resolve) => page.once("open", resolve));
  const fromRelay = await connected;
  for (let frame = 0; frame < FRAMES; frame += 1) {
    page.send(frameOf(frame));
    if (frame % 20 === 0) fromRelay.send(answerOf(frame));
    await new Promise((resolve) => setTimeout(resolve, FRAME_MS));
  }
  const all = () => seen.between(0, Number.POSITIVE_INFINITY);
  await vi.waitFor(() => expect(all().uplink).toHaveLength(FRAMES / 2), { timeout: 5_000 });
  await vi.waitFor(() => expect(all().downlink).toHaveLength(2), { timeout: 5_000 });
  page.close();
  const { uplink, downlink } = all();
  return {
    newestMs: median(uplink.map(({ newestMs }) => newestMs)),
    oldestMs: median(uplink.map(({ oldestMs }) => oldestMs)),
    downMs: median(downlink.map(({ addedMs }) => addedMs)),
  };
}

function sound(samples: number, seed: number): Int16Array {
  return Int16Array.from(
    { length: samples },
    (_, index) => 9_000 * Math.sin(index * (0.11 + seed / 100) + seed),
  );
}

function frameOf(seed: number): Uint8Array {
  const writer = new BatchWriter(new ArrayBuffer(1_024));
  writer.audio({ call: 1, kind: FrameKind.input, generation: 0, seq: seed }, sound(320, seed));
  return writer.take();
}

function answerOf(seed: number): string {
  const parts = [{ inlineData: { mimeType: "audio/pcm;rate=24000", data: encodePcm(sound(2_400, seed)) } }];
  return JSON.stringify({ serverContent: { modelTurn: { parts }, turnComplete: true } });
}

test("a delay between the two sockets is in what Node adds, and nothing else is", {
  timeout: 30_000,
}, async () => {
  const [plain, planted] = [await measure(0), await measure(PLANTED_MS)];
  expect(plain.newestMs).toBeGreaterThan(0);
  expect(plain.downMs).toBeGreaterThan(0);
  // The older of two frames waits for the younger one.
  expect(plain.oldestMs - plain.newestMs).toBeGreaterThan(FRAME_MS / 2);
  for (const name of ["newestMs", "oldestMs", "downMs"] as const) {
    const added = planted[name] - plain[name];
    // Timers are late, never early; how late depends on the machine, which is no matter of this test.
    expect(added).toBeGreaterThan(PLANTED_MS - 5);
  }
});
