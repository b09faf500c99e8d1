import type { HostLoad, StartAccepted, StartSignal, StopAccepted } from "../protocol/bot-host.ts";
import { ProblemError } from "../protocol/errors.ts";
import type { EndReason } from "../protocol/session.ts";

/** What the host needs of a bot. */
export interface RunningBot {
  stop(reason: EndReason): void;
  /** Resolves when nothing of the bot is left; never rejects. */
  readonly ended: Promise<EndReason>;
}

export interface SessionsOptions {
  /** Calls at once. */
  capacity: number;
  createBot(signal: StartSignal): RunningBot;
}

/** Totals since the start, for `/metrics`. */
export interface SessionCounts {
  started: number;
  endedByReason: ReadonlyMap<EndReason, number>;
}

interface Entry {
  attempt: number;
  bot: RunningBot;
}

/** Ended sessions whose attempt is remembered, so that a delayed start signal cannot bring one back. */
const MAX_REMEMBERED = 1_000;

/** The bots of this host: at most one per session, that of its newest attempt, and no more than the capacity. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #current = new Map<string, Entry>();
  /** All that are not over, those that a newer attempt has replaced among them: they all use the machine. */
  readonly #alive = new Set<RunningBot>();
  /** Session id → newest attempt that ended here, in order of their ends. */
  readonly #endedAttempts = new Map<string, number>();
  readonly #endedByReason = new Map<EndReason, number>();
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
    return { started: this.#started, endedByReason: this.#endedByReason };
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

  /** Drains, and ends every call. Resolves when all are over. */
  async close(): Promise<void> {
    this.drain();
    const bots = [...this.#alive];
    for (const bot of bots) bot.stop("bot_lost");
    await Promise.all(bots.map((bot) => bot.ended));
  }

  #run(signal: StartSignal): void {
    const { sessionId, attempt } = signal;
    const bot = this.#options.createBot(signal);
    const entry = { attempt, bot };
    this.#current.set(sessionId, entry);
    this.#alive.add(bot);
    this.#started += 1;
    void bot.ended.then((reason) => {
      this.#alive.delete(bot);
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
