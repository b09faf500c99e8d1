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
        speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: "Kore" } }, languageCode: "fr-FR" },
        thinkingConfig: { thinkingBudget: 0 },
      },
      systemInstruction: { parts: [{ text: "Be brief." }], role: "user" },
      tools: [
        { functionDeclarations: [{ name: "get_weather", parameters: { type: "OBJECT" } }] },
        { googleSearch: {} },
        { googleMaps: {} },
      ],
      sessionResumption: {},
      contextWindowCompression: { triggerTokens: "25600", slidingWindow: { targetTokens: "12800" } },
      realtimeInputConfig: {
        automaticActivityDetection: {
          startOfSpeechSensitivity: "START_SENSITIVITY_HIGH",
          silenceDurationMs: 300,
        },
        activityHandling: "START_OF_ACTIVITY_INTERRUPTS",
      },
      inputAudioTranscription: { languageCodes: ["fr-FR"] },
      outputAudioTranscription: {},
      proactivity: { proactiveAudio: true },
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
      `Unknown name "voice" at 'setup.generationConfig.speechConfig': Cannot find field.`,
    ],
    [
      "a field in a list",
      { setup: { model, tools: [{ googleSearch: {} }, { weather: {} }] } },
      `Unknown name "weather" at 'setup.tools[1]': Cannot find field.`,
    ],
    // Names that only the other address of the service knows.
    [
      "transparent resumption",
      { setup: { model, sessionResumption: { transparent: true } } },
      `Unknown name "transparent" at 'setup.sessionResumption': Cannot find field.`,
    ],
    [
      "an input",
      { realtimeInput: { sound: {} } },
      `Unknown name "sound" at 'realtimeInput': Cannot find field.`,
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
      /^Invalid value at 'setup\.generationConfig\.responseModalities\[0\]'.*AUDIO only/,
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
    ["what is not base64", audio("audio/pcm", "%%%%"), /^Invalid value at 'realtimeInput\.audio\.data'/],
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

  test("what is not JSON", () => {
    expect(parseClientMessage("{")).toMatchObject({ ok: false, close: { code: 1007 } });
  });
});

test("fitReason cuts to 123 bytes, between characters", () => {
  expect(fitReason("short")).toBe("short");
  expect(fitReason("x".repeat(200))).toBe("x".repeat(123));
  expect(fitReason("é".repeat(100))).toBe("é".repeat(61));
});
