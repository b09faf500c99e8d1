import { LinkClose } from "../../protocol/link.ts";
import { describeError } from "../../protocol/log.ts";
import { log } from "../log-events.ts";
import { loadSettings } from "../settings.ts";
import { releaseClaim } from "./claiming.ts";
import { MAX_JOB_FAILURES } from "./duties.ts";
import { doJob, type JobOutcome } from "./jobs.ts";
import type { LinkSockets } from "./link-sockets.ts";
import type { OutsideJob, SessionRecord } from "./record.ts";
import { sendBot, takeoverOf } from "./send-bot.ts";
import type { Effect, SessionEvent } from "./step.ts";
import type { SessionStore } from "./store.ts";

/** The session's object, as far as what follows from its events goes. */
export interface PerformingSession {
  env(): Env;
  store: SessionStore;
  links: LinkSockets;
  record(): SessionRecord;
  apply(event: SessionEvent): Promise<void>;
}

/** Does what the state machine has decided. What comes of it is an event in its turn. */
export class Performer {
  readonly #ctx: DurableObjectState;
  readonly #session: PerformingSession;

  constructor(ctx: DurableObjectState, session: PerformingSession) {
    this.#ctx = ctx;
    this.#session = session;
  }

  /** @param record as the event has left it */
  async perform(effect: Effect, record: SessionRecord): Promise<void> {
    switch (effect.kind) {
      case "send":
        this.#session.links.send(effect.linkId, effect.command);
        return;
      case "let-in":
        this.#letIn(effect, record);
        return;
      case "close-link":
        this.#session.links.close(effect.linkId, LinkClose[effect.code]);
        return;
      case "close-links":
        this.#session.links.closeAll(LinkClose.ended);
        return;
      case "dispatch":
        // Not waited for, which can take seconds: an alarm that waits keeps the next one from coming.
        this.#ctx.waitUntil(this.#send(effect, record));
        return;
      case "store-entry":
        // Stored with the record.
        return;
      case "do":
        return this.#work(effect.job);
      case "refuse-entry": {
        const { sessionId } = record;
        log({ event: "transcript.refused", level: "warn", sessionId, why: "full", chars: effect.chars });
        return;
      }
      case "forget":
        this.#session.links.closeAll(LinkClose.ended);
        await this.#ctx.storage.deleteAlarm();
        await this.#ctx.storage.deleteAll();
        log({ event: "session.forgotten", sessionId: record.sessionId });
        return;
    }
  }

  /** With what the bot does not know yet, if there is anything. */
  #letIn({ linkId, from }: Extract<Effect, { kind: "let-in" }>, record: SessionRecord): void {
    const { handle, transcript } = record;
    const since =
      from === undefined
        ? {}
        : {
            ...(handle === undefined ? {} : { handle }),
            conversation: this.#session.store.conversation({ from, before: transcript.entries }),
          };
    this.#session.links.send(linkId, { type: "room-ready", ...since });
  }

  /** Has a host take a further attempt. Never rejects. */
  async #send(
    { bot, avoid, except }: Extract<Effect, { kind: "dispatch" }>,
    record: SessionRecord,
  ): Promise<void> {
    const { sessionId } = record;
    const { attempt, how } = bot;
    log({ event: "bot.sent_for", sessionId, attempt, how: how ?? "recovery", recoveries: record.recoveries });
    try {
      const takeover = takeoverOf(record, bot, this.#session.store);
      const outcome = await sendBot(
        { record, brief: this.#session.store.brief(), attempt, takeover, avoid, except },
        loadSettings(this.#session.env()),
      );
      await this.#session.apply({ ...outcome, attempt, at: Date.now() });
    } catch (error) {
      // The attempt is given up in time.
      log({ event: "bot.send_failed", level: "error", sessionId, attempt, error: describeError(error) });
    }
  }

  async #work(job: OutsideJob): Promise<void> {
    const record = this.#session.record();
    const outcome = await this.#do(job, record);
    const at = Date.now();
    if (outcome.ok) return this.#session.apply({ kind: "job-done", jobId: job.id, at });
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
    return this.#session.apply({ kind: "job-failed", jobId: job.id, jitter: Math.random(), at });
  }

  async #do(job: OutsideJob, record: SessionRecord): Promise<JobOutcome> {
    if (job.kind === "release-claim") {
      return releaseClaim(this.#session.env(), { sessionId: record.sessionId, name: job.claim }).then(
        () => ({ ok: true }),
        (error: unknown) => ({ ok: false, why: describeError(error) }),
      );
    }
    const loaded = loadSettings(this.#session.env());
    if (loaded.kind === "refused") return { ok: false, why: "the settings are refused" };
    return doJob(job, record, loaded.settings);
  }
}
