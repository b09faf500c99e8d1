/**
 * Loaded into the bot runtime before its own code (`--import`): notes when each batch of audio has come from its
 * pages. The product is as it is; what is added to it is a listener on the bridge's sockets.
 */
import { Server } from "node:http";
import type { Socket } from "node:net";
import { FrameClock, Opcode } from "./frame-clock.ts";

/** An hour of one page. Who measures for longer has to look more often. */
const MAX_BATCHES = 180_000;

export interface PageBatches {
  /** Which page; they are numbered as they come. */
  page: number;
  /** When each batch came since the last look, on `performance.now()`'s clock. */
  atMs: number[];
}

declare global {
  /** Takes what was noted since it was called last. */
  var takeBatches: () => PageBatches[];
}

const pages = new Map<number, number[]>();
let lastPage = 0;

globalThis.takeBatches = () => {
  const taken = [...pages].map(([page, atMs]) => ({ page, atMs: atMs.splice(0) }));
  return taken.filter(({ atMs }) => atMs.length > 0);
};

function watch(socket: Socket): void {
  const page = ++lastPage;
  const atMs: number[] = [];
  pages.set(page, atMs);
  const clock = new FrameClock((opcode) => {
    if (opcode === Opcode.binary && atMs.length < MAX_BATCHES) atMs.push(performance.now());
  });
  socket.on("data", (chunk: Buffer) => clock.push(chunk));
  socket.once("close", () => pages.delete(page));
}

const { emit } = Server.prototype;
Server.prototype.emit = function (
  this: Server,
  ...args: [event: string | symbol, ...rest: unknown[]]
): boolean {
  // As it was called: of its many signatures this is all of them.
  const heard = (emit as (...args: unknown[]) => boolean).apply(this, args);
  const [event, , socket] = args;
  // After the bridge has taken the socket: a listener before it would make the socket flow to nobody.
  if (event === "upgrade") watch(socket as Socket);
  return heard;
};
