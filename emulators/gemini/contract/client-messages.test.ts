import { FunctionResponseScheduling, type LiveConnectConfig } from "@google/genai";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type ConnectOptions, startTestEmulator } from "../test-support/emulator.ts";
import { invalidArgument, invalidValue, unknownName } from "../test-support/refusals.ts";
import { LIVE_38 } from "../test-support/setups.ts";

/**
 * Every message that a client can send, by the official client (@google/genai 3.1.0) where it can send it, else by a
 * bare WebSocket: what is taken, and how what is nearly it is refused.
 */

let emulator: Awaited<ReturnType<typeof startTestEmulator>>;
beforeAll(async () => {
  emulator = await startTestEmulator();
});
afterAll(() => emulator.close());

const LIVE_31: ConnectOptions = { model: "gemini-3.1-flash-live-preview" };
const VERTEX: ConnectOptions = { vertex: true };

/** The last message that the newest session got, once there is one of this kind. */
async function lastHeard(field: string): Promise<unknown> {
  const { id } = await emulator.newestSession();
  return vi.waitFor(async () => {
    const heard = (await emulator.messages(id)).filter(({ direction }) => direction === "in").at(-1)?.message;
    if (typeof heard !== "object" || heard === null || !(field in heard)) throw new Error(`no ${field} yet`);
    return heard;
  });
}

/** What a session got after its setup, and that it is still open. */
async function heardBy(
  send: (session: Awaited<ReturnType<typeof emulator.connect>>["session"]) => void,
  {
    field,
    config = {},
    options = {},
  }: { field: string; config?: LiveConnectConfig; options?: ConnectOptions },
): Promise<unknown> {
  const { session } = await emulator.connect(config, options);
  send(session);
  const heard = await lastHeard(field);
  expect((await emulator.newestSession()).open).toBe(true);
  return heard;
}

/** How a bare message is refused after the setup. */
async function refusalAfter(setup: object, message: object): Promise<{ code: number; reason: string }> {
  const { tell, closed } = await emulator.openSession(setup);
  tell(message);
  return closed;
}

describe("clientContent", () => {
  const HELLO = {
    clientContent: { turns: [{ parts: [{ text: "Hello" }], role: "user" }], turnComplete: true },
  };

  test("turns and turnComplete, which the official client sets", async () => {
    expect(
      await heardBy((session) => session.sendClientContent({ turns: "Hello" }), { field: "clientContent" }),
    ).toEqual(HELLO);
  });

  test("of 3.1 is the initial history alone", async () => {
    const { session, closes } = await emulator.connect({}, LIVE_31);
    session.sendClientContent({ turns: "Hello" });
    await vi.waitFor(() => expect(closes).toEqual([invalidArgument(/initial history only/)]));

    const historyConfig = { initialHistoryInClientContent: true };
    const { tell, closed } = await emulator.openSession({ model: `models/${LIVE_31.model}`, historyConfig });
    tell(HELLO);
    tell(HELLO);
    expect(await closed).toEqual(invalidArgument(/initial history only/));
    const sessions = await emulator.sessions();
    expect(sessions.find(({ lastSetup }) => lastSetup?.historyConfig)?.turns).toBe(0);
  });

  test("has no history of tools", async () => {
    const parts = [{ functionResponse: { name: "f", response: {} } }];
    expect(await refusalAfter({}, { clientContent: { turns: [{ role: "user", parts }] } })).toEqual(
      invalidValue("client_content.turns[0].parts"),
    );
  });

  test("nothing else", async () => {
    expect(await refusalAfter({}, { clientContent: { turn: [] } })).toEqual(
      unknownName("turn", "client_content"),
    );
  });
});

describe("realtimeInput", () => {
  const PCM = { data: "AAAAAA==", mimeType: "audio/pcm;rate=16000" };
  const IMAGE = { data: "AAAA", mimeType: "image/jpeg" };
  const MANUAL: LiveConnectConfig = {
    realtimeInputConfig: { automaticActivityDetection: { disabled: true } },
  };

  test("audio", async () => {
    await heardBy((session) => session.sendRealtimeInput({ audio: PCM }), { field: "realtimeInput" });
    expect((await emulator.newestSession()).receivedAudioMs).toBe(0.125);
    for (const [blob, reason] of [
      [{ ...PCM, mimeType: "audio/webm" }, invalidArgument(/not audio\/webm/)],
      [{ ...PCM, data: "AA==" }, invalidArgument(/odd number of bytes/)],
      [{ ...PCM, data: "%" }, invalidValue("realtime_input.audio.data")],
      [{ data: PCM.data }, invalidValue("realtime_input.audio.mime_type")],
    ] as const) {
      expect(await refusalAfter({}, { realtimeInput: { audio: blob } })).toEqual(reason);
    }
  });

  test("mediaChunks, which the official client makes of media", async () => {
    await heardBy((session) => session.sendRealtimeInput({ media: PCM }), { field: "realtimeInput" });
    expect((await emulator.newestSession()).receivedAudioMs).toBe(0.125);
    expect(
      await refusalAfter({}, { realtimeInput: { mediaChunks: [{ ...PCM, mimeType: "video/mp4" }] } }),
    ).toEqual(invalidArgument(/not video\/mp4/));
  });

  test("video, which is a picture", async () => {
    await heardBy((session) => session.sendRealtimeInput({ video: IMAGE }), { field: "realtimeInput" });
    expect(await refusalAfter({}, { realtimeInput: { video: { ...IMAGE, mimeType: "video/mp4" } } })).toEqual(
      invalidArgument(/Video has to be image\/\*/),
    );
  });

  test("text", async () => {
    expect(
      await heardBy((session) => session.sendRealtimeInput({ text: "Hello" }), { field: "realtimeInput" }),
    ).toEqual({ realtimeInput: { text: "Hello" } });
    expect(await refusalAfter({}, { realtimeInput: { text: 7 } })).toEqual(
      invalidValue("realtime_input.text"),
    );
  });

  test("audioStreamEnd only with automatic detection", async () => {
    expect(
      await heardBy((session) => session.sendRealtimeInput({ audioStreamEnd: true }), {
        field: "realtimeInput",
      }),
    ).toEqual({ realtimeInput: { audioStreamEnd: true } });
    expect(await refusalAfter(MANUAL, { realtimeInput: { audioStreamEnd: true } })).toEqual(
      invalidArgument(/needs automatic activity detection/),
    );
  });

  test.each(["activityStart", "activityEnd"])("%s only without automatic detection", async (field) => {
    const message = { realtimeInput: { [field]: {} } };
    expect(
      await heardBy((session) => session.sendRealtimeInput({ [field]: {} }), {
        field: "realtimeInput",
        config: MANUAL,
      }),
    ).toEqual(message);
    expect(await refusalAfter({}, message)).toEqual(invalidArgument(/automatic detection is enabled/));
  });

  test("not empty, and nothing else", async () => {
    expect(await refusalAfter({}, { realtimeInput: {} })).toEqual(invalidArgument(/is empty/));
    expect(await refusalAfter({}, { realtimeInput: { image: IMAGE } })).toEqual(
      unknownName("image", "realtime_input"),
    );
  });
});

describe("toolResponse", () => {
  const TOOLS = { tools: [{ functionDeclarations: [{ name: "get_weather" }] }] };

  async function callWeather(): Promise<void> {
    const { id } = await emulator.newestSession();
    const order = { fault: "toolCall", name: "get_weather", id: "function-call-1", session: id };
    expect((await emulator.post("faults", order)).status).toBe(200);
  }

  test.each([
    FunctionResponseScheduling.SILENT,
    FunctionResponseScheduling.WHEN_IDLE,
    FunctionResponseScheduling.INTERRUPT,
  ])("functionResponses with id, name, response and scheduling %s", async (scheduling) => {
    const { session, messages } = await emulator.connect(TOOLS);
    await callWeather();
    await vi.waitFor(() => expect(messages.some(({ toolCall }) => toolCall)).toBe(true));
    const functionResponses = [
      {
        id: "function-call-1",
        name: "get_weather",
        response: { output: "sunny" },
        scheduling,
      },
    ];
    session.sendToolResponse({ functionResponses });
    expect(await lastHeard("toolResponse")).toEqual({ toolResponse: { functionResponses } });
    expect((await emulator.newestSession()).toolCalls).toEqual([
      { id: "function-call-1", name: "get_weather", state: "answered" },
    ]);
  });

  test("of a call that nobody made", async () => {
    const functionResponses = [{ id: "function-call-2", name: "get_weather", response: {} }];
    expect(await refusalAfter(TOOLS, { toolResponse: { functionResponses } })).toEqual({
      code: 1007,
      reason: expect.stringMatching(/^Request contains an invalid argument\./),
    });
  });

  test("without an id, which the official client sends to Vertex alone", async () => {
    const functionResponses = [{ name: "get_weather", response: { output: "sunny" } }];
    const { session } = await emulator.connect(TOOLS);
    expect(() => session.sendToolResponse({ functionResponses })).toThrow(/id/);
    expect(await refusalAfter(TOOLS, { toolResponse: { functionResponses } })).toEqual(
      invalidArgument(/needs the id of its call/),
    );

    const vertex = await emulator.connect(TOOLS, VERTEX);
    await callWeather();
    await vi.waitFor(() => expect(vertex.messages.some(({ toolCall }) => toolCall)).toBe(true));
    vertex.session.sendToolResponse({ functionResponses });
    await lastHeard("toolResponse");
    expect(await emulator.newestSession()).toMatchObject({ open: true, toolCalls: [{ state: "answered" }] });
  });

  test("nothing else", async () => {
    const response = { id: "1", name: "f", response: {}, scheduling: "SOON" };
    expect(await refusalAfter({}, { toolResponse: { functionResponses: [response] } })).toEqual(
      invalidValue("tool_response.function_responses[0].scheduling"),
    );
    expect(await refusalAfter({}, { toolResponse: { responses: [] } })).toMatchObject({ code: 1007 });
  });
});

describe("contextUpdate", () => {
  test("systemInstruction and tools", async () => {
    const tools = [{ functionDeclarations: [{ name: "get_time" }] }];
    expect(
      await heardBy(
        (session) => session.sendContextUpdate({ systemInstruction: "Be brief.", tools: { tools } }),
        { field: "contextUpdate" },
      ),
    ).toEqual({
      contextUpdate: {
        systemInstruction: { parts: [{ text: "Be brief." }], role: "user" },
        tools: { tools },
      },
    });
  });

  test("nothing else", async () => {
    expect(await refusalAfter({}, { contextUpdate: { tools: [] } })).toEqual(
      invalidValue("context_update.tools"),
    );
    expect(await refusalAfter({}, { contextUpdate: { model: LIVE_38 } })).toEqual(
      unknownName("model", "context_update"),
    );
  });
});

describe("a message", () => {
  test("is not empty", async () => {
    expect(await refusalAfter({}, {})).toEqual(invalidArgument(/The message is empty/));
  });

  test("has one top-level field", async () => {
    expect(
      await refusalAfter({}, { realtimeInput: { text: "Hi" }, clientContent: { turnComplete: true } }),
    ).toEqual(invalidArgument(/one field, this one has/));
  });

  test("has no unknown one", async () => {
    expect(await refusalAfter({}, { hello: {} })).toEqual({
      code: 1007,
      reason: 'Invalid JSON payload received. Unknown name "hello": Cannot find field.',
    });
  });

  test("may also come as bytes", async () => {
    const { socket, frames } = await emulator.openSocket();
    socket.send(Buffer.from(JSON.stringify({ setup: { model: LIVE_38 } })), { binary: true });
    await vi.waitFor(() => expect(frames[0]?.data).toContain("setupComplete"));
  });
});

describe("the official client's own rules", () => {
  test("audio has to be audio/*, video image/*", async () => {
    const { session } = await emulator.connect();
    expect(() => session.sendRealtimeInput({ audio: { data: "", mimeType: "image/png" } })).toThrow();
    expect(() => session.sendRealtimeInput({ video: { data: "", mimeType: "audio/pcm" } })).toThrow();
  });
});
