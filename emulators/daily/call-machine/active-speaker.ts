/** Softer than this (about -30 dB) is breath and room, not speech. */
const SPEECH_LEVEL = 0.03;

/**
 * Who speaks, given everybody's level: the loudest above the threshold; in silence whoever spoke last. Null
 * until somebody has spoken, and when the last speaker is gone.
 */
export function activeSpeaker(previous: string | null, levels: Record<string, number>): string | null {
  const [loudest] = Object.entries(levels).sort(([, a], [, b]) => b - a);
  if (loudest && loudest[1] >= SPEECH_LEVEL) return loudest[0];
  return previous !== null && previous in levels ? previous : null;
}
