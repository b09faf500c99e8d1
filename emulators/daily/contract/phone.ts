/** One call object of daily-js in a page of the browser tests, driven from outside. */
import type { Page } from "playwright-core";

/** An event of daily-js, or an answer; each test asserts on what it needs of it. */
export type Heard = { action: string } & Record<string, unknown>;
export type Answer = { value?: unknown; error?: unknown; hangs?: true; missing?: true };

export interface Participant extends Record<string, unknown> {
  session_id: string;
  tracks: Record<string, { state: string } & Record<string, unknown>>;
}

/** One call object in a page. */
export class Phone {
  readonly page: Page;
  readonly #name: string;

  constructor(page: Page, name: string) {
    this.page = page;
    this.#name = name;
  }

  /** Calls a function of the page's with this phone's name first. The caller asserts on the result. */
  ask<Result = unknown>(name: string, ...args: unknown[]): Promise<Result> {
    return this.page.evaluate<Result>(`phones.${name}(...${JSON.stringify([this.#name, ...args])})`);
  }

  /** Calls a method of the call object, and waits for its promise. */
  do(method: string, ...args: unknown[]): Promise<Answer> {
    return this.ask<Answer>("method", method, args);
  }

  /** Calls a method and waits for nothing. */
  start(method: string, ...args: unknown[]): Promise<void> {
    return this.ask("start", method, args);
  }

  /** What was heard so far, all or of one kind. */
  async events(action?: string): Promise<Heard[]> {
    const events = await this.ask<Heard[]>("events");
    return action === undefined ? events : events.filter((event) => event.action === action);
  }

  /** The last event of a kind. */
  async last(action: string): Promise<Heard | undefined> {
    return (await this.events(action)).at(-1);
  }

  /** Local first. */
  async participants(): Promise<Participant[]> {
    const { value } = await this.do("participants");
    return Object.values(value as Record<string, Participant>);
  }

  async participant(id: string): Promise<Participant | undefined> {
    return (await this.participants()).find(({ session_id }) => session_id === id);
  }

  async track(id: string, kind = "audio") {
    return (await this.participant(id))?.tracks[kind];
  }

  hear(id?: string): Promise<{ frequencyHz: number; rms: number }> {
    return this.ask("hear", ...(id === undefined ? [] : [id]));
  }

  remains(): Promise<Record<string, number>> {
    return this.page.evaluate("phones.remains()");
  }
}
