import { DurableObject } from "cloudflare:workers";
import { asProblem, ProblemError } from "../../protocol/errors.ts";
import { LinkClose } from "../../protocol/link.ts";
import { describeError } from "../../protocol/log.ts";
import type { SessionView, StopReply } from "../../protocol/session.ts";
import { dailyAccount } from "../daily/account.ts";
import { DailyApi, describeDailyFailure } from "../daily/daily-api.ts";
import { botHosts, dispatch } from "../fleet/dispatch.ts";
import { log } from "../log-events.ts";
import { loadSettings, type Settings } from "../settings.ts";
import { doJob } from "./jobs.ts";
import { answerClose, attachmentOf, LinkSockets, readLinkMessage, refuseMessage } from "./link-sockets.ts";
import { logChanges } from "./log-changes.ts";
import { type Effect, MAX_JOB_FAILURES, next, type SessionEvent } from "./next.ts";
import { nextDeadline } from "./next-deadline.ts";
import { isEnded, newRecord, type OutsideJob, type SessionRecord } from "./record.ts";
import { callerToken, planSession, type StartCommand, type StartOutcome, startSignal } from "./start.ts";
import { SessionStore } from "./store.ts";
import { stopReplyOf, viewOf } from "./view.ts";

/** The caller waits for this. */
const ROOM_BUDGET_MS = 5_000;
/** When the alarm itself broke, it looks again after this long. That is a fault of ours, which no haste mends. */
const ALARM_RETRY_MS = 60_000;

/** Header in which the Worker tells the object which attempt a verified link token is for. */
export const ATTEMPT_HEADER = "x-link-attempt";

/**
 * One session: the only truth about it, and the only one who acts on it. What happens goes through the pure
 * `next`; this class stores the outcome and does what follows.
 */
export class Session extends DurableObject<Env> {
  readonly #store: SessionStore;
  readonly #links: LinkSockets;
  /** When the alarm is set for, as far as this instance knows; saves a write for each event that changes nothing. */
  #alarmAt: number | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new SessionStore(ctx.storage.kv);
    this.#links = new LinkSockets(ctx);
  }

  /** Makes room and bot at the same time, and waits for both: not for the bot's join. */
  async start(command: StartCommand): Promise<StartOutcome> {
    try {
      return await this.#start(command);
    } catch (error) {
      const problem = asProblem(error);
      const { sessionId } = command;
      log({
        event: "session.start_failed",
        level: "warn",
        sessionId,
        code: problem.code,
        detail: problem.message,
      });
      if (problem.code === "internal") {
        log({
          event: "http.broke",
          level: "error",
          requestId: command.requestId,
          error: describeError(error),
        });
      }
      const errors = problem.errors ? { errors: problem.errors } : {};
      return { ok: false, code: problem.code, detail: problem.message, ...errors };
    }
  }

  async #start(command: StartCommand): Promise<StartOutcome> {
    const settings = this.#settings();
    const asked = await dailyAccount(settings.daily);
    if (!asked.ok) throw new ProblemError("daily_failed", describeDailyFailure(asked.failure));
    const account = asked.value;
    if (this.#store.read()) throw new ProblemError("conflict", "This session was started before.");

    const record = newRecord(planSession(command, { account, settings, now: Date.now() }));
    this.#store.write(record);
    await this.#setAlarm(record);
    const { sessionId, room } = record;
    log({ event: "session.accepted", sessionId, requestId: command.requestId, roomOwned: room.owned });

    const [made, dispatched] = await Promise.all([
      this.#makeRoom(command, record, settings),
      startSignal(command, { record, account, settings }).then((signal) => this.#dispatch(signal, settings)),
    ]);
    const at = Date.now();
    if (!made.ok) {
      const botHostId = dispatched.kind === "accepted" ? dispatched.hostId : dispatched.unsureHostId;
      await this.#apply({ kind: "start-failed", reason: "daily_failed", botHostId, at });
      throw new ProblemError("daily_failed", describeDailyFailure(made.failure));
    }
    if (dispatched.kind === "none") {
      const botHostId = dispatched.unsureHostId;
      await this.#apply({ kind: "start-failed", reason: "no_capacity", botHostId, at });
      throw new ProblemError("no_capacity", "No bot host can take a call now. Try again in a moment.");
    }
    const { life } = this.#record();
    if (isEnded(life)) {
      throw new ProblemError(
        "session_ended",
        `The session ended while it was being started (${life.reason}).`,
      );
    }
    const token = await callerToken(command, { record, account, settings });
    return { ok: true, room: { url: room.url, name: room.name }, token, expiresAt: record.expiresAt };
  }

  async #makeRoom({ room }: StartCommand, { room: { name } }: SessionRecord, settings: Settings) {
    const made =
      room.kind === "create"
        ? await new DailyApi(settings.daily).createRoom({ name, properties: room.properties }, ROOM_BUDGET_MS)
        : ({ ok: true } as const);
    if (made.ok) await this.#apply({ kind: "room-ready", at: Date.now() });
    return made;
  }

  async #dispatch(signal: Parameters<typeof dispatch>[1], settings: Settings) {
    const dispatched = await dispatch(botHosts(settings), signal);
    if (dispatched.kind === "accepted") {
      await this.#apply({ kind: "dispatched", hostId: dispatched.hostId, at: Date.now() });
    }
    return dispatched;
  }

  /** `undefined`: there is no such session, or it was forgotten. */
  view(): SessionView | undefined {
    const record = this.#store.read();
    return record && viewOf(record, this.#store.transcript());
  }

  /** Idempotent; a session that has ended stays as it ended. `undefined` as for {@link view}. */
  async stop(): Promise<StopReply | undefined> {
    if (!this.#store.read()) return undefined;
    await this.#apply({ kind: "stop-asked", at: Date.now() });
    return stopReplyOf(this.#record());
  }

  /** The upgrade to a bot's link. The Worker has checked the token. */
  override async fetch(request: Request): Promise<Response> {
    const attempt = Number(request.headers.get(ATTEMPT_HEADER));
    const record = this.#store.read();
    // Forgotten, which only happens long after the end.
    if (!record) return this.#links.turnAway(LinkClose.ended);
    const { sessionId, life } = record;
    if (isEnded(life)) {
      log({ event: "link.refused", sessionId, attempt, why: "ended" });
      return this.#links.turnAway(LinkClose.ended, { type: "stop", reason: life.reason });
    }
    if (attempt !== record.bot.attempt) {
      log({ event: "link.refused", sessionId, attempt, why: "outdated" });
      return this.#links.turnAway(LinkClose.outdated);
    }
    // The socket comes first, since what follows from the opening is sent over it.
    const linkId = record.lastId + 1;
    const response = this.#links.accept({ attempt, linkId });
    await this.#apply({ kind: "link-opened", linkId, at: Date.now() });
    log({ event: "link.opened", sessionId, attempt, linkId });
    return response;
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const attachment = attachmentOf(socket);
    const record = this.#store.read();
    if (!attachment || !record) return refuseMessage(socket);
    const { sessionId, bot } = record;
    const read = readLinkMessage(message);
    if (!read.ok) {
      const { attempt } = attachment;
      log({ event: "link.message_refused", level: "warn", sessionId, attempt, why: read.why });
      return refuseMessage(socket);
    }
    // What a replaced socket still delivers comes again over the one that replaced it.
    if (bot.link.kind !== "open" || bot.link.id !== attachment.linkId) return;
    const { seq, report } = read.report;
    await this.#apply({ kind: "reported", seq, report, at: Date.now() });
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    answerClose(socket);
    await this.#linkGone(socket, code);
  }

  /** An error is followed by no close event. */
  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.#linkGone(socket, 1006);
  }

  async #linkGone(socket: WebSocket, code: number): Promise<void> {
    const attachment = attachmentOf(socket);
    const record = this.#store.read();
    if (!attachment || !record) return;
    const { attempt, linkId } = attachment;
    log({ event: "link.closed", sessionId: record.sessionId, attempt, linkId, code });
    await this.#apply({ kind: "link-closed", linkId, at: Date.now() });
  }

  /**
   * Everything that time brings. The platform may call it twice, late, or again after a failure: what is done
   * here follows from the record alone, and what fails is tried again by us rather than by the platform, which
   * gives up after six times.
   */
  override async alarm(): Promise<void> {
    this.#alarmAt = undefined;
    try {
      await this.#noticeLostLink();
      if (this.#store.read()) await this.#apply({ kind: "clock", at: Date.now() });
    } catch (error) {
      const sessionId = this.#store.read()?.sessionId ?? "";
      log({ event: "session.alarm_failed", level: "error", sessionId, error: describeError(error) });
      // Not the record's own deadline: the next event has to set that again.
      this.#alarmAt = undefined;
      await this.ctx.storage.setAlarm(Date.now() + ALARM_RETRY_MS);
    }
  }

  async #noticeLostLink(): Promise<void> {
    const link = this.#store.read()?.bot.link;
    if (link?.kind !== "open" || this.#links.isOpen(link.id)) return;
    await this.#apply({ kind: "link-closed", linkId: link.id, at: Date.now() });
  }

  async #apply(event: SessionEvent): Promise<void> {
    const before = this.#record();
    const { record, effects } = next(before, event);
    if (record !== before) this.#store.write(record);
    logChanges(before, record);
    // All are begun before any is awaited, so that what one event stores is stored as a whole: a report that counts
    // as applied while its line is lost would never be sent again.
    await Promise.all([this.#setAlarm(record), ...effects.map((effect) => this.#perform(effect, record))]);
  }

  async #perform(effect: Effect, record: SessionRecord): Promise<void> {
    const { link } = record.bot;
    switch (effect.kind) {
      case "send":
        if (link.kind === "open") this.#links.send(link.id, effect.command);
        return;
      case "close-link":
        this.#links.closeAll(LinkClose.ended);
        return;
      case "store-entry":
        this.#store.append(effect.entry);
        return;
      case "do":
        return this.#work(effect.job);
      case "refuse-entry": {
        const { sessionId } = record;
        log({ event: "transcript.refused", level: "warn", sessionId, why: "full", chars: effect.chars });
        return;
      }
      case "forget":
        this.#links.closeAll(LinkClose.ended);
        await this.ctx.storage.deleteAlarm();
        await this.ctx.storage.deleteAll();
        log({ event: "session.forgotten", sessionId: record.sessionId });
        return;
    }
  }

  async #work(job: OutsideJob): Promise<void> {
    const record = this.#record();
    const loaded = loadSettings(this.env);
    const outcome =
      loaded.kind === "valid"
        ? await doJob(job, record, loaded.settings)
        : ({ ok: false, why: "the settings are refused" } as const);
    const at = Date.now();
    if (outcome.ok) return this.#apply({ kind: "job-done", jobId: job.id, at });
    const tries = job.failures + 1;
    const gaveUp = tries >= MAX_JOB_FAILURES;
    const { sessionId } = record;
    log({
      event: "session.job_failed",
      level: "warn",
      sessionId,
      job: job.kind,
      tries,
      gaveUp,
      error: outcome.why,
    });
    return this.#apply({ kind: "job-failed", jobId: job.id, at });
  }

  /** Sets the one alarm by the record. */
  async #setAlarm(record: SessionRecord): Promise<void> {
    const deadline = nextDeadline(record);
    if (deadline !== undefined && deadline === this.#alarmAt) return;
    this.#alarmAt = undefined;
    if (deadline === undefined) await this.ctx.storage.deleteAlarm();
    else await this.ctx.storage.setAlarm(deadline);
    // Only now: a write that failed must not pass for one that was made.
    this.#alarmAt = deadline;
  }

  #record(): SessionRecord {
    const record = this.#store.read();
    if (!record) throw new Error("the session is not there");
    return record;
  }

  #settings(): Settings {
    const result = loadSettings(this.env);
    if (result.kind === "valid") return result.settings;
    throw new ProblemError("misconfigured", result.problems.join(" "));
  }
}
