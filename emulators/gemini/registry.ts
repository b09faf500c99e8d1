import type { WebSocket } from "ws";
import { type Clips, loadClips } from "./clips/clips.ts";
import { Connection } from "./connection.ts";
import type { AnswerKind } from "./core/answer.ts";
import { HandleStore } from "./core/handles.ts";
import type { LiveSession, SessionView } from "./core/live-session.ts";
import { RecordingBudget } from "./core/recording.ts";
import { ArmedFaults, type Fault, isConnectFault } from "./faults.ts";
import type { Log } from "./log-events.ts";

/** Connections at one time; the next is refused as over quota. */
const MAX_OPEN_SESSIONS = 2_000;
/** Sessions that can be looked at after their end. The oldest is forgotten first. */
const MAX_ENDED_SESSIONS = 100;
/** For all recordings together: an hour of talk, both ways. The oldest ended sessions lose theirs first. */
const RECORDING_BYTES = 288 * 1024 * 1024;
/** How long a client has to answer the close frame of a shutdown. */
const SHUTDOWN_MS = 500;

const DEMO: AnswerKind = { kind: "demo" };

export type FaultOutcome =
  /** `next`: it also waits for the next connection. */
  { kind: "planned"; sessions: string[]; next: boolean } | { kind: "no_such_session" } | { kind: "too_many" };

/** All sessions of one emulator, open and ended, and what was ordered for the ones to come. */
export class Registry {
  readonly faults = new ArmedFaults();
  readonly #log: Log;
  readonly #clips: Clips = loadClips();
  readonly #handles = new HandleStore();
  readonly #open = new Map<string, Connection>();
  readonly #ended: LiveSession[] = [];
  readonly #budget = new RecordingBudget(RECORDING_BYTES, () => this.#spareRecording());
  #answer = DEMO;
  #count = 0;
  #whenEmpty: (() => void) | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  get full(): boolean {
    return this.#open.size >= MAX_OPEN_SESSIONS;
  }

  open(socket: WebSocket, apiVersion: string): void {
    const id = `live-${++this.#count}`;
    const connection = new Connection({
      id,
      socket,
      apiVersion,
      clips: this.#clips,
      handles: this.#handles,
      budget: this.#budget,
      answer: this.#answer,
      setupMs: this.faults.takeSetupMs(),
      faults: this.faults.takeSessionFaults(),
      log: this.#log,
      ended: () => this.#end(connection),
    });
    this.#open.set(id, connection);
  }

  /** Oldest first. */
  views(): SessionView[] {
    return [...this.#ended, ...this.#openSessions()].map((session) => session.view());
  }

  find(id: string): LiveSession | undefined {
    return this.#open.get(id)?.session ?? this.#ended.find((session) => session.id === id);
  }

  /** For one open session, or for all and those to come. @returns false when there is no such open session */
  setAnswer(answer: AnswerKind, id?: string): boolean {
    if (id !== undefined) {
      this.#open.get(id)?.session.setAnswer(answer);
      return this.#open.has(id);
    }
    this.#answer = answer;
    for (const session of this.#openSessions()) session.setAnswer(answer);
    return true;
  }

  inflict(fault: Fault): FaultOutcome {
    if (isConnectFault(fault)) {
      return this.faults.arm(fault) ? { kind: "planned", sessions: [], next: true } : { kind: "too_many" };
    }
    const named = fault.session === undefined ? undefined : this.#open.get(fault.session);
    if (fault.session !== undefined && !named) return { kind: "no_such_session" };
    const next = !named;
    if (next && !this.faults.arm(fault)) return { kind: "too_many" };
    const struck = named ? [named] : [...this.#open.values()];
    const sessions = struck.filter((connection) => connection.plan(fault)).map(({ session }) => session.id);
    return sessions.length < struck.length ? { kind: "too_many" } : { kind: "planned", sessions, next };
  }

  /**
   * No faults, no ordered answers, ended sessions no more to be looked at. Calls go on, and handles stay good: a
   * client may be about to resume.
   */
  reset(): void {
    this.faults.clear();
    for (const connection of this.#open.values()) connection.reset();
    this.setAnswer(DEMO);
    for (const session of this.#ended.splice(0)) forgetRecordings(session);
  }

  /** Closes every session; resolves when the last socket is closed. */
  async close(): Promise<void> {
    if (this.#open.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
    });
    for (const connection of this.#open.values()) connection.shutDown();
    const timer = setTimeout(() => {
      for (const connection of this.#open.values()) connection.terminate();
    }, SHUTDOWN_MS);
    await empty;
    clearTimeout(timer);
  }

  #openSessions(): LiveSession[] {
    return [...this.#open.values()].map((connection) => connection.session);
  }

  #end({ session }: Connection): void {
    this.#open.delete(session.id);
    this.#ended.push(session);
    while (this.#ended.length > MAX_ENDED_SESSIONS) {
      const oldest = this.#ended.shift();
      if (oldest) forgetRecordings(oldest);
    }
    if (this.#open.size === 0) this.#whenEmpty?.();
  }

  #spareRecording(): boolean {
    const spared = this.#ended.find(({ received, sent }) => received.keptBytes + sent.keptBytes > 0);
    if (spared) forgetRecordings(spared);
    return spared !== undefined;
  }
}

function forgetRecordings({ received, sent }: LiveSession): void {
  received.clear();
  sent.clear();
}
