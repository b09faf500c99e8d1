import { z } from "zod";
import { HostHealth, StartAccepted, type StartSignal } from "../../protocol/bot-host.ts";
import { type SigningKey, signRequest } from "../../protocol/signing.ts";
import { log } from "../log-events.ts";
import { abortAfter } from "../timing.ts";
import type { BotHost, HostAnswer, HostStart, HostStop, Wake } from "./bot-host.ts";
import type { Region } from "./regions.ts";

/** A request to a host, signed. */
export interface HostRequest {
  method: "GET" | "POST" | "DELETE";
  headers: Record<string, string>;
  body?: string;
  redirect: "manual";
  signal: AbortSignal;
}

export interface HttpBotHostOptions {
  id: string;
  region: Region | undefined;
  order: number;
  /** Its base address; a slash at the end. */
  base: URL;
  key: SigningKey;
  /** Carries a request to it. */
  send(url: string, request: HostRequest, wake: Wake): Promise<Response>;
}

type Answer =
  | { kind: "answered"; status: number; body: unknown }
  | { kind: "failed"; why: "timeout" | "unreachable" | "broken" };

/** A refusal, as far as it is told apart. The codes are those of the problems that hosts answer with. */
const Refusal = z.object({ code: z.enum(["draining", "asleep", "waking"]) });

/** A bot runtime that speaks HTTP, wherever it is. Every request is signed, with its body. */
export class HttpBotHost implements BotHost {
  readonly id: string;
  readonly region: Region | undefined;
  readonly order: number;
  readonly #options: HttpBotHostOptions;

  constructor(options: HttpBotHostOptions) {
    this.id = options.id;
    this.region = options.region;
    this.order = options.order;
    this.#options = options;
  }

  async start(
    signal: StartSignal,
    { timeoutMs, wake }: { timeoutMs: number; wake: Wake },
  ): Promise<HostStart> {
    const body = JSON.stringify(signal);
    const outcome = startOf(await this.#send({ method: "POST", path: "sessions", body, timeoutMs, wake }));
    // That a host sleeps is no failure.
    if (outcome.kind !== "accepted" && outcome.kind !== "asleep" && outcome.kind !== "waking") {
      const failure = outcome.kind === "unsure" ? outcome.why : outcome.kind;
      const status = outcome.kind === "refused" ? { status: outcome.status } : {};
      // That it is full is everyday; that all are is what the start is refused with.
      const level = outcome.kind === "full" || outcome.kind === "draining" ? "info" : "warn";
      log({ event: "host.call_failed", level, hostId: this.id, call: "start", failure, ...status });
    }
    return outcome;
  }

  async stop(session: { sessionId: string; attempt: number }, timeoutMs: number): Promise<HostStop> {
    const path = `sessions/${encodeURIComponent(session.sessionId)}?attempt=${session.attempt}`;
    const answer = await this.#send({ method: "DELETE", path, timeoutMs, wake: { kind: "never" } });
    if (answer.kind === "answered" && (answer.status < 300 || answer.status === 404))
      return { kind: "stopped" };
    return { kind: "failed", why: this.#failed("stop", answer) };
  }

  /** Whatever the status of the answer: a host that is down says so in a 503. */
  async health(timeoutMs: number, wake: Wake = { kind: "never" }): Promise<HostAnswer> {
    const answer = await this.#send({ method: "GET", path: "health", timeoutMs, wake });
    const health = HostHealth.safeParse(answer.kind === "answered" ? answer.body : undefined);
    if (health.success) return { kind: "answered", health: health.data };
    return { kind: "failed", why: this.#failed("health", answer) };
  }

  #failed(call: "stop" | "health", answer: Answer): string {
    const failure = answer.kind === "failed" ? answer.why : `status ${answer.status}`;
    log({ event: "host.call_failed", level: "warn", hostId: this.id, call, failure });
    return failure;
  }

  async #send({
    method,
    path: relativePath,
    body = "",
    timeoutMs,
    wake,
  }: {
    method: HostRequest["method"];
    path: string;
    body?: string;
    timeoutMs: number;
    wake: Wake;
  }): Promise<Answer> {
    const { base, key, send } = this.#options;
    const url = new URL(relativePath, base);
    const path = `${url.pathname}${url.search}`;
    using deadline = abortAfter(timeoutMs);
    const { signal } = deadline;
    try {
      const authorization = await signRequest(key, { method, path, body });
      const headers = { authorization, ...(body === "" ? {} : { "content-type": "application/json" }) };
      // The signature is for this address; following a redirect would hand it, and the bot's tokens, to another.
      const request: HostRequest = { method, headers, redirect: "manual", signal };
      const response = await send(url.href, body === "" ? request : { ...request, body }, wake);
      const text = await response.text();
      return { kind: "answered", status: response.status, body: text === "" ? undefined : JSON.parse(text) };
    } catch (error) {
      if (signal.aborted) return { kind: "failed", why: "timeout" };
      return { kind: "failed", why: error instanceof SyntaxError ? "broken" : "unreachable" };
    }
  }
}

function startOf(answer: Answer): HostStart {
  if (answer.kind === "failed") return { kind: "unsure", why: answer.why };
  const { status, body } = answer;
  if (status === 503 || status === 429) {
    const refusal = Refusal.safeParse(body);
    return { kind: refusal.success ? refusal.data.code : "full" };
  }
  if (status >= 500) return { kind: "unsure", why: "broken" };
  if (status >= 300) return { kind: "refused", status };
  const accepted = StartAccepted.safeParse(body);
  if (!accepted.success) return { kind: "unsure", why: "broken" };
  const { active, capacity } = accepted.data;
  return { kind: "accepted", load: { active, capacity } };
}
