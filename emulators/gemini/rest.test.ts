import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { EMULATED_GEMINI_KEY } from "../../protocol/development.ts";
import { CONFIG, startTestEmulator } from "./test-support/emulator.ts";
import { CONSTRAINED_PATH } from "./test-support/paths.ts";

let emulator: Awaited<ReturnType<typeof startTestEmulator>>;
beforeAll(async () => {
  emulator = await startTestEmulator();
  // The official client says of each token that this is experimental.
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterAll(() => emulator.close());

async function get(path: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${emulator.url}${path}`, { headers });
  return { status: response.status, body: await response.json() };
}

const BAD_KEY = {
  status: 400,
  body: {
    error: {
      code: 400,
      message: "API key not valid. Please pass a valid API key.",
      status: "INVALID_ARGUMENT",
      details: [
        {
          "@type": "type.googleapis.com/google.rpc.ErrorInfo",
          reason: "API_KEY_INVALID",
          domain: "googleapis.com",
          metadata: { service: "generativelanguage.googleapis.com" },
        },
      ],
    },
  },
};

describe("models", () => {
  test("are listed, by version", async () => {
    const models = await emulator.client().models.list();
    const names = models.page.map(({ name }) => name);
    expect(names).toContain("models/gemini-3.8-live");
    expect(names).toContain("models/gemini-3.1-flash-live-preview");
    const stable = await emulator.client(EMULATED_GEMINI_KEY, "v1").models.list();
    expect(stable.page.map(({ name }) => name)).toEqual([
      "models/gemini-3.8-live",
      "models/gemini-3.8-live-extended-thinking",
    ]);
  });

  test("can be had one by one", async () => {
    const model = await emulator.client().models.get({ model: "gemini-3.8-live" });
    expect(model).toMatchObject({ name: "models/gemini-3.8-live", inputTokenLimit: 131_072 });
    expect(await get(`/v1beta/models/gemini-9-live?key=${EMULATED_GEMINI_KEY}`)).toEqual({
      status: 404,
      body: {
        error: {
          code: 404,
          message: "Model is not found: models/gemini-9-live for api version v1beta",
          status: "NOT_FOUND",
        },
      },
    });
  });

  test("are for the right key only", async () => {
    for (const path of ["/v1beta/models", "/v1beta/models/gemini-3.8-live"]) {
      expect(await get(`${path}?key=wrong`)).toEqual(BAD_KEY);
      expect(await get(path, { "x-goog-api-key": "wrong" })).toEqual(BAD_KEY);
      expect(await get(path)).toMatchObject({
        status: 403,
        body: {
          error: { status: "PERMISSION_DENIED", message: expect.stringMatching(/unregistered callers/) },
        },
      });
    }
  });
});

describe("ephemeral tokens", () => {
  const alpha = () => emulator.client(EMULATED_GEMINI_KEY, "v1alpha");

  test("let a session be held without the key, as often as ordered", async () => {
    const { name = "" } = await alpha().authTokens.create({ config: { uses: 1 } });
    expect(name).toMatch(/^auth_tokens\//);
    const options = { apiKey: name, apiVersion: "v1alpha" };
    await emulator.connect(CONFIG, options);
    await expect(emulator.connect(CONFIG, options)).rejects.toThrow(/1008.*used too many times/);
  });

  test("hold the setup to what was ordered, all of it or the fields of a mask", async () => {
    const constraints = {
      model: "gemini-3.8-live",
      config: { temperature: 0.2, systemInstruction: "Be brief.", sessionResumption: {} },
    };
    const asked = { ...CONFIG, temperature: 2, systemInstruction: "Talk on." };
    const connect = async (lockAdditionalFields?: string[]) => {
      const { name = "" } = await alpha().authTokens.create({
        config: {
          liveConnectConstraints: constraints,
          ...(lockAdditionalFields && { lockAdditionalFields }),
        },
      });
      await emulator.connect(asked, {
        apiKey: name,
        apiVersion: "v1alpha",
        model: "gemini-3.8-live-extended-thinking",
      });
      return (await emulator.newestSession()).lastSetup;
    };
    const instruction = { parts: [{ text: "Be brief." }], role: "user" };
    expect(await connect()).toEqual({
      model: "models/gemini-3.8-live",
      generationConfig: { temperature: 0.2 },
      systemInstruction: instruction,
      sessionResumption: {},
    });
    expect(await connect([])).toMatchObject({
      model: "models/gemini-3.8-live",
      generationConfig: { temperature: 0.2, responseModalities: ["AUDIO"] },
      outputAudioTranscription: {},
    });
    const locked = await connect(["outputAudioTranscription"]);
    expect(locked).not.toHaveProperty("outputAudioTranscription");
    expect(locked).toHaveProperty("inputAudioTranscription");
  });

  test("begin sessions until newSessionExpireTime, and hold them until expireTime", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
    const { name = "" } = await alpha().authTokens.create({
      config: { uses: 0, newSessionExpireTime: inMs(60_000), expireTime: inMs(120_000) },
    });
    const { session, closes } = await emulator.connect(CONFIG, { apiKey: name, apiVersion: "v1alpha" });
    const expired = { code: 1008, reason: "The auth token has expired." };

    vi.setSystemTime(Date.now() + 60_000);
    const { closed } = await emulator.openSocket({ path: `${CONSTRAINED_PATH}?access_token=${name}` });
    expect(await closed).toEqual(expired);
    session.sendRealtimeInput({ text: "Hello" });
    const { id } = await emulator.newestSession();
    await vi.waitFor(async () => expect(JSON.stringify(await emulator.messages(id))).toContain("Hello"));
    expect(closes).toEqual([]);

    vi.setSystemTime(Date.now() + 60_000);
    session.sendRealtimeInput({ text: "Hello" });
    await vi.waitFor(() => expect(closes).toEqual([expired]));
  });

  test("are known, at their own address only", async () => {
    const { name = "" } = await alpha().authTokens.create({ config: {} });
    const open = async (query: string) =>
      (await emulator.openSocket({ path: `${CONSTRAINED_PATH}${query}` })).closed;
    expect(await open("?access_token=auth_tokens/bogus")).toMatchObject({ code: 1007 });
    expect(await open(`?access_token=${EMULATED_GEMINI_KEY}`)).toMatchObject({ code: 1007 });
    expect(await open("")).toMatchObject({
      code: 1008,
      reason: expect.stringMatching(/unregistered callers/),
    });
    const beta = CONSTRAINED_PATH.replace("v1alpha", "v1beta");
    expect(await emulator.refusedHandshake(`${beta}?access_token=${name}`)).toMatchObject({ status: 404 });
  });

  test("are sold for the right key, for an order that is in order", async () => {
    const order = async (path: string, body: string, key = EMULATED_GEMINI_KEY) => {
      const response = await fetch(`${emulator.url}${path}`, {
        method: "POST",
        headers: { "x-goog-api-key": key },
        body,
      });
      return { status: response.status, body: await response.json() };
    };
    expect(await order("/v1alpha/auth_tokens", "{}", "wrong")).toEqual(BAD_KEY);
    expect(await order("/v1beta/auth_tokens", "{}")).toMatchObject({ status: 404 });
    expect(await order("/v1alpha/auth_tokens", '{"use":1}')).toEqual({
      status: 400,
      body: {
        error: {
          code: 400,
          message: 'Invalid JSON payload received. Unknown name "use": Cannot find field.',
          status: "INVALID_ARGUMENT",
        },
      },
    });
    expect(await order("/v1alpha/auth_tokens", `"${"x".repeat(70_000)}"`)).toMatchObject({
      status: 413,
      body: { error: { status: "INVALID_ARGUMENT" } },
    });
  });
});

test.each([
  ["GET", "/"],
  ["GET", "/v1beta/cachedContents"],
  ["GET", "/v2/models"],
  ["POST", "/v1beta/models"],
  ["POST", "/v1beta/models/gemini-3.8-live:generateContent"],
  ["GET", "/v1alpha/auth_tokens"],
  ["GET", "/ws/google.ai.generativelanguage.v2.GenerativeService.BidiGenerateContent"],
])("%s %s is not there", async (method, path) => {
  const response = await fetch(`${emulator.url}${path}?key=${EMULATED_GEMINI_KEY}`, { method });
  expect(response.status).toBe(404);
  expect(await response.json()).toEqual({
    error: { code: 404, message: expect.any(String), status: "NOT_FOUND" },
  });
});
