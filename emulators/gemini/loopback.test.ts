import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EMULATED_GEMINI_KEY } from "../../protocol/development.ts";
import { startTestEmulator } from "./test-support/emulator.ts";
import { CONSTRAINED_PATH, LIVE_PATH, VERTEX_PATH } from "./test-support/paths.ts";

/** The keys are public, so nobody but this machine may use them: on every path, before anything is looked at. */

let emulator: Awaited<ReturnType<typeof startTestEmulator>>;
beforeAll(async () => {
  emulator = await startTestEmulator();
});
afterAll(() => emulator.close());

const STRANGERS = [
  ["a page of another site", { origin: "https://example.com" }],
  ["a sandboxed page", { origin: "null" }],
  ["a name that somebody points at 127.0.0.1", { host: "rebind.example.com" }],
] as const;

const PATHS = [
  ["GET", "/v1beta/models"],
  ["GET", "/v1beta/models/gemini-3.8-live"],
  ["POST", "/v1alpha/auth_tokens"],
  ["GET", "/nothing"],
  ["GET", "/_emulator/sessions"],
  ["GET", "/_emulator/sessions/live-1/messages"],
  ["POST", "/_emulator/faults"],
  ["POST", "/_emulator/reset"],
  ["GET", LIVE_PATH],
  ["GET", CONSTRAINED_PATH],
  ["GET", VERTEX_PATH],
] as const;

/** fetch() does not let a caller set Host. */
function ask(method: string, path: string, headers: Record<string, string>) {
  return new Promise<{ status: number | undefined; type: string | undefined }>((resolve, reject) => {
    httpRequest(`${emulator.url}${path}`, { method, headers, agent: false }, (response) => {
      response.resume();
      resolve({ status: response.statusCode, type: response.headers["content-type"] });
    })
      .on("error", reject)
      .end();
  });
}

describe.each(STRANGERS)("%s", (_, headers) => {
  test.each(PATHS)("may not %s %s", async (method, path) => {
    const type = path.startsWith("/_emulator/") ? /^application\/problem\+json/ : /^application\/json/;
    expect(await ask(method, `${path}?key=${EMULATED_GEMINI_KEY}`, headers)).toEqual({
      status: 403,
      type: expect.stringMatching(type),
    });
  });

  test.each([LIVE_PATH, CONSTRAINED_PATH, VERTEX_PATH])("may not open %s", async (path) => {
    expect(await emulator.refusedHandshake(`${path}?key=${EMULATED_GEMINI_KEY}`, headers)).toEqual({
      status: 403,
      body: { error: { code: 403, message: expect.any(String), status: "PERMISSION_DENIED" } },
    });
  });
});

test("a page of this machine may", async () => {
  const headers = { origin: "http://localhost:8787" };
  expect(await ask("GET", "/_emulator/sessions", headers)).toMatchObject({ status: 200 });
  expect(await ask("GET", `/v1beta/models?key=${EMULATED_GEMINI_KEY}`, headers)).toMatchObject({
    status: 200,
  });
  const { frames } = await emulator.openSession({}, { headers });
  expect(frames.map(({ data }) => JSON.parse(data))).toEqual([{ setupComplete: {} }]);
});
