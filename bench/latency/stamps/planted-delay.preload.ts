/**
 * A fault that the benchmarks have to notice: loaded into the bot runtime before itself, it holds each message to and
 * from Gemini for `BENCH_PLANTED_MS`, in order.
 */
import { WebSocket } from "ws";

const heldMs = Number(process.env.BENCH_PLANTED_MS);
if (!(heldMs > 0)) throw new Error("BENCH_PLANTED_MS says for how long.");

const { send, emit } = WebSocket.prototype;

function isGemini(socket: WebSocket): boolean {
  return socket.url?.includes("GenerativeService") ?? false;
}

// Both are overloaded, and whatever they are called with is passed on as it is.
WebSocket.prototype.send = function (this: WebSocket, ...args: unknown[]) {
  if (isGemini(this)) setTimeout(() => Reflect.apply(send, this, args), heldMs);
  else Reflect.apply(send, this, args);
} as typeof send;

WebSocket.prototype.emit = function (this: WebSocket, ...args: unknown[]) {
  if (args[0] !== "message" || !isGemini(this)) return Reflect.apply(emit, this, args);
  setTimeout(() => Reflect.apply(emit, this, args), heldMs);
  return true;
} as typeof emit;
