import type { Wake } from "./bot-host.ts";

/** Between us and the object of a container: what a request may do to one that is asleep. */
export const WAKE_HEADER = "chat-vrd-wake";

export function wakeHeader(wake: Wake): Record<string, string> {
  return { [WAKE_HEADER]: wake.kind === "wait" ? `wait ${Math.round(wake.ms)}` : wake.kind };
}

/** @returns `never` for whatever it does not understand: a container costs. */
export function wakeOf(headers: Headers): Wake {
  const text = headers.get(WAKE_HEADER) ?? "";
  if (text === "begin") return { kind: "begin" };
  const ms = /^wait (\d{1,6})$/.exec(text)?.[1];
  return ms === undefined ? { kind: "never" } : { kind: "wait", ms: Number(ms) };
}
