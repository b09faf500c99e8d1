/**
 * The two addresses of the service. They serve the same models with rules of their own, which is why what belongs to
 * an address is here, and what belongs to a model in `personalities.ts`.
 */
export type Door =
  | {
      kind: "gemini";
      /** As in the path: `…generativelanguage.v1beta.GenerativeService…`. */
      apiVersion: GeminiVersion;
    }
  | {
      kind: "vertex";
      /** As in the path: `…aiplatform.v1beta1.LlmBidiService…`. */
      apiVersion: VertexVersion;
    };

/** The official client takes `v1` since its 3.0.0; Google's documentation of Live is of `v1beta`. */
export const GEMINI_VERSIONS = ["v1", "v1beta", "v1alpha"] as const;
export type GeminiVersion = (typeof GEMINI_VERSIONS)[number];

export const VERTEX_VERSIONS = ["v1", "v1beta1"] as const;
export type VertexVersion = (typeof VERTEX_VERSIONS)[number];

/** What an address does in its own way, whatever the model. */
export interface DoorRules {
  /** `setupComplete` says the session's id (recordings in googleapis/js-genai, test/system/recordings). */
  tellsSessionId: boolean;
  /** The transcription of an answer begins with one that has no text (same recordings). */
  emptyTranscriptionFirst: boolean;
  /** A tool's answer may come without an id, for the call of its name; the Gemini API wants the id. */
  toolIdsOptional: boolean;
  /**
   * The fields that the official client refuses to send to the Gemini API: `explicitVadSignal`,
   * `sessionResumption.transparent`, `safetySettings[].method`.
   */
  hasEnterpriseFields: boolean;
}

export function rulesOf({ kind }: Door): DoorRules {
  const vertex = kind === "vertex";
  return {
    tellsSessionId: vertex,
    emptyTranscriptionFirst: vertex,
    toolIdsOptional: vertex,
    hasEnterpriseFields: vertex,
  };
}
