/** When probability turns into speech, and speech into silence. */
export interface ActivityParams {
  /** Probability from which a window may begin speech. */
  confidence: number;
  /** Probability from which a window goes on with speech that has begun. Not above `confidence`. */
  keepConfidence: number;
  /** Pipecat's loudness (see `loudness.ts`) from which a window may be speech; without it, any. */
  minVolume?: number;
  start: StartRule;
  /** Silence of this length is a stop. Rounded to whole windows, as Pipecat does it. */
  stopMs: number;
}

/**
 * `counted`: so many ms of windows, each of which may be speech, make a start; any other begins anew. Rounded like
 * `stopMs`.
 *
 * `weighed`: a window that is surely speech counts in full, one that is doubtful hardly, and one that is
 * rather not speech takes away what others brought; `ms` in sum make a start. So clear speech is told sooner than by
 * counting, the closure of a plosive undoes nothing, and music of which the model is in doubt for a long time remains
 * in doubt.
 */
export interface StartRule {
  kind: "counted" | "weighed";
  ms: number;
}

/** A piece of audio, and how likely it is speech. `volume` is only looked at where there is a least one. */
export interface HeardWindow {
  probability: number;
  ms: number;
  volume?: number;
}

/** STARTING: `speechMs` of speech, as the rule has it, since it began `lastsMs` ago. STOPPING: silence for `forMs`. */
export type VoiceActivity =
  | { kind: "QUIET" }
  | { kind: "STARTING"; speechMs: number; lastsMs: number }
  | { kind: "SPEAKING" }
  | { kind: "STOPPING"; forMs: number };

export const QUIET: VoiceActivity = { kind: "QUIET" };
export const SPEAKING: VoiceActivity = { kind: "SPEAKING" };

/** The state after one more window. Entering SPEAKING from STARTING is a start, QUIET from STOPPING a stop. */
export function nextActivity(
  state: VoiceActivity,
  window: HeardWindow,
  params: ActivityParams,
): VoiceActivity {
  const { ms } = window;
  switch (state.kind) {
    case "QUIET":
    case "STARTING": {
      const before = state.kind === "STARTING" ? state.speechMs : 0;
      const speechMs = before + evidenceMs(window, params);
      if (speechMs <= 0) return QUIET;
      if (isStart(speechMs, ms, params.start)) return SPEAKING;
      return { kind: "STARTING", speechMs, lastsMs: lastsMs(state, ms) };
    }
    case "SPEAKING":
    case "STOPPING": {
      if (isSpeech(window, params.keepConfidence, params)) return SPEAKING;
      const forMs = (state.kind === "STOPPING" ? state.forMs : 0) + ms;
      return isReached(forMs, params.stopMs, ms) ? QUIET : { kind: "STOPPING", forMs };
    }
  }
}

/** Whether a start was reported and its stop was not. */
export function isSpeaking(state: VoiceActivity): boolean {
  return state.kind === "SPEAKING" || state.kind === "STOPPING";
}

/** How long ago that began which may become, or has just become, speech: from the beginning of its first window. */
export function lastsMs(before: VoiceActivity, ms: number): number {
  return (before.kind === "STARTING" ? before.lastsMs : 0) + ms;
}

/** By how much a window brings a start nearer; below 0, farther away. */
function evidenceMs(window: HeardWindow, params: ActivityParams): number {
  const { confidence, start } = params;
  if (start.kind === "weighed" && isLoud(window, params))
    return ((window.probability - confidence) / (1 - confidence)) * window.ms;
  return isSpeech(window, confidence, params) ? window.ms : Number.NEGATIVE_INFINITY;
}

function isStart(speechMs: number, windowMs: number, { kind, ms }: StartRule): boolean {
  return kind === "weighed" ? speechMs >= ms : isReached(speechMs, ms, windowMs);
}

function isSpeech(window: HeardWindow, confidence: number, params: ActivityParams): boolean {
  return window.probability >= confidence && isLoud(window, params);
}

function isLoud({ volume = 0 }: HeardWindow, { minVolume = 0 }: ActivityParams): boolean {
  return volume >= minVolume;
}

/** Whether the next window would be farther from the limit than this one is. */
function isReached(forMs: number, limitMs: number, windowMs: number): boolean {
  return forMs >= limitMs - windowMs / 2;
}
