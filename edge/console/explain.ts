import type { ErrorCode } from "../../protocol/errors.ts";
import type { EndReason } from "../../protocol/session.ts";
import type { Failure, MicrophoneFault } from "./failure.ts";
import type { CallEnd, Notice, Outcome } from "./state.ts";

/** What went wrong and what to do about it, for the person at the page. `detail` is the other side's own sentence. */
export interface Explanation {
  title: string;
  advice: string;
  detail?: string;
}

/** `trouble` is announced at once and stands out; `news` is merely good to know. */
export interface Message extends Explanation {
  tone: "trouble" | "news";
}

const MICROPHONE: Record<MicrophoneFault, Explanation> = {
  blocked: {
    title: "The microphone was refused",
    advice: "Allow the microphone for this page (the icon beside the address), then press Connect again.",
  },
  "not-found": {
    title: "No microphone was found",
    advice: "Plug one in or switch it on, then press Connect again.",
  },
  "already-in-use": {
    title: "The microphone is in use",
    advice: "Close the other program or tab that uses it, then press Connect again.",
  },
  "invalid-constraints": {
    title: "The microphone cannot be used as it is",
    advice: "Choose another microphone in the settings of your system or browser, then press Connect again.",
  },
  "not-supported": {
    title: "This page may not use a microphone",
    advice: "Open it over https or at localhost, in a browser that is up to date.",
  },
  unknown: {
    title: "The microphone did not start",
    advice: "Unplug and plug it in, or restart the browser, then press Connect again.",
  },
};

/** By daily-js's fatal error type. */
const DAILY: Readonly<Record<string, Explanation>> = {
  ejected: { title: "The session was ended", advice: "Press Connect to start a new one." },
  "exp-room": { title: "The session's time is up", advice: "Press Connect to start a new one." },
  "exp-token": { title: "The session's time is up", advice: "Press Connect to start a new one." },
  "no-room": { title: "The session is already over", advice: "Press Connect to start a new one." },
  "end-of-life": {
    title: "This page is too old for Daily",
    advice: "Reload the page. If that does not help, the service has to be updated.",
  },
  "meeting-full": {
    title: "The room is full",
    advice: "Leave the call in other tabs or devices, then press Connect again.",
  },
  "not-allowed": {
    title: "Daily did not let us in",
    advice: "Press Connect again. If it stays so, the service's Daily key or domain is wrong.",
  },
  "nbf-room": {
    title: "The room is not open yet",
    advice: "Check that the clocks of this device and of the server are right, then press Connect again.",
  },
  "nbf-token": {
    title: "The room is not open yet",
    advice: "Check that the clocks of this device and of the server are right, then press Connect again.",
  },
  "connection-error": {
    title: "The connection to the call was lost",
    advice: "Check your network, then press Connect again.",
  },
};

/** By HTTP status of the service. Others: see `refused`. */
const REFUSED: Readonly<Record<number, Explanation>> = {
  401: {
    title: "The access token was not accepted",
    advice: "Type in a valid one, or ask whoever runs the service for it, then press Connect again.",
  },
  403: { title: "You may not do this", advice: "Ask whoever runs the service to allow this address." },
  404: {
    title: "The service does not know this",
    advice: "It may be over already. Press Connect to start anew.",
  },
  410: { title: "The session ended before it began", advice: "Press Connect again in a few seconds." },
  422: {
    title: "The service did not accept the request",
    advice: "Choose another language, or reload the page.",
  },
  429: { title: "Too many attempts", advice: "Wait a few seconds, then press Connect again." },
  502: { title: "Daily did not open a room", advice: "Press Connect again in a few seconds." },
  503: {
    title: "The service cannot take a call now",
    advice: "Try again in a few seconds. If it stays so, no bot host is running or all are full.",
  },
};

/** A failure in words. Never throws, whatever an older or newer counterpart sends. */
export function explain(failure: Failure): Explanation {
  switch (failure.kind) {
    case "unreachable":
      return {
        title: "The service cannot be reached",
        advice: "Check that this device is online and that the service is running, then try again.",
      };
    case "refused":
      return withDetail(refused(failure.status, failure.code), failure.detail);
    case "unexpected-reply":
      return {
        title: "The service sent an answer that this page does not understand",
        advice: "Reload the page: it may be older than the service.",
      };
    case "start-timeout":
      return {
        title: "The service did not answer in time",
        advice: "Press Connect again. If it stays so, look at the service's health page.",
      };
    case "ready-timeout":
      return {
        title: "The assistant did not come",
        advice: "Press Connect again. A strict firewall can also keep the call from being set up.",
      };
    case "microphone":
      return MICROPHONE[failure.reason];
    case "daily-unloadable":
      return {
        title: "The call could not be set up",
        advice: "Daily's code did not load. Check your network, or that the Daily emulator is running.",
      };
    case "daily":
      return withDetail(ofDaily(failure.type), failure.detail);
    case "assistant":
      return withDetail(
        { title: "The assistant had to stop", advice: "Press Connect to start a new conversation." },
        failure.detail,
      );
    case "unknown":
      return withDetail(
        { title: "Something went wrong", advice: "Press Connect again, or reload the page." },
        failure.detail,
      );
  }
}

function refused(status: number, code: string | undefined): Explanation {
  if (code === ("misconfigured" satisfies ErrorCode)) {
    return {
      title: "The service is not configured",
      advice: "Whoever runs it has to correct the setting named here.",
    };
  }
  return (
    REFUSED[status] ??
    (status >= 500
      ? { title: "The service has a problem", advice: "Press Connect again in a few seconds." }
      : { title: "The service did not accept the request", advice: "Reload the page, then try again." })
  );
}

function ofDaily(type: string | undefined): Explanation {
  if (type !== undefined && Object.hasOwn(DAILY, type)) {
    const known = DAILY[type];
    if (known) return known;
  }
  return { title: "The call broke off", advice: "Press Connect to start a new one." };
}

function withDetail(explanation: Explanation, detail: string): Explanation {
  return detail === "" ? explanation : { ...explanation, detail };
}

/** Something to know while the call goes on, in words. */
export function explainNotice(notice: Notice): Message {
  switch (notice.kind) {
    case "network":
      return {
        tone: "trouble",
        title: "The network is unsteady",
        advice: "The call goes on as soon as it is back. Hang up if you do not want to wait.",
      };
    case "offline":
      return {
        tone: "trouble",
        title: "This device is offline",
        advice: "Switch Wi-Fi or mobile data on again. The call goes on if that does not take too long.",
      };
    case "network-back":
      return { tone: "news", title: "The network is back", advice: "The call goes on: say something." };
    case "sound-blocked":
      return {
        tone: "trouble",
        title: "The browser holds back the sound",
        advice: "Click anywhere on this page, or press a key, to hear the assistant.",
      };
    case "microphone":
      return {
        tone: "trouble",
        title: "The microphone stopped working",
        advice: "Plug it in, or choose another one below. If you are not heard, hang up and connect again.",
      };
    case "assistant-error":
      return {
        tone: "trouble",
        ...withDetail(
          { title: "The assistant reports a problem", advice: "The call goes on; try saying it again." },
          notice.detail,
        ),
      };
    case "unreadable":
      return {
        tone: "news",
        title: "The assistant sent something that this page does not understand",
        advice: "The call goes on, but part of what is said may be missing below.",
        detail: notice.messageType,
      };
  }
}

/** What the service recorded as the reason, for someone who did not end the call. */
const ENDS: Record<EndReason, Message> = {
  stopped: {
    tone: "news",
    title: "The session was stopped elsewhere",
    advice: "Another tab or program ended it. Press Connect to start a new one.",
  },
  client_left: {
    tone: "news",
    title: "The service saw you leave",
    advice: "Your connection may have been away for too long. Press Connect to start a new conversation.",
  },
  idle: {
    tone: "news",
    title: "Nobody spoke for a while",
    advice: "The assistant hung up to save time and tokens. Press Connect when you want to go on.",
  },
  expired: {
    tone: "news",
    title: "The session's time is up",
    advice: "A session has a fixed length. Press Connect to start a new one.",
  },
  never_joined: {
    tone: "trouble",
    title: "You did not get into the room in time",
    advice: "Press Connect again. A strict firewall can keep the call from being set up.",
  },
  bot_lost: {
    tone: "trouble",
    title: "The assistant was lost",
    advice: "The bot runtime stopped or was cut off; its log says more. Press Connect to try again.",
  },
  gemini_failed: {
    tone: "trouble",
    title: "Gemini failed",
    advice: "Press Connect again. If it stays so, check GOOGLE_API_KEY and the bot runtime's log.",
  },
  daily_failed: {
    tone: "trouble",
    title: "Daily failed",
    advice: "Press Connect again. If it stays so, check DAILY_API_KEY and Daily's status page.",
  },
  no_capacity: {
    tone: "trouble",
    title: "No bot host could take the call",
    advice: "Try again in a few seconds. If it stays so, start a bot runtime, or one more.",
  },
};

/** These are found out by this page itself: the service's reason is only their consequence. */
const OWN_FAULTS: ReadonlySet<Failure["kind"]> = new Set(["microphone", "daily-unloadable"]);

/** The end of a call in words; nothing when the user ended it. The service's reason goes before a guess. */
export function explainEnd(end: CallEnd, outcome: Outcome | undefined): Message | undefined {
  if (end.by === "user") return undefined;
  const reason = outcome?.kind === "known" ? outcome.reason : undefined;
  if (end.by === "assistant") return reason ? ENDS[reason] : undefined;
  const { failure } = end;
  const own: Message = { tone: "trouble", ...explain(failure) };
  // What this page stopped itself is recorded as stopped, or as left, which explains nothing.
  const says = reason !== undefined && reason !== "stopped" && reason !== "client_left";
  if (!says || OWN_FAULTS.has(failure.kind)) return own;
  return { ...ENDS[reason], ...(own.detail === undefined ? {} : { detail: own.detail }) };
}

/** Why a session ended, as the service records it. */
export const REASONS: Record<EndReason, string> = {
  stopped: "it was stopped",
  client_left: "the caller left",
  idle: "nobody spoke for a while",
  expired: "its time was up",
  never_joined: "nobody joined",
  bot_lost: "the assistant was lost",
  gemini_failed: "Gemini failed",
  daily_failed: "Daily failed",
  no_capacity: "no bot host could take it",
};
