import type { Language } from "../../protocol/languages.ts";
import type { ClientConfig, EndReason, SessionState, SessionView } from "../../protocol/session.ts";
import type { Failure } from "./failure.ts";
import { endTranscript, nextTranscript, type TranscriptEvent } from "./transcript.ts";
import { EMPTY_TRANSCRIPT, type Transcript } from "./transcript-lines.ts";

/**
 * What the page is doing. Beside it stand what was measured (`call-record.ts`), the microphone's switch
 * (`push-to-talk.ts`) and the log: none of them changes what can be done next.
 */
export type State =
  | { readonly phase: "loading" }
  | { readonly phase: "unavailable"; readonly failure: Failure }
  | {
      readonly phase: "open";
      readonly config: ClientConfig;
      readonly language: Language;
      readonly call: CallState;
    };

export type CallState =
  | { readonly phase: "idle" }
  /** Nothing exists yet that would have to be stopped. */
  | { readonly phase: "starting"; readonly step: "microphone" | "session" }
  | { readonly phase: "connecting"; readonly sessionId: string; readonly notices: readonly Notice[] }
  | {
      readonly phase: "live";
      readonly sessionId: string;
      readonly speaker: Speaker;
      readonly transcript: Transcript;
      readonly notices: readonly Notice[];
    }
  | {
      readonly phase: "ended";
      readonly end: CallEnd;
      readonly transcript: Transcript;
      /** Absent when the call ended before it had a session. */
      readonly session?: { readonly id: string; readonly outcome: Outcome };
    };

/** `nobody-yet` until the first word of the call. */
export type Speaker = "nobody-yet" | "nobody" | "user" | "assistant" | "both";

export type CallEnd =
  | { readonly by: "user" }
  | { readonly by: "assistant" }
  | { readonly by: "failure"; readonly failure: Failure };

/** What the service says of a session after its call. `durationMs` is from its creation to its end. */
export type Outcome =
  | { readonly kind: "asking" }
  | {
      readonly kind: "known";
      readonly state: SessionState;
      readonly reason?: EndReason;
      readonly durationMs?: number;
    }
  | { readonly kind: "unknown"; readonly failure: Failure };

/** Something to know while the call goes on. Of each kind there is one at a time, the newest last. */
export type Notice =
  | { readonly kind: "network" }
  /** The device itself says that it has no network. */
  | { readonly kind: "offline" }
  /** After one of these: gone with the next word. */
  | { readonly kind: "network-back" }
  | { readonly kind: "sound-blocked" }
  | { readonly kind: "microphone" }
  /** Gone when the assistant speaks again. */
  | { readonly kind: "assistant-error"; readonly detail: string }
  | { readonly kind: "unreadable"; readonly messageType: string };

/** What happens in a call. Each call has one source of these, which is silent after `ended`. */
export type CallEvent =
  | { type: "microphone-ready" }
  | { type: "session-started"; sessionId: string }
  | { type: "connected" }
  | { type: "bot-ready" }
  /** The first sound of the assistant at the speaker. */
  | { type: "assistant-heard" }
  /** What the bot measured of the answer under way, in milliseconds until its first sound. */
  | { type: "bot-ttfb"; ms: number }
  | { type: "user-stopped-speaking" }
  | { type: "bot-started-speaking" }
  | { type: "notice"; notice: Notice }
  | { type: "notice-over"; kind: Notice["kind"] }
  | { type: "ended"; end: CallEnd }
  | TranscriptEvent;

export type Event =
  | { type: "loading" }
  | { type: "loaded"; config: ClientConfig; language: Language }
  | { type: "load-failed"; failure: Failure }
  | { type: "language-chosen"; language: Language }
  | { type: "connect-pressed" }
  /** Comes after the call, and perhaps after the next one has begun. */
  | { type: "outcome"; sessionId: string; outcome: Outcome }
  /** The service's record of the session was read, during the call or after it. */
  | { type: "session-seen"; sessionId: string; timeline: SessionView["timeline"] }
  | CallEvent;

export const INITIAL_STATE: State = { phase: "loading" };

/** An event that has no meaning in a state leaves it as it is, identically. */
export function next(state: State, event: Event): State {
  switch (event.type) {
    case "loading":
      return state.phase === "unavailable" ? { phase: "loading" } : state;
    case "loaded":
      return state.phase === "loading"
        ? { phase: "open", config: event.config, language: event.language, call: { phase: "idle" } }
        : state;
    case "load-failed":
      return state.phase === "loading" ? { phase: "unavailable", failure: event.failure } : state;
    case "language-chosen":
      return state.phase === "open" && canConnect(state) ? { ...state, language: event.language } : state;
    case "connect-pressed":
      return state.phase === "open" && canConnect(state)
        ? { ...state, call: { phase: "starting", step: "microphone" } }
        : state;
    case "outcome":
      return setOutcome(state, event.sessionId, event.outcome);
    case "session-seen":
      return state;
    default: {
      if (state.phase !== "open") return state;
      const call = nextCall(state.call, event);
      return call === state.call ? state : { ...state, call };
    }
  }
}

export function canConnect(state: State): boolean {
  return state.phase === "open" && (state.call.phase === "idle" || state.call.phase === "ended");
}

export function canHangUp(state: State): boolean {
  return state.phase === "open" && !canConnect(state);
}

function nextCall(call: CallState, event: CallEvent): CallState {
  if (event.type === "ended") return endCall(call, event.end);
  switch (call.phase) {
    case "idle":
    case "ended":
      return call;
    case "starting":
      if (event.type === "microphone-ready") return { phase: "starting", step: "session" };
      if (event.type === "session-started") {
        return { phase: "connecting", sessionId: event.sessionId, notices: [] };
      }
      return call;
    case "connecting":
      if (event.type === "bot-ready") {
        return { ...call, phase: "live", speaker: "nobody-yet", transcript: EMPTY_TRANSCRIPT };
      }
      return nextNotice(call, event);
    case "live":
      return nextLive(call, event);
  }
}

type Connecting = Extract<CallState, { phase: "connecting" }>;
type Live = Extract<CallState, { phase: "live" }>;

function nextLive(call: Live, event: Exclude<CallEvent, { type: "ended" }>): CallState {
  switch (event.type) {
    case "microphone-ready":
    case "session-started":
    // A bot answers every `client-ready`, and more than one may be sent.
    case "bot-ready":
    case "connected":
    case "assistant-heard":
    case "bot-ttfb":
      return call;
    case "notice":
    case "notice-over":
      return nextNotice(call, event);
    case "user-started-speaking":
      return withTranscript(
        { ...goesOn(call, "network-back"), speaker: starts(call.speaker, "user") },
        event,
      );
    case "user-stopped-speaking":
      return { ...call, speaker: stops(call.speaker, "user") };
    case "bot-started-speaking":
      return {
        ...goesOn(call, "network-back", "assistant-error"),
        speaker: starts(call.speaker, "assistant"),
      };
    case "bot-stopped-speaking":
      return withTranscript({ ...call, speaker: stops(call.speaker, "assistant") }, event);
    default:
      return withTranscript(call, event);
  }
}

const NETWORK_TROUBLE: readonly Notice["kind"][] = ["network", "offline"];

/** A notice goes when its cause is over, or with the call. The network's return is worth one of its own. */
function nextNotice<Call extends Connecting | Live>(call: Call, event: CallEvent): Call {
  if (event.type === "notice") {
    const { kind } = event.notice;
    const gone = NETWORK_TROUBLE.includes(kind) ? [kind, "network-back"] : [kind];
    return { ...call, notices: [...call.notices.filter((one) => !gone.includes(one.kind)), event.notice] };
  }
  if (event.type !== "notice-over" || !call.notices.some(({ kind }) => kind === event.kind)) return call;
  const left = call.notices.filter(({ kind }) => kind !== event.kind);
  const isBack =
    NETWORK_TROUBLE.includes(event.kind) && !left.some(({ kind }) => NETWORK_TROUBLE.includes(kind));
  return { ...call, notices: isBack ? [...left, { kind: "network-back" }] : left };
}

/** Somebody is heard: what that answers need not be said any longer. */
function goesOn(call: Live, ...answered: Notice["kind"][]): Live {
  const notices = call.notices.filter(({ kind }) => !answered.includes(kind));
  return notices.length === call.notices.length ? call : { ...call, notices };
}

function withTranscript(call: Live, event: TranscriptEvent): Live {
  return { ...call, transcript: nextTranscript(call.transcript, event) };
}

type Side = "user" | "assistant";

function starts(speaker: Speaker, side: Side): Speaker {
  const other = side === "user" ? "assistant" : "user";
  return speaker === other || speaker === "both" ? "both" : side;
}

function stops(speaker: Speaker, side: Side): Speaker {
  if (speaker === "both") return side === "user" ? "assistant" : "user";
  return speaker === side ? "nobody" : speaker;
}

function endCall(call: CallState, end: CallEnd): CallState {
  switch (call.phase) {
    case "idle":
    case "ended":
      return call;
    case "starting":
      return { phase: "ended", end, transcript: EMPTY_TRANSCRIPT };
    case "connecting":
      return { phase: "ended", end, transcript: EMPTY_TRANSCRIPT, session: asking(call.sessionId) };
    case "live":
      return {
        phase: "ended",
        end,
        transcript: endTranscript(call.transcript),
        session: asking(call.sessionId),
      };
  }
}

function asking(id: string): { id: string; outcome: Outcome } {
  return { id, outcome: { kind: "asking" } };
}

function setOutcome(state: State, sessionId: string, outcome: Outcome): State {
  if (state.phase !== "open" || state.call.phase !== "ended" || state.call.session?.id !== sessionId) {
    return state;
  }
  return { ...state, call: { ...state.call, session: { id: sessionId, outcome } } };
}
