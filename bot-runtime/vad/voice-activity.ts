/** When probability turns into speech, and speech into silence. */
export interface VoiceActivityParams {
  /** Probability from which a frame counts as speech. */
  confidence: number;
  /** Speech of this length is a start. */
  startMs: number;
  /** Silence of this length is a stop. */
  stopMs: number;
}

/** Pipecat's `VADParams` as of 1.7 (0.7, 0.2 s, 0.2 s), which its clients are used to. */
export const PIPECAT_VAD: VoiceActivityParams = { confidence: 0.7, startMs: 200, stopMs: 200 };

/**
 * Speech of this length may be the beginning of more. Gemini itself needs about as long, and is a network away; a
 * click or a tap is shorter.
 */
export const ONSET_MS = 60;

/** `forMs`: how long the change under way has been going on without a frame against it. */
export type VoiceActivity =
  | { kind: "QUIET" }
  | { kind: "STARTING"; forMs: number }
  | { kind: "SPEAKING" }
  | { kind: "STOPPING"; forMs: number };

export const QUIET: VoiceActivity = { kind: "QUIET" };
const SPEAKING: VoiceActivity = { kind: "SPEAKING" };

/** The state after one more frame. Entering SPEAKING from STARTING is a start, QUIET from STOPPING a stop. */
export function nextActivity(
  state: VoiceActivity,
  frame: { probability: number; ms: number },
  params: VoiceActivityParams,
): VoiceActivity {
  const speech = frame.probability >= params.confidence;
  switch (state.kind) {
    case "QUIET":
    case "STARTING": {
      if (!speech) return QUIET;
      const forMs = (state.kind === "STARTING" ? state.forMs : 0) + frame.ms;
      return forMs >= params.startMs ? SPEAKING : { kind: "STARTING", forMs };
    }
    case "SPEAKING":
    case "STOPPING": {
      if (speech) return SPEAKING;
      const forMs = (state.kind === "STOPPING" ? state.forMs : 0) + frame.ms;
      return forMs >= params.stopMs ? QUIET : { kind: "STOPPING", forMs };
    }
  }
}

/** Whether it sounds as if somebody spoke: so from the onset on, which many a noise has, too. */
export function isLikelySpeaking(state: VoiceActivity): boolean {
  return state.kind === "STARTING" ? state.forMs >= ONSET_MS : isSpeaking(state);
}

/** Whether a start was reported and its stop was not. */
export function isSpeaking(state: VoiceActivity): boolean {
  return state.kind === "SPEAKING" || state.kind === "STOPPING";
}
