import { describe, expect, test } from "vitest";
import { LIVE_38, setupOf, VERTEX_PREFIX } from "../test-support/setups.ts";
import type { Door } from "./doors.ts";
import { checkSetup } from "./setup-rules.ts";
import { VOICES } from "./setup-speech.ts";

const V1: Door = { kind: "gemini", apiVersion: "v1" };
const V1BETA: Door = { kind: "gemini", apiVersion: "v1beta" };
const V1ALPHA: Door = { kind: "gemini", apiVersion: "v1alpha" };
const VERTEX: Door = { kind: "vertex", apiVersion: "v1beta1" };

const LIVE_31 = "models/gemini-3.1-flash-live-preview";
const LIVE_25 = "models/gemini-2.5-flash-native-audio-latest";
const EXTENDED = "models/gemini-3.8-live-extended-thinking";
const TRANSLATE = "models/gemini-3.5-live-translate-preview";
const TRANSLATION = { generationConfig: { translationConfig: { targetLanguageCode: "es" } } };

const check = (fields: object, door: Door = V1BETA) => checkSetup(setupOf(fields), door);
const accepted = { ok: true };
const refusal = (code: number, reason: RegExp) => ({
  ok: false,
  close: { code, reason: expect.stringMatching(reason) },
});

describe("a model is there", () => {
  test.each([
    [LIVE_38, V1, "3.8"],
    [LIVE_38, V1BETA, "3.8"],
    [LIVE_38, V1ALPHA, "3.8"],
    [EXTENDED, V1BETA, "3.8"],
    [LIVE_31, V1BETA, "3.1"],
    [LIVE_25, V1ALPHA, "2.5"],
    [`${VERTEX_PREFIX}gemini-live-2.5-flash-native-audio`, VERTEX, "2.5"],
    [`${VERTEX_PREFIX}gemini-3.8-live`, VERTEX, "3.8"],
  ])("%s at %o, with the rules of %s", (model, door, name) => {
    expect(check({ model }, door)).toMatchObject({ ok: true, value: { name } });
  });

  test.each([
    ["gemini-3.8-live", V1BETA],
    ["models/gemini-2.0-flash-live-001", V1BETA],
    ["models/gemini-live-2.5-flash-native-audio", V1BETA],
    ["models/", V1BETA],
    [LIVE_31, V1],
    [LIVE_38, VERTEX],
    [`${VERTEX_PREFIX}gemini-3.1-flash-live-preview`, VERTEX],
    [`${VERTEX_PREFIX}gemini-3.8-live`, V1BETA],
  ])("but not %s at %o", (model, door) => {
    const { apiVersion } = door;
    expect(check({ model }, door)).toEqual(
      refusal(1008, new RegExp(`^${model} is not found for API version ${apiVersion}, or is not supported`)),
    );
  });
});

describe("speech", () => {
  test("has thirty voices", () => {
    expect(VOICES.size).toBe(30);
    for (const voiceName of VOICES) {
      const speechConfig = { voiceConfig: { prebuiltVoiceConfig: { voiceName } } };
      expect(check({ generationConfig: { speechConfig } })).toMatchObject(accepted);
    }
  });

  test.each([
    [
      "another voice",
      { voiceConfig: { prebuiltVoiceConfig: { voiceName: "kore" } } },
      /voice api_name 'kore'/,
    ],
    ["another voice by its short name", { voiceConfig: { voice: "Alloy" } }, /voice api_name 'Alloy'/],
    ["several speakers", { multiSpeakerVoiceConfig: {} }, /^Request contains an invalid argument/],
    ["an unknown language", { languageCode: "sv-SE" }, /^Unsupported language code 'sv-SE' for model/],
  ])("but not %s", (_, speechConfig, reason) => {
    expect(check({ generationConfig: { speechConfig } })).toEqual(refusal(1007, reason));
  });

  test("knows es-ES on the Gemini API alone", () => {
    const generationConfig = { speechConfig: { languageCode: "es-ES" } };
    const model = `${VERTEX_PREFIX}gemini-3.8-live`;
    expect(check({ generationConfig })).toMatchObject(accepted);
    expect(check({ model, generationConfig }, VERTEX)).toEqual(refusal(1007, /^Unsupported language code/));
    expect(
      check({ model, generationConfig: { speechConfig: { languageCode: "es-US" } } }, VERTEX),
    ).toMatchObject(accepted);
  });
});

describe("what a model thinks of", () => {
  const budget = { generationConfig: { thinkingConfig: { thinkingBudget: 0 } } };
  const level = { generationConfig: { thinkingConfig: { thinkingLevel: "LOW" } } };
  test.each([
    ["a budget", LIVE_25, budget],
    ["a level", LIVE_31, level],
    ["a level", EXTENDED, level],
  ])("%s: %s", (_, model, fields) => {
    expect(check({ model, ...fields })).toMatchObject(accepted);
  });
  test.each([
    ["no level", LIVE_25, level],
    ["no budget", LIVE_31, budget],
    ["no budget", EXTENDED, budget],
    ["neither", LIVE_38, budget],
    ["neither", LIVE_38, level],
    [
      "neither",
      TRANSLATE,
      { generationConfig: { ...TRANSLATION.generationConfig, ...level.generationConfig } },
    ],
  ])("%s: %s", (_, model, fields) => {
    expect(check({ model, ...fields })).toEqual(
      refusal(1007, /[tT]hinking\w+ is not supported by this model/),
    );
  });
});

describe("how a model hears", () => {
  const affective = { generationConfig: { enableAffectiveDialog: true } };
  const proactive = { proactivity: { proactiveAudio: true } };
  test("2.5 with feeling and unasked, in v1alpha and on Vertex alone", () => {
    const model = `${VERTEX_PREFIX}gemini-live-2.5-flash-native-audio`;
    for (const fields of [affective, proactive, { proactivity: { proactiveAudio: false } }]) {
      expect(check({ model: LIVE_25, ...fields }, V1ALPHA)).toMatchObject(accepted);
      expect(check({ model, ...fields }, VERTEX)).toMatchObject(accepted);
    }
    expect(check({ model: LIVE_25, ...affective })).toEqual(
      refusal(1007, /Unknown name "enableAffectiveDialog" at 'setup\.generation_config'/),
    );
    expect(check({ model: LIVE_25, ...proactive })).toEqual(
      refusal(1007, /Unknown name "proactivity" at 'setup'/),
    );
  });
  test("3.8 always unasked, and without feeling", () => {
    expect(check(proactive)).toMatchObject(accepted);
    expect(check({ proactivity: { proactiveAudio: false } })).toEqual(refusal(1007, /cannot be turned off/));
    expect(check(affective)).toEqual(refusal(1007, /enableAffectiveDialog is not supported/));
  });
  test("3.1 with neither", () => {
    expect(check({ model: LIVE_31, ...proactive })).toEqual(refusal(1007, /proactivity is not supported/));
    expect(check({ model: LIVE_31, ...affective })).toEqual(refusal(1007, /enableAffectiveDialog is not/));
  });
});

describe("tools", () => {
  const declared = (behavior?: string) => ({ tools: [{ functionDeclarations: [{ name: "f", behavior }] }] });
  test.each([
    ["functions", LIVE_38, declared()],
    ["functions that do not block", LIVE_38, declared("NON_BLOCKING")],
    ["functions that do not block", LIVE_25, declared("NON_BLOCKING")],
    ["functions that block", LIVE_31, declared("BLOCKING")],
    ["Google Search", LIVE_38, { tools: [{ googleSearch: {} }] }],
  ])("%s for %s", (_, model, fields) => {
    expect(check({ model, ...fields })).toMatchObject(accepted);
  });
  test("but no functions that do not block for 3.1", () => {
    expect(check({ model: LIVE_31, ...declared("NON_BLOCKING") })).toEqual(
      refusal(1007, /NON_BLOCKING is not supported/),
    );
  });
  test.each(["googleMaps", "codeExecution", "urlContext", "fileSearch", "googleSearchRetrieval"])(
    "but not %s",
    (tool) => {
      expect(check({ tools: [{ [tool]: {} }] })).toEqual(
        refusal(1008, /^Operation is not implemented, or supported, or enabled\.$/),
      );
    },
  );
});

describe("the translator", () => {
  test("takes where to translate to", () => {
    expect(check({ model: TRANSLATE, ...TRANSLATION })).toMatchObject(accepted);
  });
  test.each([
    ["wants to know the language", { generationConfig: {} }, /translationConfig\.targetLanguageCode/],
    [
      "takes no instruction",
      { ...TRANSLATION, systemInstruction: { parts: [{ text: "Hi" }] } },
      /systemInst/,
    ],
    ["takes no tools", { ...TRANSLATION, tools: [{ googleSearch: {} }] }, /tools are not supported/],
  ])("%s", (_, fields, reason) => {
    expect(check({ model: TRANSLATE, ...fields })).toEqual(refusal(1007, reason));
  });
  test("is the only one that translates", () => {
    expect(check(TRANSLATION)).toEqual(refusal(1007, /translationConfig is not supported/));
  });
});

describe("names of Vertex alone", () => {
  test.each([
    ["explicitVadSignal", "setup", { explicitVadSignal: true }],
    ["transparent", "setup.session_resumption", { sessionResumption: { transparent: true } }],
    [
      "method",
      "setup.safety_settings[0]",
      {
        safetySettings: [
          { category: "HARM_CATEGORY_HARASSMENT", threshold: "BLOCK_NONE", method: "SEVERITY" },
        ],
      },
    ],
  ])("%s", (name, path, fields) => {
    expect(check({ model: `${VERTEX_PREFIX}gemini-3.8-live`, ...fields }, VERTEX)).toMatchObject(accepted);
    expect(check(fields)).toEqual({
      ok: false,
      close: {
        code: 1007,
        reason: `Invalid JSON payload received. Unknown name "${name}" at '${path}': Cannot find field.`,
      },
    });
  });
});
