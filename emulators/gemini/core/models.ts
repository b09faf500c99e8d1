/** The Live models that exist behind the real address. Anything else is refused, as there. */
export const LIVE_MODELS: readonly string[] = [
  "gemini-3.8-live",
  "gemini-3.8-live-extended-thinking",
  "gemini-3.5-live-translate-preview",
  "gemini-3.1-flash-live-preview",
  "gemini-2.5-flash-native-audio-latest",
  "gemini-2.5-flash-native-audio-preview-12-2025",
];

/** Whether a setup's `model` (`models/…`) is one of them. */
export function isLiveModel(model: string): boolean {
  return model.startsWith("models/") && LIVE_MODELS.includes(model.slice("models/".length));
}
