import { describe, expect, test } from "vitest";
import { random } from "../test-support/signals.ts";
import { parseClientMessage } from "./client-message.ts";
import { fitReason } from "./closes.ts";

const parse = (message: unknown) => parseClientMessage(JSON.stringify(message));
const model = "models/gemini-3.8-live";
const audio = (mimeType: string, data = "AAA=") => ({ realtimeInput: { audio: { data, mimeType } } });

describe("parseClientMessage takes", () => {
  test("every field of a setup that the official client writes", () => {
    const setup = {
      model,
      generationConfig: {
        responseModalities: ["AUDIO"],
        temperature: 0.7,
        topP: 0.9,
        topK: 40,
        maxOutputTokens: 4096,
        seed: 1,
        mediaResolution: "MEDIA_RESOLUTION_LOW",
        candidateCount: 1,
        presencePenalty: 0.5,
        frequencyPenalty: -0.5,
        enableAffectiveDialog: true,
        translationConfig: { targetLanguageCode: "es", echoTargetLanguage: false },
        speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: "Kore" } }, languageCode: "fr-FR" },
        thinkingConfig: { thinkingBudget: 0 },
      },
      systemInstruction: { parts: [{ text: "Be brief." }], role: "user" },
      tools: [
        {
          functionDeclarations: [
            {
              name: "get_weather",
              description: "What the weather is like",
              behavior: "NON_BLOCKING",
              parameters: {
                type: "OBJECT",
                properties: {
                  city: { type: "STRING", minLength: "1" },
                  days: { type: "ARRAY", items: { type: "INTEGER", minimum: 1 } },
                  unit: { anyOf: [{ type: "STRING", enum: ["C", "F"] }, { type: "NULL" }] },
                },
                required: ["city"],
              },
            },
            { name: "a.b:c-d_2", parametersJsonSchema: { type: "object", additionalProperties: false } },
          ],
        },
        { googleSearch: {} },
        { googleMaps: {} },
      ],
      sessionResumption: {},
      contextWindowCompression: { triggerTokens: "25600", slidingWindow: { targetTokens: "12800" } },
      realtimeInputConfig: {
        automaticActivityDetection: {
          startOfSpeechSensitivity: "START_SENSITIVITY_HIGH",
          endOfSpeechSensitivity: "END_SENSITIVITY_LOW",
          prefixPaddingMs: 20,
          silenceDurationMs: 300,
        },
        activityHandling: "START_OF_ACTIVITY_INTERRUPTS",
        turnCoverage: "TURN_INCLUDES_ONLY_ACTIVITY",
        interimTranscriptTimestampEnabled: false,
      },
      inputAudioTranscription: {
        languageCodes: ["fr-FR", "cmn-Hans-CN", "es-419", "pl"],
        customVocabulary: ["Daily"],
        mode: "VERBATIM",
      },
      outputAudioTranscription: {},
      proactivity: { proactiveAudio: true },
      historyConfig: { initialHistoryInClientContent: true },
      explicitVadSignal: true,
      avatarConfig: {},
      safetySettings: [{ category: "HARM_CATEGORY_HARASSMENT", threshold: "BLOCK_NONE" }],
      labels: { team: "voice" },
    };
    expect(parse({ setup })).toMatchObject({ ok: true, value: { kind: "setup", setup } });
  });

  test.each([
    ["audio/pcm;rate=16000", 16_000],
    ["audio/pcm", 16_000],
    ["audio/pcm; rate=48000", 48_000],
    ["audio/pcm;rate=44100", 44_100],
  ])("sound as %s", (mimeType, rateHz) => {
    expect(parse(audio(mimeType, "AQD//w=="))).toEqual({
      ok: true,
      value: { kind: "input", inputs: [{ kind: "audio", pcm: Int16Array.of(1, -1), rateHz }] },
    });
  });

  test("the parts of a realtimeInput in the order in which they take effect", () => {
    const { audio: blob } = audio("audio/pcm").realtimeInput;
    const image = { data: "", mimeType: "image/jpeg" };
    expect(
      parse({
        realtimeInput: {
          activityEnd: {},
          audioStreamEnd: true,
          text: "Hello",
          audio: blob,
          mediaChunks: [blob, image],
          activityStart: {},
        },
      }),
    ).toMatchObject({
      ok: true,
      value: {
        inputs: [
          { kind: "activityStart" },
          { kind: "audio" },
          { kind: "video" },
          { kind: "audio" },
          { kind: "text", text: "Hello" },
          { kind: "activityEnd" },
          { kind: "audioStreamEnd" },
        ],
      },
    });
  });

  test("answers of functions", () => {
    const responses = [
      { id: "function-call-1", name: "get_weather", response: { output: "sunny" }, scheduling: "WHEN_IDLE" },
      { name: "get_time", response: {}, willContinue: true },
    ];
    expect(parse({ toolResponse: { functionResponses: responses } })).toEqual({
      ok: true,
      value: { kind: "toolResponse", responses },
    });
  });

  test("updates of the context", () => {
    const update = {
      systemInstruction: { parts: [{ text: "Be brief." }] },
      tools: { tools: [{ functionDeclarations: [{ name: "get_time" }] }] },
    };
    expect(parse({ contextUpdate: update })).toMatchObject({
      ok: true,
      value: { kind: "contextUpdate", update },
    });
  });

  test("pictures and sound in a turn", () => {
    const parts = [{ text: "Look:" }, { inlineData: { data: "AAAA", mimeType: "image/png" } }];
    expect(parse({ clientContent: { turns: [{ role: "user", parts }], turnComplete: true } })).toMatchObject({
      ok: true,
      value: { content: { turns: [{ role: "user", parts }], turnComplete: true } },
    });
  });

  test("a text, of which nothing is to be answered unless turnComplete says so", () => {
    expect(parse({ clientContent: { turns: [{ role: "user", parts: [{ text: "Hi" }] }] } })).toMatchObject({
      value: { kind: "content", content: { turnComplete: false } },
    });
  });
});

describe("parseClientMessage refuses with 1007", () => {
  test.each([
    ["an unknown message", { hello: {} }, `Unknown name "hello": Cannot find field.`],
    ["a setup field", { setup: { model, voice: 1 } }, `Unknown name "voice" at 'setup': Cannot find field.`],
    [
      "a nested field",
      { setup: { model, generationConfig: { speechConfig: { voice: "Kore" } } } },
      `Unknown name "voice" at 'setup.generation_config.speech_config': Cannot find field.`,
    ],
    [
      "a field in a list",
      { setup: { model, tools: [{ googleSearch: {} }, { weather: {} }] } },
      `Unknown name "weather" at 'setup.tools[1]': Cannot find field.`,
    ],
    [
      "a field of a schema",
      {
        setup: {
          model,
          tools: [{ functionDeclarations: [{ name: "f", parameters: { type: "OBJECT", const: 1 } }] }],
        },
      },
      `Unknown name "const" at 'setup.tools[0].function_declarations[0].parameters': Cannot find field.`,
    ],
    [
      "a field in Google's own spelling",
      { setup: { model, system_instruction: { parts: [{ text: "Be brief." }] } } },
      `Unknown name "system_instruction" at 'setup': Cannot find field.`,
    ],
    [
      "a field of a function's answer",
      { toolResponse: { functionResponses: [{ id: "1", name: "f", response: {}, output: "x" }] } },
      `Unknown name "output" at 'tool_response.function_responses[0]': Cannot find field.`,
    ],
    [
      "a field of a turn",
      { clientContent: { turns: [{ role: "user", parts: [{ txt: "Hi" }] }] } },
      `Unknown name "txt" at 'client_content.turns[0].parts[0]': Cannot find field.`,
    ],
    [
      "a field of an update",
      { contextUpdate: { model } },
      `Unknown name "model" at 'context_update': Cannot find field.`,
    ],
    [
      "an input",
      { realtimeInput: { sound: {} } },
      `Unknown name "sound" at 'realtime_input': Cannot find field.`,
    ],
  ])("%s that does not exist", (_, message, reason) => {
    expect(parse(message)).toEqual({
      ok: false,
      close: { code: 1007, reason: `Invalid JSON payload received. ${reason}` },
    });
  });

  test.each([
    ["a setup without a model", { setup: {} }, /^Invalid value at 'setup\.model'/],
    ["a value of a wrong type", { setup: { model: 7 } }, /^Invalid value at 'setup\.model'/],
    [
      "a modality that the model does not have",
      { setup: { model, generationConfig: { responseModalities: ["TEXT"] } } },
      /^Invalid value at 'setup\.generation_config\.response_modalities\[0\]'.*AUDIO only/,
    ],
    [
      "two messages in one",
      { setup: { model }, clientContent: {} },
      /^Request contains an invalid argument\./,
    ],
    ["an empty message", {}, /^Request contains an invalid argument\./],
    ["other sound than PCM", audio("audio/webm"), /^Request contains an invalid argument\. .*audio\/webm/],
    ["sound without a type", audio(""), /^Request contains an invalid argument\./],
    ["a rate out of reach", audio("audio/pcm;rate=96000"), /96000 Hz/],
    ["a rate that nothing has", audio("audio/pcm;rate=15999"), /15999 Hz/],
    ["half a sample", audio("audio/pcm", "AA=="), /odd number of bytes/],
    ["what is not base64", audio("audio/pcm", "%%%%"), /^Invalid value at 'realtime_input\.audio\.data'/],
    ["a picture as sound", audio("image/jpeg"), /Audio has to be audio\/pcm;rate=16000, not image\/jpeg/],
    [
      "a video that is no picture",
      { realtimeInput: { video: { data: "AAAA", mimeType: "video/mp4" } } },
      /Video has to be image\/\*, not video\/mp4/,
    ],
    ["an input without anything", { realtimeInput: {} }, /The realtimeInput is empty/],
    ["the end of no stream", { realtimeInput: { audioStreamEnd: false } }, /The realtimeInput is empty/],
    ["an update of nothing", { contextUpdate: {} }, /^Invalid value at 'context_update': nothing is updated/],
    ["no answers of functions", { toolResponse: { functionResponses: [] } }, /function_responses': must not/],
    [
      "an answer of a function without a result",
      { toolResponse: { functionResponses: [{ id: "1", name: "f" }] } },
      /^Invalid value at 'tool_response\.function_responses\[0\]\.response'/,
    ],
    [
      "an answer of a function with an unknown schedule",
      { toolResponse: { functionResponses: [{ id: "1", name: "f", response: {}, scheduling: "LATER" }] } },
      /^Invalid value at 'tool_response\.function_responses\[0\]\.scheduling'/,
    ],
    [
      "the history of a tool in a turn",
      { clientContent: { turns: [{ role: "model", parts: [{ functionCall: { name: "f" } }] }] } },
      /^Invalid value at 'client_content\.turns\[0\]\.parts': only text and media/,
    ],
    [
      "a turn of somebody else",
      { clientContent: { turns: [{ role: "system", parts: [{ text: "Hi" }] }] } },
      /^Invalid value at 'client_content\.turns\[0\]\.role': please use a valid role: user, model/,
    ],
    [
      "a turn without parts",
      { clientContent: { turns: [{ role: "user", parts: [] }] } },
      /^Invalid value at 'client_content\.turns\[0\]\.parts': must not be empty/,
    ],
    [
      "a part that is two things",
      { clientContent: { turns: [{ parts: [{ text: "Hi", fileData: { fileUri: "gs://a/b" } }] }] } },
      /exactly one kind of data/,
    ],
    [
      "an int64 that is no string",
      { setup: { model, contextWindowCompression: { triggerTokens: 25_600 } } },
      /^Invalid value at 'setup\.context_window_compression\.trigger_tokens'/,
    ],
    [
      "a system instruction that is no text",
      { setup: { model, systemInstruction: { parts: [{ inlineData: { data: "", mimeType: "a/b" } }] } } },
      /^Invalid value at 'setup\.system_instruction\.parts': a system instruction is text/,
    ],
    [
      "a function without a good name",
      { setup: { model, tools: [{ functionDeclarations: [{ name: "get weather" }] }] } },
      /^Invalid value at 'setup\.tools\[0\]\.function_declarations\[0\]\.name'/,
    ],
    [
      "two functions of one name",
      { setup: { model, tools: [{ functionDeclarations: [{ name: "f" }, { name: "f" }] }] } },
      /^Invalid value at 'setup\.tools': duplicate function declaration found/,
    ],
    [
      "a language that is none",
      { setup: { model, inputAudioTranscription: { languageCodes: ["Dutch"] } } },
      /^Invalid value at 'setup\.input_audio_transcription\.language_codes\[0\]'/,
    ],
    ["an array", [], /^Invalid JSON payload received\./],
    ["null", null, /^Invalid JSON payload received\./],
  ])("%s", (_, message, reason) => {
    expect(parse(message)).toEqual({
      ok: false,
      close: { code: 1007, reason: expect.stringMatching(reason) },
    });
  });

  test("whatever is made of a good message by cutting and changing it, and never throws", () => {
    const next = random(7);
    const good = JSON.stringify({
      realtimeInput: { audio: { data: "AAAA", mimeType: "audio/pcm" }, text: "é", activityEnd: {} },
    });
    const pieces = [
      '"',
      "{",
      "}",
      "[",
      "]",
      ":",
      ",",
      "null",
      "1e999",
      '"__proto__":',
      "\\u0000",
      "setup",
      "-",
    ];
    let taken = 0;
    for (let i = 0; i < 3_000; i++) {
      const at = Math.floor(next() * good.length);
      const piece = pieces[Math.floor(next() * pieces.length)] ?? "";
      const text = good.slice(0, at) + piece + good.slice(at + Math.floor(next() * 4));
      const parsed = parseClientMessage(text);
      if (parsed.ok) taken++;
      else expect(parsed.close.code).toBe(1007);
    }
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(1_500);
  });

  test.each([
    ["mediaResolution", { generationConfig: { mediaResolution: "LOW" } }],
    ["thinkingLevel", { generationConfig: { thinkingConfig: { thinkingLevel: "low" } } }],
    [
      "startOfSpeechSensitivity",
      { realtimeInputConfig: { automaticActivityDetection: { startOfSpeechSensitivity: "HIGH" } } },
    ],
    [
      "endOfSpeechSensitivity",
      { realtimeInputConfig: { automaticActivityDetection: { endOfSpeechSensitivity: "LOW" } } },
    ],
    ["activityHandling", { realtimeInputConfig: { activityHandling: "INTERRUPT" } }],
    ["turnCoverage", { realtimeInputConfig: { turnCoverage: "ALL" } }],
    ["mode", { inputAudioTranscription: { mode: "verbatim" } }],
    ["threshold", { safetySettings: [{ category: "HARM_CATEGORY_HARASSMENT", threshold: "NONE" }] }],
    ["category", { safetySettings: [{ category: "HARASSMENT", threshold: "BLOCK_NONE" }] }],
    ["behavior", { tools: [{ functionDeclarations: [{ name: "f", behavior: "ASYNC" }] }] }],
    ["type", { tools: [{ functionDeclarations: [{ name: "f", parameters: { type: "object" } }] }] }],
  ])("a setup with an unknown value of the enum %s", (name, setup) => {
    const field = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    expect(parse({ setup: { model, ...setup } })).toEqual({
      ok: false,
      close: { code: 1007, reason: expect.stringMatching(`^Invalid value at 'setup\\.[^']*\\.?${field}'`) },
    });
  });

  test("schemas nested beyond any stack", () => {
    const nested = `${'{"type":"ARRAY","items":'.repeat(20_000)}{}${"}".repeat(20_000)}`;
    const declaration = `{"name":"f","parameters":{"type":"OBJECT","properties":{"a":${nested}}}}`;
    const setup = `{"model":"${model}","tools":[{"functionDeclarations":[${declaration}]}]}`;
    expect(parseClientMessage(`{"setup":${setup}}`)).toEqual({
      ok: false,
      close: { code: 1007, reason: "Invalid JSON payload received. Message too deep." },
    });
  });

  test("what is not JSON", () => {
    expect(parseClientMessage("{")).toMatchObject({ ok: false, close: { code: 1007 } });
  });
});

test("fitReason cuts to 123 bytes, between characters", () => {
  expect(fitReason("short")).toBe("short");
  expect(fitReason("x".repeat(200))).toBe("x".repeat(123));
  expect(fitReason("é".repeat(100))).toBe("é".repeat(61));
});
