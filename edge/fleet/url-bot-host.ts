import { HostHealth, StartAccepted, type StartSignal } from "../../protocol/bot-host.ts";
import { type SigningKey, signRequest } from "../../protocol/signing.ts";
import { log } from "../log-events.ts";
import { abortAfter } from "../timing.ts";
import type { BotHost, HostAnswer, HostStart, HostStop } from "./bot-host.ts";

interface Options {
  /** Base address, without a trailing slash. */
  url: string;
  key: SigningKey;
}

/** A bot runtime at an address. Every request is signed, with its body. */
export class UrlBotHost implements BotHost {
  readonly id: string;
  readonly #base: URL;
  readonly #key: SigningKey;

  constructor({ url, key }: Options) {
    this.#base = new URL(`${url}/`);
    this.#key = key;
    // With the path: two hosts behind one proxy must not be taken for each other when one is told to stop a bot.
    this.id = `${this.#base.host}${this.#base.pathname}`.replace(/\/+$/, "");
  }

  async start(signal: StartSignal, timeoutMs: number): Promise<HostStart> {
    const outcome = await this.#start(signal, timeoutMs);
    if (outcome.kind !== "accepted") {
      const failure = outcome.kind === "unsure" ? outcome.why : outcome.kind;
      const status = outcome.kind === "refused" ? { status: outcome.status } : {};
      log({ event: "host.call_failed", level: "warn", hostId: this.id, call: "start", failure, ...status });
    }
    return outcome;
  }

  async #start(signal: StartSignal, timeoutMs: number): Promise<HostStart> {
    const answer = await this.#send("POST", "sessions", JSON.stringify(signal), timeoutMs);
    if (answer.kind === "failed") return { kind: "unsure", why: answer.why };
    if (answer.status === 503 || answer.status === 429) return { kind: "full" };
    if (answer.status >= 500) return { kind: "unsure", why: "broken" };
    if (answer.status >= 300) return { kind: "refused", status: answer.status };
    const accepted = StartAccepted.safeParse(answer.body);
    if (!accepted.success) return { kind: "unsure", why: "broken" };
    return { kind: "accepted", load: accepted.data };
  }

  async stop(session: { sessionId: string; attempt: number }, timeoutMs: number): Promise<HostStop> {
    const path = `sessions/${encodeURIComponent(session.sessionId)}?attempt=${session.attempt}`;
    const answer = await this.#send("DELETE", path, "", timeoutMs);
    if (answer.kind === "answered" && (answer.status < 300 || answer.status === 404))
      return { kind: "stopped" };
    const failure = answer.kind === "failed" ? answer.why : `status ${answer.status}`;
    log({ event: "host.call_failed", level: "warn", hostId: this.id, call: "stop", failure });
    return { kind: "failed", why: failure };
  }

  /** Whatever the status of the answer: a host that is down says so in a 503. */
  async health(timeoutMs: number): Promise<HostAnswer> {
    const answer = await this.#send("GET", "health", "", timeoutMs);
    const health = HostHealth.safeParse(answer.kind === "answered" ? answer.body : undefined);
    if (health.success) return { kind: "answered", health: health.data };
    const failure = answer.kind === "failed" ? answer.why : `status ${answer.status}`;
    log({ event: "host.call_failed", level: "warn", hostId: this.id, call: "health", failure });
    return { kind: "failed", why: failure };
  }

  async #send(
    method: "GET" | "POST" | "DELETE",
    relativePath: string,
    body: string,
    timeoutMs: number,
  ): Promise<
    | { kind: "answered"; status: number; body: unknown }
    | { kind: "failed"; why: "timeout" | "unreachable" | "broken" }
  > {
    const url = new URL(relativePath, this.#base);
    const path = `${url.pathname}${url.search}`;
    using deadline = abortAfter(timeoutMs);
    try {
      const response = await fetch(url.href, {
        method,
        headers: {
          authorization: await signRequest(this.#key, { method, path, body }),
          ...(body === "" ? {} : { "content-type": "application/json" }),
        },
        ...(body === "" ? {} : { body }),
        // The signature is for this address; following would hand it, and the bot's tokens, to another.
        redirect: "manual",
        signal: deadline.signal,
      });
      const text = await response.text();
      return { kind: "answered", status: response.status, body: text === "" ? undefined : JSON.parse(text) };
    } catch (error) {
      if (deadline.signal.aborted) return { kind: "failed", why: "timeout" };
      return { kind: "failed", why: error instanceof SyntaxError ? "broken" : "unreachable" };
    }
  }
}
