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
 * `weighed`: a window counts by its log odds over those of `confidence`, for speech or against it; `odds` in sum make a
 * start. It is Wald's sequential test: three windows of which the model is sure are enough, the closure of a plosive
 * undoes nothing, and what leaves it in doubt for a long time remains in doubt. A sound that fades counts little for
 * speech: so does a string that was plucked, and it is then that the model hears a voice in it.
 */
export type StartRule = { kind: "counted"; ms: number } | { kind: "weighed"; odds: number };

/** A piece of audio, and how likely it is speech. `volume` is only looked at where there is a least one. */
export interface HeardWindow {
  probability: number;
  ms: number;
  volume?: number;
  /** It is a little quieter than the one before. */
  fades?: boolean;
}

/** STARTING: what speaks for speech, in the unit of the rule, since it began `lastsMs` ago. STOPPING: silence for `forMs`. */
export type VoiceActivity =
  | { kind: "QUIET" }
  | { kind: "STARTING"; evidence: number; lastsMs: number }
  | { kind: "SPEAKING" }
  | { kind: "STOPPING"; forMs: number };

/** The most that one window may count, either way: a model that is sure may be wrong. */
const MAX_ODDS = 5;
/** What is left of the odds of a window that fades. */
const FADING_SHARE = 0.25;

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
      const before = state.kind === "STARTING" ? state.evidence : 0;
      const evidence = before + evidenceOf(window, params);
      if (evidence <= 0) return QUIET;
      if (isStart(evidence, ms, params.start)) return SPEAKING;
      return { kind: "STARTING", evidence, lastsMs: lastsMs(state, ms) };
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
function evidenceOf(window: HeardWindow, params: ActivityParams): number {
  const { confidence, start } = params;
  if (start.kind === "counted" || !isLoud(window, params))
    return isSpeech(window, confidence, params) ? window.ms : Number.NEGATIVE_INFINITY;
  const odds = logOdds(window.probability) - logOdds(confidence);
  const bounded = Math.max(-MAX_ODDS, Math.min(MAX_ODDS, odds));
  return window.fades && bounded > 0 ? FADING_SHARE * bounded : bounded;
}

/** Natural logarithm of the odds; infinite for 0 and 1. */
function logOdds(probability: number): number {
  return Math.log(probability / (1 - probability));
}

function isStart(evidence: number, windowMs: number, start: StartRule): boolean {
  return start.kind === "weighed" ? evidence >= start.odds : isReached(evidence, start.ms, windowMs);
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
