import { Setup } from "../core/setup.ts";

/** Setups for tests. */

export const LIVE_38 = "models/gemini-3.8-live";

/** Before a model's id, where it is named as Vertex does. */
export const VERTEX_PREFIX = "projects/emulated/locations/us-central1/publishers/google/models/";

/** A setup with these fields, of the default model unless they name one. @throws ZodError */
export function setupOf(fields: object = {}): Setup {
  return Setup.parse(JSON.parse(JSON.stringify({ model: LIVE_38, ...fields })));
}
