import { z } from "zod";
import { log } from "../log-events.ts";
import type { DailySettings } from "../settings.ts";
import { abortAfter, pause } from "../timing.ts";
import { backoffMs } from "./backoff.ts";
import type { RoomProperties } from "./room-properties.ts";
import { type MeetingToken, tokenProperties } from "./tokens.ts";

/**
 * Why Daily did not do what it was asked. `rate_limited`, `unavailable`, `unreachable` may pass by themselves;
 * `timeout` means that our budget was used up and that the call may have taken effect.
 */
export type DailyFailure = {
  kind: "unauthorized" | "rate_limited" | "unavailable" | "unreachable" | "timeout" | "not_found" | "refused";
  status?: number;
};
export type DailyResult<Value> = { ok: true; value: Value } | { ok: false; failure: DailyFailure };

/** Their session ids. */
const Ejected = z.object({ ejectedIds: z.array(z.string()) });
const CreatedToken = z.object({ token: z.string().min(1) });

/** Daily's error body. `error` is stable, `info` is prose. */
const ErrorBody = z.object({ error: z.string().optional(), info: z.string().optional() });
const DomainInfo = z.object({ domain_name: z.string().min(1), domain_id: z.string().min(1) });
export type DomainInfo = z.output<typeof DomainInfo>;

interface Call {
  name: "rooms.create" | "rooms.delete" | "rooms.read" | "rooms.eject" | "tokens.create" | "domain.read";
  method: "GET" | "POST" | "DELETE";
  path: string;
  body?: unknown;
  budgetMs: number;
  /** What may pass is left to the caller to try again. */
  onlyOnce?: boolean;
}

type Answer = { kind: "answered"; status: number; body: unknown } | { kind: "failed"; failure: DailyFailure };

/**
 * The part of Daily's REST API that we use. Every call keeps to its budget, retries inside it when the failure
 * may pass, and returns its failure as a value.
 */
export class DailyApi {
  readonly #settings: Pick<DailySettings, "apiUrl" | "apiKey">;

  constructor(settings: Pick<DailySettings, "apiUrl" | "apiKey">) {
    this.#settings = settings;
  }

  /** The name is ours and random, so a room that is already there can only come from an earlier try of this call. */
  async createRoom(
    room: { name: string; properties: RoomProperties },
    budgetMs: number,
  ): Promise<DailyResult<undefined>> {
    const body = { name: room.name, privacy: "private", properties: room.properties };
    return this.#call(
      { name: "rooms.create", method: "POST", path: "/rooms", body, budgetMs },
      (answer, tries) => {
        if (answer.status < 300) return { ok: true, value: undefined };
        const isOurs = tries > 1 && answer.status === 400 && isAlreadyThere(answer.body);
        return isOurs ? { ok: true, value: undefined } : undefined;
      },
    );
  }

  /**
   * A room that is not there, or no longer, counts as deleted. Tried once: Daily takes two deletions a second for the
   * whole account, of which one isolate knows nothing, so haste here would only keep others waiting. Whoever owes the
   * deletion comes back after seconds, each at a time of its own.
   */
  async deleteRoom(name: string, budgetMs: number): Promise<DailyResult<undefined>> {
    const path = `/rooms/${encodeURIComponent(name)}`;
    return this.#call(
      { name: "rooms.delete", method: "DELETE", path, budgetMs, onlyOnce: true },
      ({ status }) => (status < 300 || status === 404 ? { ok: true, value: undefined } : undefined),
    );
  }

  async hasRoom(name: string, budgetMs: number): Promise<DailyResult<boolean>> {
    const path = `/rooms/${encodeURIComponent(name)}`;
    return this.#call({ name: "rooms.read", method: "GET", path, budgetMs }, ({ status }) =>
      status < 300 || status === 404 ? { ok: true, value: status !== 404 } : undefined,
    );
  }

  /**
   * Puts participants out by the `user_id` of their tokens. Ids of nobody are no error, nor is a room that is gone.
   * @returns how many were there
   */
  async eject(name: string, userIds: string[], budgetMs: number): Promise<DailyResult<number>> {
    const path = `/rooms/${encodeURIComponent(name)}/eject`;
    const body = { user_ids: userIds };
    return this.#call({ name: "rooms.eject", method: "POST", path, body, budgetMs }, (answer) => {
      if (answer.status >= 300 && answer.status !== 404) return undefined;
      const ejected = Ejected.safeParse(answer.body);
      return { ok: true, value: ejected.success ? ejected.data.ejectedIds.length : 0 };
    });
  }

  /** The room need not be there yet. */
  async createToken(token: MeetingToken, budgetMs: number): Promise<DailyResult<string>> {
    const body = { properties: tokenProperties(token) };
    return this.#call(
      { name: "tokens.create", method: "POST", path: "/meeting-tokens", body, budgetMs },
      (answer) => {
        const created = CreatedToken.safeParse(answer.body);
        return answer.status < 300 && created.success ? { ok: true, value: created.data.token } : undefined;
      },
    );
  }

  async domainInfo(budgetMs: number): Promise<DailyResult<DomainInfo>> {
    return this.#call({ name: "domain.read", method: "GET", path: "/", budgetMs }, ({ status, body }) => {
      const parsed = DomainInfo.safeParse(body);
      return status < 300 && parsed.success ? { ok: true, value: parsed.data } : undefined;
    });
  }

  /** @param read the call's success, or `undefined` when the answer is a failure. */
  async #call<Value>(
    call: Call,
    read: (answer: { status: number; body: unknown }, tries: number) => DailyResult<Value> | undefined,
  ): Promise<DailyResult<Value>> {
    const deadline = Date.now() + call.budgetMs;
    for (let tries = 1; ; tries++) {
      const answer = await this.#send(call, deadline - Date.now());
      const success = answer.kind === "answered" ? read(answer, tries) : undefined;
      if (success) return success;
      const failure = answer.kind === "answered" ? failureOf(answer) : answer.failure;
      const waitMs = backoffMs(tries);
      if (call.onlyOnce || !mayPass(failure) || Date.now() + waitMs >= deadline) {
        log({
          event: "daily.call_failed",
          level: "warn",
          call: call.name,
          failure: failure.kind,
          ...(failure.status === undefined ? {} : { status: failure.status }),
          tries,
        });
        return { ok: false, failure };
      }
      await pause(waitMs);
    }
  }

  async #send(call: Call, timeoutMs: number): Promise<Answer> {
    using deadline = abortAfter(timeoutMs);
    try {
      const response = await fetch(`${this.#settings.apiUrl}${call.path}`, {
        method: call.method,
        headers: {
          authorization: `Bearer ${this.#settings.apiKey}`,
          ...(call.body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        // A redirect would carry the API key to another place.
        redirect: "manual",
        signal: deadline.signal,
      });
      return { kind: "answered", status: response.status, body: parseOrNothing(await response.text()) };
    } catch {
      return { kind: "failed", failure: { kind: deadline.signal.aborted ? "timeout" : "unreachable" } };
    }
  }
}

function failureOf({ status, body }: { status: number; body: unknown }): DailyFailure {
  if (status === 401 || status === 403 || isAboutTheKey(body)) return { kind: "unauthorized", status };
  if (status === 404) return { kind: "not_found", status };
  if (status === 429) return { kind: "rate_limited", status };
  if (status >= 500) return { kind: "unavailable", status };
  return { kind: "refused", status };
}

function mayPass({ kind }: DailyFailure): boolean {
  return kind === "rate_limited" || kind === "unavailable" || kind === "unreachable";
}

/** A key that is not written as one is `authorization-header-error`, with the status 400. */
function isAboutTheKey(body: unknown): boolean {
  const parsed = ErrorBody.safeParse(body);
  return (
    parsed.success && ["authorization-header-error", "authentication-error"].includes(parsed.data.error ?? "")
  );
}

function isAlreadyThere(body: unknown): boolean {
  const parsed = ErrorBody.safeParse(body);
  return parsed.success && (parsed.data.info?.includes("already exists") ?? false);
}

function parseOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A failure as the sentence that the caller of our API sees. */
export function describeDailyFailure({ kind }: DailyFailure): string {
  switch (kind) {
    case "unauthorized":
      return "Daily refused our API key.";
    case "rate_limited":
      return "Daily asks us to slow down. Try again in a moment.";
    case "unavailable":
      return "Daily answered with an error of its own. Try again in a moment.";
    case "unreachable":
      return "Daily could not be reached. Try again in a moment.";
    case "timeout":
      return "Daily did not answer in time. Try again in a moment.";
    case "not_found":
      return "Daily does not know what we asked for.";
    case "refused":
      return "Daily refused the request.";
  }
}
