import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ProblemError } from "../../protocol/errors.ts";
import { hungUp, readBody } from "./body.ts";
import { listenOnLoopback } from "./loopback.ts";

type Outcome = { text: string } | { error: unknown; hungUp: boolean };

const server = createServer();
let url: string;
let outcome: Promise<Outcome>;

beforeEach(async () => {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  outcome = promise;
  server.removeAllListeners("request");
  server.on("request", async (request: IncomingMessage, response: ServerResponse) => {
    resolve(
      await readBody(request).then(
        (text) => ({ text }),
        (error: unknown) => ({ error, hungUp: hungUp(request) }),
      ),
    );
    response.writeHead(200, { connection: "close" }).end("answered");
  });
  url = await listenOnLoopback(server, 0);
});

afterEach(async () => {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
});

test("a body is read in whole, also where a character is cut by a chunk", async () => {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  const bytes = Buffer.from("é".repeat(100));
  socket.write(`POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${bytes.length}\r\n\r\n`);
  socket.write(bytes.subarray(0, 51));
  await once(server, "request");
  socket.end(bytes.subarray(51));
  expect(await outcome).toEqual({ text: "é".repeat(100) });
});

test("no body is an empty text", async () => {
  await fetch(url);
  expect(await outcome).toEqual({ text: "" });
});

test("64 kB are taken, and a byte more is refused with an answer", async () => {
  await fetch(url, { method: "POST", body: "x".repeat(65_536) });
  expect(await outcome).toEqual({ text: "x".repeat(65_536) });
});

test("a body without end is refused, and the client can be told", async () => {
  const response = await fetch(url, { method: "POST", body: "x".repeat(5_000_000) });
  expect(await response.text()).toBe("answered");
  const refused = await outcome;
  expect(refused).toMatchObject({ error: { code: "body_too_large" }, hungUp: false });
  expect("error" in refused && refused.error).toBeInstanceOf(ProblemError);
});

test("a client that goes half way is known as such", async () => {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\nhalf");
  await once(server, "request");
  socket.destroy();
  expect(await outcome).toMatchObject({ error: expect.any(Error), hungUp: true });
});
