import type { StartSignal } from "../../protocol/bot-host.ts";
import { asProblem, ProblemError } from "../../protocol/errors.ts";
import { describeError } from "../../protocol/log.ts";
import { type DailyAccount, dailyAccount } from "../daily/account.ts";
import { DailyApi, type DailyFailure, type DailyResult, describeDailyFailure } from "../daily/daily-api.ts";
import { botHosts } from "../fleet/bot-hosts.ts";
import { type Dispatch, dispatch } from "../fleet/dispatch.ts";
import { log } from "../log-events.ts";
import { loadSettings, type Settings } from "../settings.ts";
import { takeClaims } from "./claiming.ts";
import { isEnded, newRecord, type SessionRecord } from "./record.ts";
import { startSignal } from "./signal.ts";
import {
  callersToken,
  planSession,
  refusedStart,
  type StartCommand,
  type StartOutcome,
  startedSession,
} from "./start.ts";
import { againOf, endedStart, isSameStart, otherStart } from "./start-again.ts";
import type { SessionEvent } from "./step.ts";
import type { Brief } from "./store.ts";

/** The caller waits for this. */
const ROOM_BUDGET_MS = 5_000;

/** The session's object, as far as its start goes. */
export interface StartingSession {
  env(): Env;
  read(): SessionRecord | undefined;
  /** Keeps the first record with what its bots need to know, and sees to it that time ends the session. */
  begin(record: SessionRecord, brief: Brief): Promise<void>;
  apply(event: SessionEvent): Promise<void>;
}

/** How a session begins. */
export class SessionStarter {
  readonly #session: StartingSession;
  /** The start that is under way, for those that ask for it once more. */
  #starting: { fingerprint: string | undefined; outcome: Promise<StartOutcome> } | undefined;

  constructor(session: StartingSession) {
    this.#session = session;
  }

  /**
   * Makes room and bot at the same time, and waits for both: not for the bot's join. Asked again, as a caller with a
   * key may, it begins nothing: what comes meanwhile waits for the first, what comes later gets the same session.
   */
  async start(command: StartCommand): Promise<StartOutcome> {
    const under = this.#starting;
    if (under) {
      if (!isSameStart(under, command)) return refusedStart(otherStart());
      const outcome = await under.outcome;
      return outcome.ok ? { ...outcome, begun: false } : outcome;
    }
    const outcome = this.#outcomeOf(command);
    this.#starting = { fingerprint: command.fingerprint, outcome };
    try {
      return await outcome;
    } finally {
      this.#starting = undefined;
    }
  }

  /** Never rejects: errors do not survive a call between Worker and object. */
  async #outcomeOf(command: StartCommand): Promise<StartOutcome> {
    try {
      return await this.#start(command);
    } catch (error) {
      const problem = asProblem(error);
      const { sessionId, requestId } = command;
      const { code, message: detail } = problem;
      log({ event: "session.start_failed", level: "warn", sessionId, code, detail });
      if (code === "internal") {
        log({ event: "http.broke", level: "error", requestId, error: describeError(error) });
      }
      return refusedStart(problem);
    }
  }

  async #start(command: StartCommand): Promise<StartOutcome> {
    const env = this.#session.env();
    const settings = settingsOf(env);
    const asked = await dailyAccount(settings.daily);
    if (!asked.ok) throw dailyFailed(asked.failure);
    const account = asked.value;
    const earlier = this.#session.read();
    if (earlier) return this.#startAgain(command, { record: earlier, account, settings });

    const record = newRecord(planSession(command, { account, settings, now: Date.now() }));
    // Before anything is kept: a session that may not be is none, and must not clear up a room that another is in.
    await takeClaims(env, record);
    const { voice, user, metadata, near } = command;
    await this.#session.begin(record, { voice, user, metadata, near });
    const { sessionId, room } = record;
    const { requestId, caller } = command;
    log({ event: "session.accepted", sessionId, requestId, roomOwned: room.owned, caller: caller.kind });
    try {
      return await this.#carryOut(command, { record, account, settings });
    } catch (error) {
      // What was foreseen has been seen to. After a fault of ours the session would hold its claims, and maybe a
      // bot, for a caller who was told that there is none.
      if (!(error instanceof ProblemError)) await this.#giveUp();
      throw error;
    }
  }

  /** The start of a session that is kept: from now on whatever goes wrong has to end it. */
  async #carryOut(
    command: StartCommand,
    { record, account, settings }: { record: SessionRecord; account: DailyAccount; settings: Settings },
  ): Promise<StartOutcome> {
    const started = { record, account, settings };
    const [made, token, sent] = await Promise.all([
      this.#makeRoom(command, record, settings),
      callersToken(command, started),
      startSignal({ record, brief: command, attempt: record.bot.attempt, takeover: undefined }, started).then(
        (signal) => this.#dispatch(signal, command, settings),
      ),
    ]);
    if (!made.ok) throw await this.#dailyFailed(made.failure, sent);
    if (!token.ok) throw await this.#dailyFailed(token.failure, sent);
    if (!sent.ok) throw await this.#dailyFailed(sent.failure, sent);
    const dispatched = sent.value;
    if (dispatched.kind === "none") {
      const botHostId = dispatched.unsureHostId;
      await this.#session.apply({ kind: "start-failed", reason: "no_capacity", botHostId, at: Date.now() });
      throw new ProblemError("no_capacity", "No bot host can take a call now. Try again in a moment.");
    }
    const life = this.#session.read()?.life;
    if (!life || isEnded(life)) {
      throw new ProblemError(
        "session_ended",
        `The session ended while it was being started (${life?.reason ?? "forgotten"}).`,
      );
    }
    return startedSession(record, { token: token.value, begun: true });
  }

  /** Ends a start for which Daily did not do its part; a bot that was sent for it is called back. */
  async #dailyFailed(failure: DailyFailure, sent: DailyResult<Dispatch>): Promise<ProblemError> {
    const dispatched: Dispatch = sent.ok ? sent.value : { kind: "none" };
    const botHostId = dispatched.kind === "accepted" ? dispatched.hostId : dispatched.unsureHostId;
    await this.#session.apply({ kind: "start-failed", reason: "daily_failed", botHostId, at: Date.now() });
    return dailyFailed(failure);
  }

  /** The answer to a start that has been asked for before: the same session, with a token of its own. */
  async #startAgain(
    command: StartCommand,
    at: { record: SessionRecord; account: DailyAccount; settings: Settings },
  ): Promise<StartOutcome> {
    const { record } = at;
    if (!isSameStart(record, command)) throw otherStart();
    switch (againOf(record, Date.now())) {
      case "ended":
        throw endedStart();
      case "cut-off":
        await this.#giveUp();
        return { ok: false, code: "failed_before" };
      case "failed":
        return { ok: false, code: "failed_before" };
      case "lives": {
        const { sessionId } = record;
        log({ event: "session.started_again", sessionId, requestId: command.requestId });
        const token = await callersToken(command, at);
        if (!token.ok) throw dailyFailed(token.failure);
        return startedSession(record, { token: token.value, begun: false });
      }
    }
  }

  /** Ends a start of which it is not known how far it came. The host that took the call, if one did, is told. */
  async #giveUp(): Promise<void> {
    const botHostId = this.#session.read()?.bot.hostId;
    await this.#session.apply({ kind: "start-failed", reason: "bot_lost", botHostId, at: Date.now() });
  }

  async #makeRoom({ room }: StartCommand, { room: { name } }: SessionRecord, settings: Settings) {
    const made =
      room.kind === "create"
        ? await new DailyApi(settings.daily).createRoom({ name, properties: room.properties }, ROOM_BUDGET_MS)
        : ({ ok: true, value: undefined } as const);
    if (made.ok) await this.#session.apply({ kind: "room-ready", at: Date.now() });
    return made;
  }

  async #dispatch(
    signal: DailyResult<StartSignal>,
    { near }: StartCommand,
    settings: Settings,
  ): Promise<DailyResult<Dispatch>> {
    if (!signal.ok) return signal;
    const dispatched = await dispatch(botHosts(settings), signal.value, { near });
    if (dispatched.kind === "accepted") {
      const { attempt } = signal.value;
      const { hostId } = dispatched;
      await this.#session.apply({ kind: "dispatched", attempt, hostId, at: Date.now() });
    }
    return { ok: true, value: dispatched };
  }
}

function dailyFailed(failure: DailyFailure): ProblemError {
  return new ProblemError("daily_failed", describeDailyFailure(failure));
}

function settingsOf(env: Env): Settings {
  const result = loadSettings(env);
  if (result.kind === "valid") return result.settings;
  throw new ProblemError("misconfigured", result.problems.join(" "));
}
