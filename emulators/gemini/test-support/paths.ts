/** Where Live sessions are opened, below the emulator's address. */

/** With a key. */
export const LIVE_PATH = livePath("v1beta");

/** With an ephemeral token. */
export const CONSTRAINED_PATH = `${livePath("v1alpha")}Constrained`;

/** With an access token, as Vertex has it. */
export const VERTEX_PATH = "/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent";

export function livePath(apiVersion: string): string {
  return `/ws/google.ai.generativelanguage.${apiVersion}.GenerativeService.BidiGenerateContent`;
}
