import type { Door } from "./doors.ts";

/** A generation of Live models, which share their rules: see personalities.ts. */
export type PersonalityName = "2.5" | "3.1" | "3.8" | "translate";

/** A Live model that exists behind the real addresses. Anything else is refused, as there. */
interface LiveModel {
  id: string;
  personality: PersonalityName;
  /** Where it is served. */
  at: readonly Door["kind"][];
  /** Takes a `thinkingLevel` though its family does not. */
  thinksAtLevels?: true;
  /** What the Gemini API serves it in; a preview is in none of the stable versions. */
  preview?: true;
}

const MODELS: readonly LiveModel[] = [
  { id: "gemini-3.8-live", personality: "3.8", at: ["gemini", "vertex"] },
  {
    id: "gemini-3.8-live-extended-thinking",
    personality: "3.8",
    at: ["gemini", "vertex"],
    thinksAtLevels: true,
  },
  {
    id: "gemini-3.5-live-translate-preview",
    personality: "translate",
    at: ["gemini", "vertex"],
    preview: true,
  },
  { id: "gemini-3.1-flash-live-preview", personality: "3.1", at: ["gemini"], preview: true },
  { id: "gemini-2.5-flash-native-audio-latest", personality: "2.5", at: ["gemini"], preview: true },
  { id: "gemini-2.5-flash-native-audio-preview-12-2025", personality: "2.5", at: ["gemini"], preview: true },
  { id: "gemini-live-2.5-flash-native-audio", personality: "2.5", at: ["vertex"] },
];

/** The ids that one address serves in one version. */
export function modelsAt(door: Door): string[] {
  return MODELS.filter((model) => isServed(model, door)).map(({ id }) => id);
}

/**
 * The model that a setup names: `models/{id}` on the Gemini API,
 * `projects/{project}/locations/{location}/publishers/google/models/{id}` on Vertex.
 */
export function findModel(name: string, door: Door): LiveModel | undefined {
  const id = NAMES[door.kind].exec(name)?.[1];
  return MODELS.find((model) => model.id === id && isServed(model, door));
}

const NAMES = {
  gemini: /^models\/([^/]+)$/,
  vertex: /^projects\/[^/]+\/locations\/[^/]+\/publishers\/google\/models\/([^/]+)$/,
} as const satisfies Record<Door["kind"], RegExp>;

/** Previews are not in `v1`: the stable version has stable models alone. */
function isServed({ at, preview }: LiveModel, door: Door): boolean {
  if (!at.includes(door.kind)) return false;
  return !preview || door.kind === "vertex" || door.apiVersion !== "v1";
}
