import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import WebSocket, { WebSocketServer } from "ws";
import { FrameClock, Opcode } from "./frame-clock.ts";

const stack = new AsyncDisposableStack();
afterEach(() => stack.disposeAsync());

/** What the bytes of a real client look like, as one piece. */
async function bytesOf(say: (socket: WebSocket) => void): Promise<Buffer> {
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const chunks: Buffer[] = [];
  server.on("upgrade", (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, () => undefined);
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A server that listens on a port has that for its address.
  const { port } = server.address() as AddressInfo;
  const client = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await new Promise((resolve) => client.once("open", resolve));
  say(client);
  const closed = new Promise((resolve) => client.once("close", resolve));
  client.close();
  await closed;
  await new Promise((resolve) => server.close(resolve));
  return Buffer.concat(chunks);
}

function opcodesOf(bytes: Buffer, chunkBytes: number): number[] {
  const opcodes: number[] = [];
  const clock = new FrameClock((opcode) => opcodes.push(opcode));
  for (let at = 0; at < bytes.length; at += chunkBytes) clock.push(bytes.subarray(at, at + chunkBytes));
  return opcodes;
}

const CLOSE = 8;

it.each([1, 7, 1_000, 1_000_000])(
  "finds the messages of a real client in chunks of %i bytes",
  async (size) => {
    const bytes = await bytesOf((socket) => {
      socket.send(Buffer.alloc(0));
      socket.send(Buffer.alloc(660, 0x82));
      socket.send("beat");
      socket.send(Buffer.alloc(10_500, 0x82));
      socket.send(Buffer.alloc(70_000, 0x81));
    });
    const { binary, text } = Opcode;
    expect(opcodesOf(bytes, size)).toEqual([binary, binary, text, binary, binary, CLOSE]);
  },
);

it("takes a message in several frames for one, when its last byte is there", async () => {
  const bytes = await bytesOf((socket) => {
    socket.send(Buffer.alloc(300), { fin: false });
    socket.send(Buffer.alloc(300), { fin: false });
    socket.send(Buffer.alloc(300), { fin: true });
    socket.send("beat");
  });
  expect(opcodesOf(bytes, 100)).toEqual([Opcode.binary, Opcode.text, CLOSE]);
  const opcodes: number[] = [];
  const clock = new FrameClock((opcode) => opcodes.push(opcode));
  // Three headers of 8 bytes (a length of two bytes, a mask) and their payloads, but for the last byte.
  clock.push(bytes.subarray(0, 3 * 308 - 1));
  expect(opcodes).toEqual([]);
  clock.push(bytes.subarray(3 * 308 - 1, 3 * 308));
  expect(opcodes).toEqual([Opcode.binary]);
});
