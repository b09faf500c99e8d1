import type { Door } from "./doors.ts";
import { findModel, type PersonalityName } from "./models.ts";

/**
 * How the generations of Live models differ, as far as a client can tell. The sources are the models' pages and
 * migration guides at https://ai.google.dev/gemini-api/docs/models (gemini-3.8-live, gemini-3.1-flash-live-preview),
 * https://ai.google.dev/gemini-api/docs/live-api/live-translate, and where one is named, an issue.
 */
export interface Personality {
  name: PersonalityName;
  /**
   * What `thinkingConfig` may say: a `thinkingBudget` in tokens (2.5), a `thinkingLevel` (3.1, and 3.8 with extended
   * thinking), or nothing at all (3.8, translation).
   */
  thinking: "budget" | "level" | "none";
  /** `enableAffectiveDialog` may be set: 2.5 alone, and on the Gemini API only in `v1alpha`. Later models dropped it. */
  affectiveDialog: boolean;
  /** `proactivity` may be set: 2.5 in `v1alpha`, and 3.8, whose proactive hearing is always on. 3.1 has none. */
  proactivity: boolean;
  /** `proactivity.proactiveAudio: false` may be said; 3.8 is always proactive and refuses it. */
  proactiveAudioFalseAllowed: boolean;
  /**
   * `clientContent` may come at any time. 3.1 takes it as first history alone, where the setup says so with
   * `historyConfig.initialHistoryInClientContent`, and until the first turn; else it closes with 1007, again on every
   * reconnection that seeds the history anew (livekit/agents#5985).
   */
  clientContentAfterFirstTurn: boolean;
  /** Functions can be declared at all. The translator has neither tools nor instructions. */
  tools: boolean;
  /** A function may be declared as `behavior: NON_BLOCKING`. 3.1 calls functions one after the other only. */
  nonBlockingTools: boolean;
  /** A function that does not say its `behavior` is NON_BLOCKING. */
  nonBlockingByDefault: boolean;
  /** `systemInstruction` may be set. */
  systemInstruction: boolean;
  /** Only sound is heard: neither text nor pictures. */
  hearsOnly: boolean;
  /** `translationConfig` has to be (true) or must not be (false) in the setup. */
  translates: boolean;
  /**
   * From 3.x on one frame can hold sound, transcription and the end of the turn together; before, each frame has one
   * field (pipecat-ai/pipecat#4147, and the 3.1 migration guide's "process all parts in each event").
   */
  bundlesFields: boolean;
  /** Of the sound that is sent. Vertex leaves the rate out (recordings in googleapis/js-genai, test/system/recordings). */
  audioMimeType: "audio/pcm;rate=24000" | "audio/pcm";
}

const SHARED = {
  thinking: "none",
  affectiveDialog: false,
  proactivity: false,
  proactiveAudioFalseAllowed: true,
  clientContentAfterFirstTurn: true,
  tools: true,
  nonBlockingTools: true,
  nonBlockingByDefault: false,
  systemInstruction: true,
  hearsOnly: false,
  translates: false,
  bundlesFields: true,
} as const satisfies Omit<Personality, "name" | "audioMimeType">;

const PERSONALITIES: Record<PersonalityName, Omit<Personality, "audioMimeType">> = {
  "2.5": {
    ...SHARED,
    name: "2.5",
    thinking: "budget",
    affectiveDialog: true,
    proactivity: true,
    bundlesFields: false,
  },
  "3.1": {
    ...SHARED,
    name: "3.1",
    thinking: "level",
    clientContentAfterFirstTurn: false,
    nonBlockingTools: false,
  },
  "3.8": {
    ...SHARED,
    name: "3.8",
    proactivity: true,
    proactiveAudioFalseAllowed: false,
    nonBlockingByDefault: true,
  },
  translate: {
    ...SHARED,
    name: "translate",
    clientContentAfterFirstTurn: false,
    tools: false,
    nonBlockingTools: false,
    systemInstruction: false,
    hearsOnly: true,
    translates: true,
  },
};

/** The rules of a setup's `model`; `undefined` when there is no such model behind this address. */
export function personalityOf(model: string, door: Door): Personality | undefined {
  const found = findModel(model, door);
  if (!found) return undefined;
  const personality = PERSONALITIES[found.personality];
  return {
    ...personality,
    thinking: found.thinksAtLevels ? "level" : personality.thinking,
    audioMimeType: door.kind === "vertex" ? "audio/pcm" : "audio/pcm;rate=24000",
  };
}
