import type { EndReason } from "../../../protocol/session.ts";
import type { Connection } from "../connection/connection.ts";
import type { Failure, MicrophoneFault } from "../connection/failure.ts";
import type { Speaker } from "../session/speaker.ts";
import { isPressed, type Talk } from "../session/talk.ts";
import type { TextKey } from "./texts.ts";

/** What went wrong and what to do about it. `detail` is the other side's own sentence, in whatever language. */
export interface Explanation {
  readonly title: TextKey;
  readonly advice: TextKey;
  readonly detail?: string;
}

const MICROPHONE: Readonly<Record<MicrophoneFault, Explanation>> = {
  denied: { title: "failure.mic-denied", advice: "advice.mic-denied" },
  blocked: { title: "failure.mic-blocked", advice: "advice.mic-blocked" },
  unanswered: { title: "failure.mic-unanswered", advice: "advice.mic-unanswered" },
  "already-in-use": { title: "failure.mic-in-use", advice: "advice.mic-in-use" },
  "not-found": { title: "failure.mic-not-found", advice: "advice.mic-not-found" },
  "not-supported": { title: "failure.mic-not-supported", advice: "advice.mic-not-supported" },
  "invalid-constraints": { title: "failure.mic-unknown", advice: "advice.mic-unknown" },
  unknown: { title: "failure.mic-unknown", advice: "advice.mic-unknown" },
};

const SLOW: Explanation = { title: "failure.slow", advice: "advice.slow" };

export function explain(failure: Failure): Explanation {
  switch (failure.kind) {
    case "unreachable":
      return { title: "failure.unreachable", advice: "advice.unreachable" };
    case "refused":
      return withDetail(refused(failure.status), failure.detail);
    case "unexpected-reply":
      return { title: "failure.unexpected", advice: "advice.unexpected" };
    case "start-timeout":
    case "join-timeout":
    case "ready-timeout":
      return SLOW;
    case "microphone":
      return MICROPHONE[failure.reason];
    case "daily-unloadable":
      return { title: "failure.daily-unloadable", advice: "advice.daily-unloadable" };
    case "needs-browser":
      return { title: "failure.needs-browser", advice: "advice.needs-browser" };
    case "daily":
      return withDetail({ title: "failure.daily", advice: "advice.daily" }, failure.detail);
    case "network":
      return { title: "failure.network", advice: "advice.network" };
    case "assistant-lost":
      return { title: "failure.assistant-lost", advice: "advice.assistant-lost" };
    case "assistant":
      return withDetail({ title: "failure.assistant", advice: "advice.assistant" }, failure.detail);
    case "unknown":
      return withDetail({ title: "failure.unknown", advice: "advice.unknown" }, failure.detail);
  }
}

function refused(status: number): Explanation {
  if (status === 401) return { title: "failure.unauthorized", advice: "advice.unauthorized" };
  if (status === 403) return { title: "failure.forbidden", advice: "advice.forbidden" };
  // What is not there at all is another program, or one without these routes.
  if (status === 404 || status === 405) return { title: "failure.unexpected", advice: "advice.unexpected" };
  if (status === 429 || status === 503) return { title: "failure.busy", advice: "advice.busy" };
  return { title: "failure.refused", advice: "advice.refused" };
}

function withDetail(explanation: Explanation, detail: string): Explanation {
  return detail.trim() === "" ? explanation : { ...explanation, detail };
}

export function reasonKey(reason: EndReason): TextKey {
  return `reason.${reason}`;
}

/** The state in one line. */
export function statusKey(
  connection: Connection,
  call: { speaker: Speaker; talk: Talk; muted: boolean },
): TextKey {
  // What failed before there was a call is told by its card.
  if (connection.phase === "failed" && connection.sessionId === undefined) return "status.idle";
  if (connection.phase !== "live") return `status.${connection.phase}`;
  const { speaker, talk, muted } = call;
  if (speaker === "assistant" || speaker === "both") return "status.speaking";
  if (muted) return "status.muted";
  if (talk.mode === "push") return isPressed(talk) ? "status.listening" : "status.push";
  return speaker === "nobody-yet" ? "status.ready" : "status.listening";
}
