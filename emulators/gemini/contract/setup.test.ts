import {
  ActivityHandling,
  EndSensitivity,
  type LiveConnectConfig,
  MediaResolution,
  Modality,
  StartSensitivity,
  ThinkingLevel,
  TurnCoverage,
} from "@google/genai";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Setup } from "../core/setup.ts";
import { EMULATED_VERTEX_TOKEN } from "../settings.ts";
import { type ConnectOptions, startTestEmulator } from "../test-support/emulator.ts";
import { VERTEX_PATH } from "../test-support/paths.ts";
import { invalidArgument, invalidValue, unknownName } from "../test-support/refusals.ts";
import { LIVE_38, VERTEX_PREFIX } from "../test-support/setups.ts";

/**
 * Every field of a setup, by the official client (@google/genai 3.1.0) where it can send it, else by a
 * bare WebSocket: what is taken, and how what is nearly it is refused.
 */

let emulator: Awaited<ReturnType<typeof startTestEmulator>>;
beforeAll(async () => {
  emulator = await startTestEmulator();
});
afterAll(() => emulator.close());

const LIVE_25: ConnectOptions = {
  model: "gemini-2.5-flash-native-audio-preview-12-2025",
  apiVersion: "v1alpha",
};
const LIVE_31: ConnectOptions = { model: "gemini-3.1-flash-live-preview" };
const VERTEX: ConnectOptions = { vertex: true };

/** What the emulator got as the setup of a session that the official client opened. */
async function setupBy(config: LiveConnectConfig, options: ConnectOptions = {}): Promise<Setup | null> {
  await emulator.connect(config, options);
  return (await emulator.newestSession()).lastSetup;
}

/** How a bare setup is refused. */
async function refusalOf(setup: object): Promise<{ code: number; reason: string }> {
  const { tell, closed } = await emulator.openSocket();
  tell({ setup: { model: LIVE_38, ...setup } });
  return closed;
}

/** How a bare message is refused after the setup. */
async function refusalAfter(setup: object, message: object): Promise<{ code: number; reason: string }> {
  const { tell, closed } = await emulator.openSession(setup);
  tell(message);
  return closed;
}

describe("setup", () => {
  test("is the first message", async () => {
    const { tell, closed } = await emulator.openSocket();
    tell({ realtimeInput: { text: "Hello" } });
    expect(await closed).toEqual(invalidArgument(/has to be the setup/));
  });

  test("comes only once", async () => {
    expect(await refusalAfter({}, { setup: { model: LIVE_38 } })).toEqual(invalidArgument(/only one setup/));
  });

  test("has no other top-level field beside it", async () => {
    const { tell, closed } = await emulator.openSocket();
    tell({ setup: { model: LIVE_38 }, clientContent: { turnComplete: true } });
    expect(await closed).toEqual(invalidArgument(/one field, this one has setup, clientContent/));
  });

  test("model: models/… on the Gemini API", async () => {
    expect((await setupBy({}))?.model).toBe("models/gemini-3.8-live");
    expect(await refusalOf({ model: "gemini-3.8-live" })).toMatchObject({ code: 1008 });
  });

  test("model: projects/…/publishers/google/models/… on Vertex", async () => {
    expect((await setupBy({}, VERTEX))?.model).toBe(`${VERTEX_PREFIX}gemini-3.8-live`);
    const { tell, closed } = await emulator.openSocket({
      path: VERTEX_PATH,
      headers: { authorization: `Bearer ${EMULATED_VERTEX_TOKEN}` },
    });
    tell({ setup: { model: LIVE_38 } });
    expect(await closed).toMatchObject({ code: 1008 });
  });

  test("generationConfig: responseModalities", async () => {
    const responseModalities = [Modality.AUDIO];
    expect((await setupBy({ responseModalities }))?.generationConfig).toEqual({ responseModalities });
    expect(await refusalOf({ generationConfig: { responseModalities: ["TEXT"] } })).toEqual(
      invalidValue("setup.generation_config.response_modalities[0]"),
    );
  });

  test("generationConfig: temperature, topP, topK, maxOutputTokens, seed", async () => {
    const sampling = { temperature: 0.7, topP: 0.9, topK: 40, maxOutputTokens: 4096, seed: 1 };
    expect((await setupBy(sampling))?.generationConfig).toEqual(sampling);
    expect(await refusalOf({ generationConfig: { topP: 1.5 } })).toEqual(
      invalidValue("setup.generation_config.top_p"),
    );
    expect(await refusalOf({ generationConfig: { seed: 0.5 } })).toEqual(
      invalidValue("setup.generation_config.seed"),
    );
  });

  test("generationConfig: mediaResolution", async () => {
    const mediaResolution = MediaResolution.MEDIA_RESOLUTION_LOW;
    expect((await setupBy({ mediaResolution }))?.generationConfig).toEqual({ mediaResolution });
    expect(await refusalOf({ generationConfig: { mediaResolution: "LOW" } })).toEqual(
      invalidValue("setup.generation_config.media_resolution"),
    );
  });

  test("generationConfig: speechConfig with a voice and a language", async () => {
    const speechConfig = {
      voiceConfig: { prebuiltVoiceConfig: { voiceName: "Kore" } },
      languageCode: "fr-FR",
    };
    expect((await setupBy({ speechConfig }))?.generationConfig).toEqual({ speechConfig });
    expect(
      await refusalOf({
        generationConfig: {
          speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: "Alloy" } } },
        },
      }),
    ).toEqual({
      code: 1007,
      reason: expect.stringMatching(/^Requested voice api_name 'Alloy' is not avail/),
    });
    expect(await refusalOf({ generationConfig: { speechConfig: { languageCode: "fr-BE" } } })).toEqual({
      code: 1007,
      reason: "Unsupported language code 'fr-BE' for model models/gemini-3.8-live",
    });
  });

  test("generationConfig: thinkingConfig as each model has it", async () => {
    const budget = { thinkingConfig: { thinkingBudget: 0 } };
    const level = { thinkingConfig: { thinkingLevel: ThinkingLevel.LOW } };
    expect((await setupBy(budget, LIVE_25))?.generationConfig).toEqual(budget);
    expect((await setupBy(level, LIVE_31))?.generationConfig).toEqual(level);
    await expect(emulator.connect(budget)).rejects.toThrow(/1007.*thinkingConfig is not supported/);
    await expect(emulator.connect(budget, LIVE_31)).rejects.toThrow(/1007.*thinkingBudget is not supported/);
    await expect(emulator.connect(level, LIVE_25)).rejects.toThrow(/1007.*thinkingLevel is not supported/);
  });

  test("generationConfig: enableAffectiveDialog for 2.5 in v1alpha", async () => {
    const affective = { enableAffectiveDialog: true };
    expect((await setupBy(affective, LIVE_25))?.generationConfig).toEqual(affective);
    await expect(emulator.connect(affective, { ...LIVE_25, apiVersion: "v1beta" })).rejects.toThrow(
      /1007.*Unknown name "enableAffectiveDialog" at 'setup\.generation_config'/,
    );
    await expect(emulator.connect(affective)).rejects.toThrow(/1007.*enableAffectiveDialog is not supported/);
  });

  test("generationConfig: translationConfig for the translator", async () => {
    const translation = { translationConfig: { targetLanguageCode: "es", echoTargetLanguage: false } };
    const model = "gemini-3.5-live-translate-preview";
    expect((await setupBy(translation, { model }))?.generationConfig).toEqual(translation);
    await expect(emulator.connect(translation)).rejects.toThrow(/1007.*translationConfig is not supported/);
    await expect(emulator.connect({}, { model })).rejects.toThrow(/1007.*targetLanguageCode/);
  });

  test("systemInstruction: a text becomes a Content", async () => {
    expect((await setupBy({ systemInstruction: "Be brief." }))?.systemInstruction).toEqual({
      parts: [{ text: "Be brief." }],
      role: "user",
    });
    expect(await refusalOf({ systemInstruction: "Be brief." })).toEqual(
      invalidValue("setup.system_instruction"),
    );
  });

  test("tools: functions with a behavior and a schema, and Google Search", async () => {
    // Written as plain values, since the client's enums are strings of the same names.
    const tools = [
      {
        functionDeclarations: [
          {
            name: "get_weather",
            behavior: "NON_BLOCKING",
            parameters: { type: "OBJECT", properties: { city: { type: "STRING" } } },
          },
        ],
      },
      { googleSearch: {} },
    ];
    expect((await setupBy({ tools: tools as LiveConnectConfig["tools"] & {} }))?.tools).toEqual(tools);
    expect(await refusalOf({ tools: [{ functionDeclarations: [{ name: "f", strict: true }] }] })).toEqual(
      unknownName("strict", "setup.tools[0].function_declarations[0]"),
    );
    await expect(
      emulator.connect({ tools: tools as LiveConnectConfig["tools"] & {} }, LIVE_31),
    ).rejects.toThrow(/1007.*NON_BLOCKING is not supported/);
  });

  test("sessionResumption: {} asks for handles", async () => {
    const { messages } = await emulator.connect({ sessionResumption: {} });
    await vi.waitFor(() => expect(messages.some((m) => m.sessionResumptionUpdate?.newHandle)).toBe(true));
    expect(await refusalOf({ sessionResumption: { handle: 7 } })).toEqual(
      invalidValue("setup.session_resumption.handle"),
    );
  });

  test("sessionResumption: transparent on Vertex alone", async () => {
    const sessionResumption = { transparent: true };
    expect((await setupBy({ sessionResumption }, VERTEX))?.sessionResumption).toEqual(sessionResumption);
    expect(await refusalOf({ sessionResumption })).toEqual(
      unknownName("transparent", "setup.session_resumption"),
    );
  });

  test("contextWindowCompression: int64 as strings", async () => {
    const contextWindowCompression = { triggerTokens: "25600", slidingWindow: { targetTokens: "12800" } };
    expect((await setupBy({ contextWindowCompression }))?.contextWindowCompression).toEqual(
      contextWindowCompression,
    );
    expect(await refusalOf({ contextWindowCompression: { triggerTokens: 25_600 } })).toEqual(
      invalidValue("setup.context_window_compression.trigger_tokens"),
    );
  });

  test("realtimeInputConfig: detection, interruption, coverage, timestamps", async () => {
    const realtimeInputConfig = {
      automaticActivityDetection: {
        disabled: false,
        startOfSpeechSensitivity: StartSensitivity.START_SENSITIVITY_HIGH,
        endOfSpeechSensitivity: EndSensitivity.END_SENSITIVITY_LOW,
        prefixPaddingMs: 20,
        silenceDurationMs: 300,
      },
      activityHandling: ActivityHandling.START_OF_ACTIVITY_INTERRUPTS,
      turnCoverage: TurnCoverage.TURN_INCLUDES_ONLY_ACTIVITY,
      interimTranscriptTimestampEnabled: false,
    };
    expect((await setupBy({ realtimeInputConfig }))?.realtimeInputConfig).toEqual(realtimeInputConfig);
    expect(await refusalOf({ realtimeInputConfig: { turnCoverage: "ALL" } })).toEqual(
      invalidValue("setup.realtime_input_config.turn_coverage"),
    );
    expect(await refusalOf({ realtimeInputConfig: { vad: {} } })).toEqual(
      unknownName("vad", "setup.realtime_input_config"),
    );
  });

  test("inputAudioTranscription: languageCodes, customVocabulary, mode", async () => {
    const transcription = { languageCodes: ["fr-FR"], customVocabulary: ["Daily"], mode: "VERBATIM" };
    const config = { inputAudioTranscription: transcription } as LiveConnectConfig; // as above
    expect((await setupBy(config))?.inputAudioTranscription).toEqual(transcription);
    expect(await refusalOf({ inputAudioTranscription: { language: "fr-FR" } })).toEqual(
      unknownName("language", "setup.input_audio_transcription"),
    );
  });

  test("outputAudioTranscription", async () => {
    expect((await setupBy({ outputAudioTranscription: {} }))?.outputAudioTranscription).toEqual({});
    expect(await refusalOf({ outputAudioTranscription: true })).toEqual(
      invalidValue("setup.output_audio_transcription"),
    );
  });

  test("proactivity: only what each model has", async () => {
    const proactive = { proactivity: { proactiveAudio: true } };
    expect((await setupBy(proactive))?.proactivity).toEqual(proactive.proactivity);
    expect((await setupBy(proactive, LIVE_25))?.proactivity).toEqual(proactive.proactivity);
    await expect(emulator.connect({ proactivity: { proactiveAudio: false } })).rejects.toThrow(
      /1007.*proactiveAudio cannot be turned off/,
    );
    await expect(emulator.connect(proactive, LIVE_31)).rejects.toThrow(/1007.*proactivity is not supported/);
  });

  test("historyConfig: on the wire, and left out by the official client", async () => {
    const historyConfig = { initialHistoryInClientContent: true };
    expect(await setupBy({ historyConfig } as LiveConnectConfig)).not.toHaveProperty("historyConfig");
    await emulator.openSession({ historyConfig });
    expect((await emulator.newestSession()).lastSetup?.historyConfig).toEqual(historyConfig);
  });

  test("explicitVadSignal on Vertex alone, where the official client sends it", async () => {
    expect((await setupBy({ explicitVadSignal: true }, VERTEX))?.explicitVadSignal).toBe(true);
    expect(await refusalOf({ explicitVadSignal: true })).toEqual(unknownName("explicitVadSignal", "setup"));
  });

  test("avatarConfig, safetySettings, labels", async () => {
    const safetySettings = [{ category: "HARM_CATEGORY_HARASSMENT", threshold: "BLOCK_NONE" }];
    const others = { avatarConfig: {}, safetySettings, labels: { team: "voice" } };
    expect(await setupBy(others as LiveConnectConfig)).toMatchObject(others); // as above
    expect(await refusalOf({ labels: { Team: "voice" } })).toEqual(invalidValue("setup.labels.Team"));
    expect(
      await refusalOf({ safetySettings: [{ category: "HARM_CATEGORY_HARASSMENT", threshold: "NO" }] }),
    ).toEqual(invalidValue("setup.safety_settings[0].threshold"));
  });

  test("nothing else", async () => {
    expect(await refusalOf({ voice: "Kore" })).toEqual(unknownName("voice", "setup"));
    expect(await refusalOf({ generation_config: {} })).toEqual(unknownName("generation_config", "setup"));
  });
});

describe("the official client's own rules", () => {
  test("several speakers are not for Live", async () => {
    const speechConfig = { multiSpeakerVoiceConfig: { speakerVoiceConfigs: [] } };
    await expect(emulator.connect({ speechConfig })).rejects.toThrow(/multiSpeakerVoiceConfig/);
    expect(await refusalOf({ generationConfig: { speechConfig } })).toEqual(invalidArgument(/one speaker/));
  });

  test("a modality that is left out is AUDIO on Vertex, and left out on the Gemini API", async () => {
    expect((await setupBy({}, VERTEX))?.generationConfig).toEqual({ responseModalities: ["AUDIO"] });
    expect((await setupBy({}))?.generationConfig).toBeUndefined();
  });
});
