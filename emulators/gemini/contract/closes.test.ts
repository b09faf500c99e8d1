import { Behavior } from "@google/genai";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { EMULATED_GEMINI_KEY } from "../../../protocol/development.ts";
import { Closes } from "../core/closes.ts";
import { HANDLE_LIFETIME_MS } from "../core/handles.ts";
import { EMULATED_VERTEX_TOKEN } from "../settings.ts";
import { CONFIG, holdTime, pass, passUntil, startTestEmulator } from "../test-support/emulator.ts";
import { LIVE_25 } from "../test-support/live.ts";
import { CONSTRAINED_PATH, LIVE_PATH, livePath, VERTEX_PATH } from "../test-support/paths.ts";
import { LIVE_38, VERTEX_PREFIX } from "../test-support/setups.ts";

/**
 * How the service refuses and ends, with every code and every sentence that is known of it. A refusal is never a
 * message: it is a status of the handshake, or a close.
 */

let emulator: Awaited<ReturnType<typeof startTestEmulator>>;
beforeAll(async () => {
  emulator = await startTestEmulator();
});
beforeEach(async () => {
  await emulator.post("reset", {});
});
afterAll(() => emulator.close());

/** How a session of the official client ends when a fault befalls it. */
async function endBy(fault: object): Promise<{ code: number; reason: string }> {
  const { closes, messages } = await emulator.connect();
  const { id } = await emulator.newestSession();
  const before = messages.length;
  expect((await emulator.post("faults", { ...fault, session: id })).status).toBe(200);
  await vi.waitFor(() => expect(closes).toHaveLength(1));
  expect(messages.slice(before).filter((message) => !("goAway" in message))).toEqual([]);
  return closes[0] ?? { code: 0, reason: "" };
}

/** A session's handle, once the session has ended. */
async function endedHandle(model?: string): Promise<string> {
  const { session, messages, closes } = await emulator.connect(
    { ...CONFIG, sessionResumption: {} },
    model === undefined ? {} : { model },
  );
  const handle = await vi.waitFor(() => {
    const found = messages.find((m) => m.sessionResumptionUpdate?.newHandle)?.sessionResumptionUpdate;
    if (!found?.newHandle) throw new Error("no handle yet");
    return found.newHandle;
  });
  session.close();
  await vi.waitFor(() => expect(closes).toHaveLength(1));
  await vi.waitFor(async () => expect((await emulator.newestSession()).open).toBe(false));
  return handle;
}

describe("handshake", () => {
  test.each([401, 403, 404, 429, 500, 503])(
    "%i, of which the official client tells the status",
    async (status) => {
      await emulator.post("faults", { fault: "refuse", status });
      await expect(emulator.connect()).rejects.toThrow(`Unexpected server response: ${status}`);
      await emulator.connect();
    },
  );

  test("404 for another version, service or method", async () => {
    for (const path of [
      livePath("v2"),
      `${LIVE_PATH}Music`,
      LIVE_PATH.replace("GenerativeService", "LlmBidiService"),
      VERTEX_PATH.replace("v1beta1", "v2"),
      VERTEX_PATH.replace("/Bidi", ".Bidi"),
    ]) {
      expect(await emulator.refusedHandshake(`${path}?key=${EMULATED_GEMINI_KEY}`)).toEqual({
        status: 404,
        body: { error: { code: 404, message: expect.any(String), status: "NOT_FOUND" } },
      });
    }
  });

  test.each([
    ["no token", {}],
    ["another token", { authorization: "Bearer ya29.other" }],
    ["the key as a token", { authorization: `Bearer ${EMULATED_GEMINI_KEY}` }],
    ["another key", { "x-goog-api-key": "wrong" }],
  ])("401 on Vertex for %s", async (_, headers) => {
    expect(await emulator.refusedHandshake(`${VERTEX_PATH}?key=${EMULATED_GEMINI_KEY}`, headers)).toEqual({
      status: 401,
      body: {
        error: {
          code: 401,
          message: expect.stringMatching(/^Request had invalid authentication credentials\./),
          status: "UNAUTHENTICATED",
        },
      },
    });
  });

  test.each([
    ["its token", { authorization: `Bearer ${EMULATED_VERTEX_TOKEN}` }],
    ["the key of its express mode", { "x-goog-api-key": EMULATED_GEMINI_KEY }],
  ])("none on Vertex for %s", async (_, headers) => {
    await emulator.openSession({ model: `${VERTEX_PREFIX}gemini-3.8-live` }, { path: VERTEX_PATH, headers });
  });

  test.each([LIVE_PATH, CONSTRAINED_PATH, VERTEX_PATH])("426 for plain HTTP at /%s", async (path) => {
    const response = await fetch(`${emulator.url}/${path}`);
    expect(response.status).toBe(426);
    expect(response.headers.get("upgrade")).toBe("websocket");
    expect(await response.json()).toMatchObject({ error: { code: 426, status: "FAILED_PRECONDITION" } });
  });
});

describe("1007", () => {
  const BAD_KEY = "API key not valid. Please pass a valid API key.";

  test("API key not valid", async () => {
    await expect(emulator.connect(CONFIG, { apiKey: "wrong" })).rejects.toThrow(`(code 1007): ${BAD_KEY}`);
    const { closed } = await emulator.openSocket({ path: `${LIVE_PATH}?key=` });
    expect(await closed).toEqual({ code: 1007, reason: BAD_KEY });
  });

  test("API key not valid with 1008, where that is ordered", async () => {
    await emulator.post("badKey", { code: 1008 });
    await expect(emulator.connect(CONFIG, { apiKey: "wrong" })).rejects.toThrow(`(code 1008): ${BAD_KEY}`);
    await emulator.post("reset", {});
    await expect(emulator.connect(CONFIG, { apiKey: "wrong" })).rejects.toThrow("(code 1007)");
  });

  test("the key in a header is no key", async () => {
    const headers = { "x-goog-api-key": EMULATED_GEMINI_KEY, authorization: `Bearer ${EMULATED_GEMINI_KEY}` };
    const { closed } = await emulator.openSocket({ path: LIVE_PATH, headers });
    expect(await closed).toEqual({
      code: 1008,
      reason: expect.stringMatching(/^Method doesn't allow unregistered callers/),
    });
  });

  test("Request contains an invalid argument", async () => {
    await expect(emulator.connect({ proactivity: { proactiveAudio: false } })).rejects.toThrow(
      "(code 1007): Request contains an invalid argument.",
    );
  });

  test("Invalid JSON payload received. Unknown name", async () => {
    const { tell, closed } = await emulator.openSocket();
    tell({ setup: { model: LIVE_38, x: 1 } });
    expect(await closed).toEqual({
      code: 1007,
      reason: `Invalid JSON payload received. Unknown name "x" at 'setup': Cannot find field.`,
    });
  });

  test("unsupported language", async () => {
    await expect(emulator.connect({ speechConfig: { languageCode: "xx-XX" } })).rejects.toThrow(
      "(code 1007): Unsupported language code 'xx-XX' for model models/gemini-3.8-live",
    );
  });

  test("unsupported voice", async () => {
    const speechConfig = { voiceConfig: { prebuiltVoiceConfig: { voiceName: "Alloy" } } };
    await expect(emulator.connect({ speechConfig })).rejects.toThrow(
      "(code 1007): Requested voice api_name 'Alloy' is not available for model models/gemini-3.8-live",
    );
  });

  test("3.1: clientContent after the first turn, and again whenever a resumed session is seeded", async () => {
    const model = "gemini-3.1-flash-live-preview";
    const handle = await endedHandle(model);
    for (let attempt = 0; attempt < 2; attempt++) {
      const { session, closes } = await emulator.connect(
        { ...CONFIG, sessionResumption: { handle } },
        { model },
      );
      session.sendClientContent({ turns: "What was said before.", turnComplete: false });
      await vi.waitFor(() =>
        expect(closes).toEqual([
          { code: 1007, reason: expect.stringMatching(/^Request contains an invalid argument\./) },
        ]),
      );
    }
  });

  test("a stale resume, by order", async () => {
    const sessionResumption = { handle: await endedHandle() };
    const reason = "Request contains an invalid argument.";
    await emulator.post("faults", { fault: "refuseSetup", code: 1007, reason, at: "onResume" });
    await emulator.connect();
    await expect(emulator.connect({ ...CONFIG, sessionResumption })).rejects.toThrow(
      `(code 1007): ${reason}`,
    );
  });

  test("another model when a session is resumed; the rest of the setup may change", async () => {
    const sessionResumption = { handle: await endedHandle() };
    await expect(
      emulator.connect({ ...CONFIG, sessionResumption }, { model: "gemini-3.8-live-extended-thinking" }),
    ).rejects.toThrow("(code 1007): Request contains an invalid argument. The model cannot be changed");
    await emulator.connect({ sessionResumption, systemInstruction: "Be brief.", temperature: 0.5 });
  });
});

describe("1008", () => {
  test.each([
    ["gemini-2.0-flash-live-001", "v1alpha"],
    ["gemini-live-2.5-flash-preview", "v1beta"],
    ["gemini-3.1-flash-live-preview", "v1"],
  ])("%s is not found for API version %s", async (model, apiVersion) => {
    await expect(emulator.connect(CONFIG, { model, apiVersion })).rejects.toThrow(
      `(code 1008): models/${model} is not found for API version ${apiVersion}, or is not supported for`,
    );
  });

  test("Operation is not implemented, or supported, or enabled", async () => {
    await expect(emulator.connect({ tools: [{ codeExecution: {} }] })).rejects.toThrow(
      "(code 1008): Operation is not implemented, or supported, or enabled.",
    );
  });

  test("BidiGenerateContent session not found: a handle that nobody gave", async () => {
    await expect(emulator.connect({ ...CONFIG, sessionResumption: { handle: "bogus" } })).rejects.toThrow(
      "(code 1008): BidiGenerateContent session not found",
    );
  });

  test("BidiGenerateContent session not found: a handle two hours after the end", async () => {
    const sessionResumption = { handle: await endedHandle() };
    holdTime();
    const resume = async () => {
      let settled = false;
      const resuming = emulator.connect({ ...CONFIG, sessionResumption }).finally(() => {
        settled = true;
      });
      // It may fail while time passes, before anybody awaits it.
      resuming.catch(() => {});
      await passUntil(() => settled);
      return resuming;
    };
    await pass(HANDLE_LIFETIME_MS - 60_000);
    const { session, closes } = await resume();
    session.close();
    await passUntil(() => closes.length > 0);
    await pass(HANDLE_LIFETIME_MS);
    await expect(resume()).rejects.toThrow("(code 1008): BidiGenerateContent session not found");
  });

  test("during a tool of 2.5 that does not block, by order", async () => {
    const tools = [{ functionDeclarations: [{ name: "f", behavior: Behavior.NON_BLOCKING }] }];
    const { closes } = await emulator.connect({ ...CONFIG, tools }, LIVE_25);
    const { id: session } = await emulator.newestSession();
    const reason = "Operation is not implemented, or supported, or enabled.";
    await emulator.post("faults", { fault: "close", code: 1008, reason, at: "duringTool", session });
    await emulator.post("faults", { fault: "toolCall", name: "f", session });
    await vi.waitFor(() => expect(closes).toEqual([{ code: 1008, reason }]));
  });

  test("The operation was aborted, by order", async () => {
    expect(await endBy({ fault: "close", ...Closes.aborted })).toEqual(Closes.aborted);
  });
});

describe("1011", () => {
  test.each([Closes.internal, Closes.unavailable, Closes.overloaded])("$reason, by order", async (close) => {
    expect(await endBy({ fault: "close", ...close })).toEqual(close);
  });

  test("Deadline expired before operation could complete, after goAway", async () => {
    expect(await endBy({ fault: "goAway", timeLeftMs: 50 })).toEqual({
      code: 1011,
      reason: "Deadline expired before operation could complete.",
    });
  });

  test("You exceeded your current quota: too many sessions at one time", async () => {
    const small = await startTestEmulator({ maxSessions: 1 });
    try {
      const { socket, closed } = await small.openSession();
      await expect(
        small.client().live.connect({
          model: "gemini-3.8-live",
          callbacks: { onmessage: () => {} },
        }),
      ).rejects.toThrow("(code 1011): You exceeded your current quota");
      socket.close();
      await closed;
      await vi.waitFor(async () => expect((await small.newestSession()).open).toBe(false));
      await small.openSession();
    } finally {
      await small.close();
    }
  });

  test("You exceeded your current quota, by order", async () => {
    await emulator.post("faults", { fault: "quota" });
    await expect(emulator.connect()).rejects.toThrow("(code 1011): You exceeded your current quota");
    await emulator.connect();
  });

  test("a session that is resumed while it is open", async () => {
    const { messages, session, closes } = await emulator.connect({ ...CONFIG, sessionResumption: {} });
    await vi.waitFor(() => expect(messages.some((m) => m.sessionResumptionUpdate)).toBe(true));
    const handle = messages.find((m) => m.sessionResumptionUpdate)?.sessionResumptionUpdate?.newHandle ?? "";
    const resume = () => emulator.connect({ ...CONFIG, sessionResumption: { handle } });
    await expect(resume()).rejects.toThrow("(code 1011): Internal error encountered.");
    session.close();
    await vi.waitFor(() => expect(closes).toHaveLength(1));
    await resume();
  });
});

describe("ends that are no refusal", () => {
  test("1000 The operation was cancelled, when a connection has lasted its time", async () => {
    expect(await endBy({ fault: "capConnection", ms: 50, code: 1000 })).toEqual({
      code: 1000,
      reason: "The operation was cancelled.",
    });
  });

  test("1006, without a word", async () => {
    expect(await endBy({ fault: "drop" })).toEqual({ code: 1006, reason: "" });
  });

  test("1001 when the server goes", async () => {
    const another = await startTestEmulator();
    const { closed } = await another.openSession();
    await another.close();
    expect(await closed).toMatchObject({ code: 1001 });
  });
});

test("a reason has 123 bytes at most", async () => {
  const end = await endBy({ fault: "close", code: 1011, reason: "é".repeat(100) });
  expect(end.reason).toBe("é".repeat(61));
  const { tell, closed } = await emulator.openSocket();
  tell({ setup: { model: `models/${"x".repeat(200)}` } });
  expect(Buffer.byteLength((await closed).reason)).toBe(123);
});
