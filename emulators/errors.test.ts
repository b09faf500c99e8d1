import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ERRORS, type ErrorCodeOf } from "../protocol/errors.ts";
import { startDailyEmulator } from "./daily/server.ts";
import { startGeminiEmulator } from "./gemini/server.ts";

interface Answer {
  status: number;
  contentType: string | undefined;
  body: Record<string, unknown>;
}

interface Ask {
  method?: "GET" | "POST";
  /** Behind `/_emulator/`. */
  path: string;
  body?: string;
  headers?: Record<string, string>;
}

/** By hand, since `fetch` sets Host and Origin itself. */
function ask(url: string, { method = "POST", path, body = "", headers = {} }: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/_emulator/${path}`, { method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const { statusCode: status = 0, headers } = response;
        const text = Buffer.concat(chunks).toString();
        resolve({ status, contentType: headers["content-type"], body: JSON.parse(text) as Answer["body"] });
      });
    });
    sent.on("error", reject).end(body);
  });
}

/** More than either emulator lets wait. */
const TOO_MANY_FAULTS = 200;

type Emulator = "daily" | "gemini";

/** A code of the table without a way to it here does not compile. */
const WAYS: Record<ErrorCodeOf<"emulator">, { of: Emulator[]; provoke(url: string): Promise<Answer> }> = {
  invalid_json: { of: ["daily", "gemini"], provoke: (url) => ask(url, { path: "faults", body: "{" }) },
  invalid_request: {
    of: ["daily", "gemini"],
    provoke: (url) => ask(url, { path: "faults", body: '{"fault":"nothing of ours"}' }),
  },
  forbidden: {
    of: ["daily", "gemini"],
    provoke: (url) => ask(url, { path: "reset", headers: { origin: "https://evil.example" } }),
  },
  not_found: { of: ["daily", "gemini"], provoke: (url) => ask(url, { path: "nothing" }) },
  session_not_found: {
    of: ["gemini"],
    provoke: (url) => ask(url, { method: "GET", path: "sessions/nobody" }),
  },
  method_not_allowed: {
    of: ["daily", "gemini"],
    provoke: (url) => ask(url, { method: "GET", path: "reset" }),
  },
  conflict: {
    of: ["daily", "gemini"],
    async provoke(url) {
      const fault = { daily: { fault: "rest", status: 500 }, gemini: { fault: "drop" } };
      const body = JSON.stringify(url === urls.daily ? fault.daily : fault.gemini);
      for (let n = 0; n < TOO_MANY_FAULTS; n += 1) await ask(url, { path: "faults", body });
      const answer = await ask(url, { path: "faults", body });
      await ask(url, { path: "reset" });
      return answer;
    },
  },
  body_too_large: {
    of: ["daily", "gemini"],
    provoke: (url) => ask(url, { path: "faults", body: " ".repeat(65_537) }),
  },
};

const urls = { daily: "", gemini: "" };
const running: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  const [daily, gemini] = await Promise.all([
    startDailyEmulator({ port: 0 }),
    startGeminiEmulator({ port: 0 }),
  ]);
  running.push(daily, gemini);
  urls.daily = daily.url;
  urls.gemini = gemini.url;
});
afterAll(() => Promise.all(running.map((emulator) => emulator.close())));

const cases = Object.entries(WAYS).flatMap(([code, { of, provoke }]) =>
  of.map((emulator) => ({ code: code as ErrorCodeOf<"emulator">, emulator, provoke })),
);

describe("below /_emulator the emulators answer", () => {
  it.each(cases)("$code, of $emulator", async ({ code, emulator, provoke }) => {
    const { status, contentType, body } = await provoke(urls[emulator]);
    expect(body).toMatchObject({ code, ...withoutPrograms(ERRORS[code]) });
    expect(body.detail).toMatch(/^\S.{9,}$/);
    expect(status).toBe(ERRORS[code].status);
    expect(contentType).toBe("application/problem+json");
  });
});

function withoutPrograms({ by: _, ...rest }: (typeof ERRORS)[ErrorCodeOf<"emulator">]) {
  return rest;
}
