/**
 * What the bot runtime does with sound, and no more of it, for a test of what is measured of that: frames of a page
 * go to a Gemini, here two in a message, so that one waits for the other, and Gemini's sound goes back in frames. The
 * first argument is Gemini's address.
 */
import { createServer } from "node:http";
import { WebSocket, WebSocketServer } from "ws";
import { decodePcm, encodePcm } from "../../../../bot-runtime/gemini/pcm.ts";
import { INPUT_FRAME_SAMPLES } from "../../../../bot-runtime/pipeline/audio.ts";
import { BatchReader, BatchWriter, FrameKind } from "../../../../bot-runtime/room/bridge/audio-frames.ts";

const server = createServer();
const gemini = new WebSocket(process.argv[2] ?? "");
const FRAMES_IN_MESSAGE = 2;
const waiting: Int16Array[] = [];

function toGemini(frame: Int16Array): void {
  waiting.push(frame);
  if (waiting.length < FRAMES_IN_MESSAGE) return;
  const pcm = Int16Array.from(waiting.splice(0).flatMap((one) => [...one]));
  gemini.send(JSON.stringify({ realtimeInput: { audio: { data: encodePcm(pcm), mimeType: "audio/pcm" } } }));
}

new WebSocketServer({ server }).on("connection", (page) => {
  page.on("message", (data: Buffer) => {
    const frames = new BatchReader(data);
    while (frames.next()) {
      const pcm = new Int16Array(INPUT_FRAME_SAMPLES);
      frames.readAudio(pcm);
      toGemini(pcm);
    }
  });
  gemini.on("message", (data: Buffer) => {
    const [, sound = ""] = /"data":\s*"([^"]+)"/.exec(data.toString()) ?? [];
    const writer = new BatchWriter(new ArrayBuffer(65_536));
    writer.audio({ call: 1, kind: FrameKind.play, generation: 1, seq: 0 }, decodePcm(sound));
    page.send(writer.take());
  });
});

gemini.on("open", () => {
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    process.stdout.write(`${JSON.stringify({ event: "relay.listening", port: address.port })}\n`);
  });
});
