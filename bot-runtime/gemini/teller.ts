import { briefing, type RememberedCall, type RememberedTurn } from "./briefing.ts";
import type { Link } from "./links.ts";
import type { LiveConnection, Turn } from "./live-connect.ts";
import type { ModelRules } from "./model-rules.ts";
import type { GeminiNote } from "./note.ts";
import { Outbox, type OutboxItem, type OutboxResult } from "./outbox.ts";
import type { Requests } from "./requests.ts";
import type { RuleName } from "./rules.ts";
import type { SessionStatus } from "./session-options.ts";
import type { Ask } from "./session-types.ts";
import { type FinishedCall, isUnnamed } from "./tool-calls.ts";

/** Functions that were called, the newest, for whoever has to be told of them. */
const MAX_CALLS_KEPT = 20;

/** For a server that waits for a history, where there is none any more. */
const NO_HISTORY: Turn = { role: "user", text: "[Nothing was said so far.]" };

/** A link that can be talked to. */
export type OpenLink = Link & { connection: LiveConnection };

export type Memory = Extract<SessionStatus, { kind: "back" }>["memory"];

type Retold = "nothing" | "told" | "asking";

export interface TellerOptions {
  rules: ModelRules;
  requests: Requests;
  /** Rules that are not followed. */
  off: ReadonlySet<RuleName>;
  /** What was said so far; undefined where nobody remembers. */
  conversation(): readonly RememberedTurn[] | undefined;
  /** Whether a result has to name its call by an id. */
  resultsNeedIds: boolean;
  /** The model was asked for an answer. */
  asked(): void;
  note(note: GeminiNote): void;
}

/**
 * What the model is told in words: texts and results of functions as they come, and to a new connection what it does
 * not know. It keeps what may not have arrived.
 */
export class Teller {
  readonly #options: TellerOptions;
  readonly #outbox = new Outbox();
  #calls: (RememberedCall & { id: string })[] = [];
  #texts = 0;

  constructor(options: TellerOptions) {
    this.#options = options;
  }

  addText(text: string, respond: boolean): void {
    this.#texts += 1;
    this.#keep({ kind: "text", id: `t${this.#texts}`, text, respond });
  }

  addResult(call: FinishedCall): void {
    const { id, name, response } = call;
    this.#calls = [...this.#calls, { id, name, response, at: Date.now() }].slice(-MAX_CALLS_KEPT);
    this.#keep({ kind: "tool-result", ...call });
  }

  #keep(item: OutboxItem): void {
    for (const { kind, id } of this.#outbox.add(item)) this.#options.note({ kind: "untold", what: kind, id });
  }

  /** Whether anything waits to be told. */
  get waits(): boolean {
    return this.#outbox.waits;
  }

  /** The other side has just given a sign of life. */
  heard(): void {
    this.#outbox.heard(Date.now());
  }

  /** The connection is gone. */
  lost(): void {
    const { off, note } = this.#options;
    for (const { item, sentAgoMs } of this.#outbox.lost(Date.now())) {
      note({ kind: "told-again", what: item.kind, id: item.id, sentAgoMs });
    }
    if (off.has("tell-again")) this.#outbox.drop("again");
  }

  /** Whether a fresh connection has anything to be told of what was said. */
  get hasHistory(): boolean {
    return this.#history(undefined).length > 0;
  }

  /** Tells what waits. @returns that */
  send(link: OpenLink, quiet: boolean): OutboxItem[] {
    return this.#outbox.send({ now: Date.now(), quiet }, (item, again) => {
      if (item.kind === "text") {
        this.#say(link, again ? `[again: ${item.id}] ${item.text}` : item.text, item.respond);
      } else if (this.#isTakenBy(link, item)) {
        const { id, name, response } = item;
        link.connection.sendToolResults([{ name, response, ...(isUnnamed(id) ? {} : { id }) }]);
      } else {
        this.#options.note({ kind: "told-in-words", id: item.id });
        const words = `[${item.name}, ${again ? "again: " : ""}${item.id}] ${JSON.stringify(item.response)}`;
        this.#say(link, words, true);
      }
    });
  }

  #isTakenBy(link: OpenLink, { asker, id }: OutboxResult): boolean {
    const { resultsNeedIds, off } = this.#options;
    if (resultsNeedIds && isUnnamed(id)) return false;
    return asker === link.number || off.has("result-to-asker");
  }

  /** A mute model is reminded that somebody waits for it. */
  nudge(link: OpenLink): void {
    this.#say(link, this.#options.requests.answer, true);
  }

  /**
   * Tells a new connection what it does not know: all; or what was said after `since`. Then what waits, and what it is
   * asked for, unless it knows of nothing.
   */
  brief(
    link: OpenLink,
    { since, ask, quiet }: { since: number | undefined; ask: Ask | undefined; quiet: boolean },
  ): Memory {
    const { off } = this.#options;
    if (off.has("keep-texts")) this.#outbox.drop("unsent");
    const isFresh = since === undefined;
    const turns = isFresh && off.has("seed-when-fresh") ? [] : this.#history(since);
    const retold = this.#retell(link, turns, isFresh, ask);
    const waiting = this.send(link, quiet);
    const isLost = isFresh && retold === "nothing" && this.#hadConversation();
    if (
      ask &&
      !isLost &&
      retold !== "asking" &&
      !waiting.some((item) => item.kind !== "text" || item.respond)
    ) {
      this.#say(link, this.#requestFor(ask), true);
    }
    if (isLost) return "lost";
    return retold === "nothing" ? "kept" : "retold";
  }

  /** @returns `asking`: so that the model answers */
  #retell(link: OpenLink, turns: Turn[], isFresh: boolean, ask: Ask | undefined): Retold {
    const { connection } = link;
    if (turns.length === 0) {
      if (link.initialHistory) connection.sendContent([NO_HISTORY], true);
      return "nothing";
    }
    const { rules, requests, asked, note } = this.#options;
    const canBeTold = rules.texts === "content" || ask !== undefined || (isFresh && link.initialHistory);
    // No content may come any more, and any text would be answered.
    if (!canBeTold) return "nothing";
    note({ kind: "retold", entries: turns.length, whole: isFresh });
    if (isFresh && rules.seed === "answered-content") {
      const request = ask ? this.#requestFor(ask) : requests.back;
      connection.sendContent([...turns, { role: "user", text: request }], true);
      asked();
      return "asking";
    }
    if (isFresh && link.initialHistory) {
      connection.sendContent(turns, true);
    } else if (rules.texts === "content") {
      connection.sendContent(turns, false);
    } else if (ask) {
      // What is missing goes with the question.
      const told = turns.map(({ role, text }) => `${role}: ${text}`).join("\n");
      connection.sendRealtimeText(`${told}\n${this.#requestFor(ask)}`);
      asked();
      return "asking";
    }
    return "told";
  }

  #requestFor(ask: Ask): string {
    const { goOn, answer } = this.#options.requests;
    return ask === "go-on" ? goOn : answer;
  }

  #history(since: number | undefined): Turn[] {
    const { unsent } = this.#outbox;
    return briefing({
      turns: this.#options.conversation() ?? [],
      calls: this.#calls.filter(
        ({ id }) => !unsent.some((item) => item.kind === "tool-result" && item.id === id),
      ),
      since,
      without: unsent.flatMap((item) => (item.kind === "text" ? [item.text] : [])),
    });
  }

  #hadConversation(): boolean {
    const conversation = this.#options.conversation();
    return conversation === undefined || conversation.length > 0;
  }

  #say({ connection }: OpenLink, text: string, respond: boolean): void {
    const { rules, asked } = this.#options;
    if (rules.texts === "content") connection.sendContent([{ role: "user", text }], respond);
    else connection.sendRealtimeText(respond ? text : `${text}\n[For you to know; no answer is needed.]`);
    if (respond) asked();
  }
}
