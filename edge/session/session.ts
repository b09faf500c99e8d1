import { DurableObject } from "cloudflare:workers";
import { EventsClose } from "../../protocol/events.ts";
import { LinkClose } from "../../protocol/link.ts";
import { describeError } from "../../protocol/log.ts";
import type { SessionView, StopReply, TranscriptEntry } from "../../protocol/session.ts";
import { type Caller, mayUse } from "../callers/caller.ts";
import { log } from "../log-events.ts";
import { EventLog } from "./event-log.ts";
import { EventSockets } from "./event-sockets.ts";
import { happeningsOf } from "./happenings.ts";
import { attachmentOf, LinkSockets, readLinkMessage, refuseMessage } from "./link-sockets.ts";
import { logChanges } from "./log-changes.ts";
import { next } from "./next.ts";
import { nextDeadline } from "./next-deadline.ts";
import { Performer } from "./performer.ts";
import { type Bot, isEnded, isOver, type SessionRecord, successorOf } from "./record.ts";
import { answerClose, turnAway } from "./sockets.ts";
import type { StartCommand, StartOutcome } from "./start.ts";
import { SessionStarter } from "./starter.ts";
import type { SessionEvent } from "./step.ts";
import { SessionStore } from "./store.ts";
import { readUpgrade } from "./upgrades.ts";
import { stopReplyOf, viewOf } from "./view.ts";

/** When the alarm itself broke, it looks again after this long. That is a fault of ours, which no haste mends. */
const ALARM_RETRY_MS = 60_000;

/**
 * One session: the only truth about it, and the only one who acts on it. What happens goes through the pure
 * `next`; this class stores the outcome and does what follows.
 */
export class Session extends DurableObject<Env> {
  readonly #store: SessionStore;
  readonly #links: LinkSockets;
  readonly #events: EventLog;
  readonly #watchers: EventSockets;
  readonly #starter: SessionStarter;
  readonly #performer: Performer;
  /** When the alarm is set for, as far as this instance knows; saves a write for each event that changes nothing. */
  #alarmAt: number | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new SessionStore(ctx.storage.kv);
    this.#links = new LinkSockets(ctx);
    this.#events = new EventLog({ kv: ctx.storage.kv, entry: (seq) => this.#store.entry(seq) });
    this.#watchers = new EventSockets(ctx);
    this.#starter = new SessionStarter({
      env: () => this.env,
      read: () => this.#store.read(),
      begin: (record, brief) => {
        this.#keep(record, { before: undefined, entries: [], at: record.createdAt });
        this.#store.writeBrief(brief);
        return this.#setAlarm(record);
      },
      apply: (event) => this.#apply(event),
    });
    this.#performer = new Performer(ctx, {
      env: () => this.env,
      store: this.#store,
      links: this.#links,
      record: () => this.#record(),
      apply: (event) => this.#apply(event),
    });
  }

  /** See {@link SessionStarter.start}. */
  start(command: StartCommand): Promise<StartOutcome> {
    return this.#starter.start(command);
  }

  /** `undefined`: there is no such session, or it was forgotten, or it is none of the caller's business. */
  view(caller: Caller): SessionView | undefined {
    const record = this.#recordFor(caller);
    return record && viewOf(record, this.#store.transcript());
  }

  /** Idempotent; a session that has ended stays as it ended. `undefined` as for {@link view}. */
  async stop(caller: Caller): Promise<StopReply | undefined> {
    if (!this.#recordFor(caller)) return undefined;
    await this.#apply({ kind: "stop-asked", at: Date.now() });
    return stopReplyOf(this.#record());
  }

  /** An upgrade. The Worker has checked the token. */
  override async fetch(request: Request): Promise<Response> {
    const upgrade = readUpgrade(request);
    return upgrade.kind === "link" ? this.#openLink(upgrade.attempt) : this.#openEvents(upgrade.after);
  }

  #openEvents(after: number): Response {
    const record = this.#store.read();
    if (!record) return turnAway(EventsClose.forgotten, "there is no such session any more");
    const { sessionId, happenings } = record;
    if (after > happenings) return turnAway(EventsClose.ahead, `the newest event is ${happenings}`);
    const response = this.#watchers.accept(this.#events.after(after, Date.now()));
    log({ event: "events.opened", sessionId, after, newest: happenings });
    if (isOver(record)) this.#watchers.closeAll(EventsClose.ended);
    return response;
  }

  async #openLink(attempt: number): Promise<Response> {
    const record = this.#store.read();
    // Forgotten, which only happens long after the end.
    if (!record) return this.#links.turnAway(LinkClose.ended);
    const { sessionId, life } = record;
    if (isEnded(life)) {
      log({ event: "link.refused", sessionId, attempt, why: "ended" });
      return this.#links.turnAway(LinkClose.ended, { type: "stop", reason: life.reason });
    }
    if (!botsOf(record).some((bot) => bot.attempt === attempt)) {
      log({ event: "link.refused", sessionId, attempt, why: "outdated" });
      return this.#links.turnAway(LinkClose.outdated);
    }
    // The socket comes first, since what follows from the opening is sent over it.
    const linkId = record.lastId + 1;
    const response = this.#links.accept({ attempt, linkId });
    await this.#apply({ kind: "link-opened", attempt, linkId, at: Date.now() });
    log({ event: "link.opened", sessionId, attempt, linkId });
    return response;
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    if (this.#watchers.has(socket)) return this.#watchers.refuseMessage(socket);
    const attachment = attachmentOf(socket);
    const record = this.#store.read();
    if (!attachment || !record) return refuseMessage(socket);
    const { sessionId } = record;
    const { attempt, linkId } = attachment;
    const read = readLinkMessage(message);
    if (!read.ok) {
      log({ event: "link.message_refused", level: "warn", sessionId, attempt, why: read.why });
      return refuseMessage(socket);
    }
    // What a replaced socket still delivers is not heard: it comes again over the one that replaced it.
    const { seq, report } = read.report;
    await this.#apply({ kind: "reported", linkId, seq, report, at: Date.now() });
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
    if (this.#watchers.has(socket)) return;
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
      await this.#noticeLinks();
      if (this.#store.read()) await this.#apply({ kind: "clock", at: Date.now() });
    } catch (error) {
      const sessionId = this.#store.read()?.sessionId ?? "";
      log({ event: "session.alarm_failed", level: "error", sessionId, error: describeError(error) });
      // Not the record's own deadline: the next event has to set that again.
      this.#alarmAt = undefined;
      await this.ctx.storage.setAlarm(Date.now() + ALARM_RETRY_MS);
    }
  }

  /** What the record cannot know by itself: links that are gone without an event, and pings, which do not wake us. */
  async #noticeLinks(): Promise<void> {
    const record = this.#store.read();
    if (!record) return;
    const now = Date.now();
    for (const { link } of botsOf(record)) {
      if (link.kind !== "open") continue;
      const { id: linkId, heardAt } = link;
      if (!this.#links.isOpen(linkId)) {
        await this.#apply({ kind: "link-closed", linkId, at: now });
      } else if (heardAt + record.silentMs <= now) {
        const pingedAt = this.#links.pingedAt(linkId);
        if (pingedAt > heardAt) await this.#apply({ kind: "link-heard", linkId, at: pingedAt });
      }
    }
  }

  async #apply(event: SessionEvent): Promise<void> {
    const before = this.#record();
    const { record: changed, effects } = next(before, event);
    const entries = effects.flatMap((effect) => (effect.kind === "store-entry" ? [effect.entry] : []));
    const record = changed === before ? before : this.#keep(changed, { before, entries, at: event.at });
    logChanges(before, record);
    // All are begun before any is awaited: no other event comes between a record and what follows from it.
    await Promise.all([
      this.#setAlarm(record),
      ...effects.map((effect) => this.#performer.perform(effect, record)),
    ]);
  }

  /**
   * Writes a record that is new, with its lines and what it means to watchers, and tells these. All in one go: a report
   * that counts as applied while its line is lost would never be sent again.
   */
  #keep(
    changed: SessionRecord,
    step: { before: SessionRecord | undefined; entries: TranscriptEntry[]; at: number },
  ): SessionRecord {
    const happened = happeningsOf(step.before, changed, step);
    const record = { ...changed, happenings: changed.happenings + happened.length };
    this.#store.write(record);
    for (const entry of step.entries) this.#store.append(entry);
    for (const happening of happened) this.#events.append(happening);
    this.#watchers.tell(happened);
    if (isEnded(record.life) && step.before && !isEnded(step.before.life)) this.#store.wipeBrief();
    if (isOver(record)) this.#watchers.closeAll(EventsClose.ended);
    return record;
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

  /** The record, if there is one and this caller may know of it. */
  #recordFor(caller: Caller): SessionRecord | undefined {
    const record = this.#store.read();
    return record && mayUse(caller, record.owner) ? record : undefined;
  }

  #record(): SessionRecord {
    const record = this.#store.read();
    if (!record) throw new Error("the session is not there");
    return record;
  }
}

/** The bots that may say something: the present one, and the one that is to relieve it. */
function botsOf(record: SessionRecord): Bot[] {
  const successor = successorOf(record);
  return successor ? [record.bot, successor] : [record.bot];
}
