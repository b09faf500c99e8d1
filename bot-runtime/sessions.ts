import type { HostLoad, StartAccepted, StartSignal, StopAccepted } from "../protocol/bot-host.ts";
import { ProblemError } from "../protocol/errors.ts";
import type { EndReason } from "../protocol/session.ts";
import type { Door } from "./admission/door.ts";

/** What the host needs of a bot. */
export interface RunningBot {
  stop(reason: EndReason): void;
  /** Asks to be relieved by a bot of another host; it ends when it was. A bot without it cannot be. */
  drain?(): void;
  /** Resolves when nothing of the bot is left; never rejects. */
  readonly ended: Promise<EndReason>;
}

export interface SessionsOptions {
  /** Calls at once. */
  capacity: number;
  /** Whether the machine can take more of them. Always, when not given. */
  door?(): Door["kind"];
  createBot(signal: StartSignal): RunningBot;
}

/** Totals since the start, for `/metrics`. */
export interface SessionCounts {
  started: number;
  endedByReason: ReadonlyMap<EndReason, number>;
  /** Calls that were refused because the machine was strained, not because the places were taken. */
  refusedStrained: number;
}

interface Entry {
  attempt: number;
  bot: RunningBot;
}

/** Ended sessions whose attempt is remembered, so that a delayed start signal cannot bring one back. */
const MAX_REMEMBERED = 1_000;
/** What a call costs is seen in the machine's strain by then: so long its place counts as one that is being taken. */
const STARTING_MS = 5_000;
/** When a refused caller may try this host again: a door that is shut takes longer to open than a call to begin. */
const RETRY_WARY_S = 2;
const RETRY_SHUT_S = 10;

/** The bots of this host: at most one per session, that of its newest attempt, and no more than the capacity. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #current = new Map<string, Entry>();
  /** All that are not over, those that a newer attempt has replaced among them: they all use the machine. */
  readonly #alive = new Set<RunningBot>();
  /** Session id → newest attempt that ended here, in order of their ends. */
  readonly #endedAttempts = new Map<string, number>();
  readonly #endedByReason = new Map<EndReason, number>();
  /** Those that have just begun, and since when, on `performance.now()`'s clock. */
  readonly #starting = new Map<RunningBot, number>();
  #refusedStrained = 0;
  #started = 0;
  #draining = false;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  get load(): HostLoad {
    return { active: this.#alive.size, capacity: this.#options.capacity };
  }

  get draining(): boolean {
    return this.#draining;
  }

  get counts(): SessionCounts {
    return {
      started: this.#started,
      endedByReason: this.#endedByReason,
      refusedStrained: this.#refusedStrained,
    };
  }

  /**
   * Takes a call. The same signal again is accepted and changes nothing.
   * @throws ProblemError `attempt_outdated`, `draining` or `no_capacity`.
   */
  start(signal: StartSignal): StartAccepted {
    const { sessionId, attempt } = signal;
    const current = this.#current.get(sessionId);
    if (current?.attempt === attempt) return this.#accepted(signal);
    const newest = Math.max(current?.attempt ?? 0, this.#endedAttempts.get(sessionId) ?? 0);
    if (attempt <= newest) {
      throw new ProblemError("attempt_outdated", `Attempt ${newest} of this session was here already.`);
    }
    if (this.#draining) throw new ProblemError("draining", "This bot host is shutting down.");
    // The bot that is replaced leaves its place to the new one, though it takes a moment to go.
    if (!current && this.#alive.size >= this.#options.capacity) {
      throw new ProblemError(
        "no_capacity",
        `All ${this.#options.capacity} places of this bot host are taken.`,
      );
    }
    if (!current) this.#passDoor();
    current?.bot.stop("stopped");
    this.#run(signal);
    return this.#accepted(signal);
  }

  /** @param attempt when given, a bot of a newer attempt is left alone. */
  stop(sessionId: string, attempt?: number): StopAccepted {
    const current = this.#current.get(sessionId);
    const stopped = current !== undefined && (attempt === undefined || current.attempt <= attempt);
    if (stopped) current.bot.stop("stopped");
    return { ...this.load, stopped };
  }

  /** Takes no calls from here on. */
  drain(): void {
    this.#draining = true;
  }

  /** Drains, and has every call handed over to another host. Those that cannot be are ended. */
  relieve(): void {
    this.drain();
    for (const bot of this.#alive) {
      if (bot.drain) bot.drain();
      else bot.stop("bot_lost");
    }
  }

  /** Drains, and ends every call. Resolves when all are over. */
  async close(): Promise<void> {
    this.drain();
    for (const bot of this.#alive) bot.stop("bot_lost");
    await this.allEnded();
  }

  /** Resolves when the calls that there are now are over. */
  async allEnded(): Promise<void> {
    await Promise.all([...this.#alive].map((bot) => bot.ended));
  }

  /** @throws ProblemError `no_capacity` when the machine is strained. */
  #passDoor(): void {
    const door = this.#options.door?.() ?? "open";
    if (door === "open") return;
    if (door === "wary" && this.#startingCount === 0) return;
    this.#refusedStrained += 1;
    const detail =
      door === "shut"
        ? "This bot host is too busy for another call."
        : "This bot host is busy, and another call is just beginning.";
    throw new ProblemError("no_capacity", detail, {
      retryAfterS: door === "shut" ? RETRY_SHUT_S : RETRY_WARY_S,
    });
  }

  get #startingCount(): number {
    const since = performance.now() - STARTING_MS;
    for (const [bot, at] of this.#starting) if (at <= since) this.#starting.delete(bot);
    return this.#starting.size;
  }

  #run(signal: StartSignal): void {
    const { sessionId, attempt } = signal;
    const bot = this.#options.createBot(signal);
    const entry = { attempt, bot };
    this.#current.set(sessionId, entry);
    this.#alive.add(bot);
    this.#starting.set(bot, performance.now());
    this.#started += 1;
    void bot.ended.then((reason) => {
      this.#alive.delete(bot);
      this.#starting.delete(bot);
      this.#endedByReason.set(reason, (this.#endedByReason.get(reason) ?? 0) + 1);
      if (this.#current.get(sessionId) !== entry) return;
      this.#current.delete(sessionId);
      this.#rememberEnd(sessionId, attempt);
    });
  }

  #rememberEnd(sessionId: string, attempt: number): void {
    this.#endedAttempts.delete(sessionId);
    this.#endedAttempts.set(sessionId, attempt);
    if (this.#endedAttempts.size <= MAX_REMEMBERED) return;
    const [oldest] = this.#endedAttempts.keys();
    if (oldest !== undefined) this.#endedAttempts.delete(oldest);
  }

  #accepted({ sessionId, attempt }: StartSignal): StartAccepted {
    return { ...this.load, sessionId, attempt };
  }
}
