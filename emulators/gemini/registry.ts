import type { WebSocket } from "ws";
import { type Clips, loadClips } from "./clips/clips.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import type { AnswerKind } from "./core/answer.ts";
import { AuthTokenStore } from "./core/auth-tokens.ts";
import type { BadKeyCode } from "./core/closes.ts";
import { HandleStore } from "./core/handles.ts";
import { type LiveSession, NOT_SET_UP } from "./core/live-session.ts";
import { DEMO, Orders } from "./core/orders.ts";
import { type Pace, USUAL_PACE } from "./core/pace.ts";
import { DEFAULT_SEED, Random } from "./core/random.ts";
import { RecordingBudget } from "./core/recording.ts";
import type { SessionView } from "./core/session-view.ts";
import { ArmedFaults, type CapConnection, type Fault, isConnectFault, type SessionFault } from "./faults.ts";
import type { Log } from "./log-events.ts";

/** Connections at one time, where nobody says otherwise; the next is refused as over quota. */
const MAX_OPEN_SESSIONS = 2_000;
/** Sessions that can be looked at after their end. The oldest is forgotten first. */
const MAX_ENDED_SESSIONS = 100;
/** For all recordings together: an hour of talk, both ways. The oldest ended sessions lose theirs first. */
const RECORDING_BYTES = 288 * 1024 * 1024;
/** How long a client has to answer the close frame of a shutdown. */
const SHUTDOWN_MS = 500;

const BAD_KEY_CODE: BadKeyCode = 1007;

export type SayOutcome =
  | { kind: "said"; sessions: string[] }
  | { kind: "no_such_session" }
  /** `why` is a sentence. */
  | { kind: "impossible"; why: string };

export type FaultOutcome =
  /** `next`: it also waits for the next connection. */
  | { kind: "planned"; sessions: string[]; next: boolean }
  | { kind: "no_such_session" }
  | { kind: "too_many" }
  /** The session is not of a kind that it could befall; `why` is a sentence. */
  | { kind: "impossible"; why: string };

/** All sessions of one emulator, open and ended, and what was ordered for the ones to come. */
export class Registry {
  readonly faults = new ArmedFaults();
  readonly tokens = new AuthTokenStore();
  readonly #log: Log;
  readonly #clips: Clips = loadClips();
  readonly #handles = new HandleStore();
  readonly #open = new Map<string, Connection>();
  readonly #ended: LiveSession[] = [];
  readonly #budget = new RecordingBudget(RECORDING_BYTES, () => this.#spareRecording());
  readonly #maxOpen: number;
  #answer = DEMO;
  #pace = USUAL_PACE;
  #heedsSpeech = true;
  #cap: CapConnection | undefined;
  #seed = DEFAULT_SEED;
  /** Sessions since the seed was set. */
  #seeded = 0;
  #badKeyCode = BAD_KEY_CODE;
  #count = 0;
  #whenEmpty: (() => void) | undefined;

  constructor(log: Log, maxOpen: number = MAX_OPEN_SESSIONS) {
    this.#log = log;
    this.#maxOpen = maxOpen;
  }

  get full(): boolean {
    return this.#open.size >= this.#maxOpen;
  }

  /** With which code a bad key closes. */
  get badKeyCode(): BadKeyCode {
    return this.#badKeyCode;
  }
  setBadKeyCode(code: BadKeyCode): void {
    this.#badKeyCode = code;
  }

  open(socket: WebSocket, { door, access }: Pick<ConnectionOptions, "door" | "access">): void {
    const id = `live-${++this.#count}`;
    const connection = new Connection({
      id,
      socket,
      door,
      access,
      clips: this.#clips,
      handles: this.#handles,
      budget: this.#budget,
      orders: new Orders({ answer: this.#answer, pace: this.#pace, heedsSpeech: this.#heedsSpeech }),
      random: new Random(this.#seed, this.#seeded++),
      planSetup: (resumedFrom) => ({
        plan: this.faults.takeSetupPlan(resumedFrom !== null),
        faults: resumedFrom === null ? [] : this.faults.takeResumeFaults(resumedFrom),
      }),
      faults: this.faults.takeSessionFaults(),
      cap: this.#cap,
      log: this.#log,
      ended: () => this.#end(connection),
    });
    this.#open.set(id, connection);
  }

  /** Oldest first, by when they were opened. */
  views(): SessionView[] {
    return [...this.#ended, ...this.#openSessions()]
      .map((session) => session.view())
      .sort((a, b) => a.id.localeCompare(b.id, "en", { numeric: true }));
  }

  find(id: string): LiveSession | undefined {
    return this.#open.get(id)?.session ?? this.#ended.find((session) => session.id === id);
  }

  /** For one open session, or for all and those to come. @returns false when there is no such open session */
  setAnswer(answer: AnswerKind, id?: string): boolean {
    if (id === undefined) this.#answer = answer;
    return this.#order(id, ({ orders }) => {
      orders.answer = answer;
    });
  }

  /** Lets one open session say it now, or all that have completed their setup. */
  sayNow({ answer, everyMs }: { answer: AnswerKind; everyMs?: number }, id?: string): SayOutcome {
    const said: string[] = [];
    const found = this.#order(id, ({ session }) => {
      if (!session.conversation) return;
      session.conversation.sayNow(answer, everyMs);
      said.push(session.id);
    });
    if (!found) return { kind: "no_such_session" };
    if (id !== undefined && said.length === 0) return { kind: "impossible", why: NOT_SET_UP };
    return { kind: "said", sessions: said };
  }

  /** For one open session, or for all and those to come. @returns as `setAnswer` does */
  setPace(pace: Pace, id?: string): boolean {
    if (id === undefined) this.#pace = pace;
    return this.#order(id, ({ orders }) => {
      orders.pace = pace;
    });
  }

  /** Likewise. */
  setHeedsSpeech(heedsSpeech: boolean, id?: string): boolean {
    if (id === undefined) this.#heedsSpeech = heedsSpeech;
    return this.#order(id, ({ orders }) => {
      orders.heedsSpeech = heedsSpeech;
    });
  }

  /** For the sessions to come, counted from here: the same seed makes of the same calls the same messages. */
  setSeed(seed: number): void {
    this.#seed = seed;
    this.#seeded = 0;
  }

  inflict(fault: Fault): FaultOutcome {
    if (isConnectFault(fault)) {
      return this.faults.arm(fault) ? { kind: "planned", sessions: [], next: true } : { kind: "too_many" };
    }
    if (fault.fault === "capConnection") return this.#capConnections(fault);
    if (fault.at === "onResume") return this.#inflictOnResume(fault);
    const named = fault.session === undefined ? undefined : this.#open.get(fault.session);
    if (fault.session !== undefined && !named) return { kind: "no_such_session" };
    if (fault.fault === "toolCall") return this.#callTools(fault, named);
    const next = !named;
    if (next && !this.faults.arm(fault)) return { kind: "too_many" };
    return this.#plan(fault, { struck: named ? [named] : [...this.#open.values()], next });
  }

  /**
   * No faults, no ordered answers or pace, the usual seed, ended sessions no more to be looked at. Calls go on, and handles stay good: a
   * client may be about to resume.
   */
  reset(): void {
    this.faults.clear();
    for (const connection of this.#open.values()) connection.reset();
    this.#answer = DEMO;
    this.#pace = USUAL_PACE;
    this.#heedsSpeech = true;
    this.#cap = undefined;
    this.setSeed(DEFAULT_SEED);
    this.#badKeyCode = BAD_KEY_CODE;
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

  #order(id: string | undefined, give: (connection: Connection) => void): boolean {
    const named = id === undefined ? [...this.#open.values()] : [this.#open.get(id)];
    for (const connection of named) if (connection) give(connection);
    return !named.includes(undefined);
  }

  #plan(
    fault: SessionFault,
    { struck, next }: { struck: readonly Connection[]; next: boolean },
  ): FaultOutcome {
    const sessions = struck.filter((connection) => connection.plan(fault)).map(({ session }) => session.id);
    return sessions.length < struck.length ? { kind: "too_many" } : { kind: "planned", sessions, next };
  }

  #inflictOnResume(fault: SessionFault): FaultOutcome {
    if (fault.session !== undefined && !this.find(fault.session)) return { kind: "no_such_session" };
    return this.faults.arm(fault) ? { kind: "planned", sessions: [], next: true } : { kind: "too_many" };
  }

  /** Of the open sessions, those that have the functions; not of ones to come, which may declare what they like. */
  #callTools(
    fault: Extract<SessionFault, { fault: "toolCall" }>,
    named: Connection | undefined,
  ): FaultOutcome {
    const asked = named ? [named] : [...this.#open.values()];
    const struck = asked.filter((connection) => connection.toolRefusal(fault) === undefined);
    if (struck.length > 0) return this.#plan(fault, { struck, next: false });
    return { kind: "impossible", why: asked[0]?.toolRefusal(fault) ?? "No session is open." };
  }

  #capConnections(cap: CapConnection): FaultOutcome {
    if (cap.session === undefined) this.#cap = cap;
    if (!this.#order(cap.session, (connection) => connection.cap(cap))) return { kind: "no_such_session" };
    const sessions = cap.session === undefined ? [...this.#open.keys()] : [cap.session];
    return { kind: "planned", sessions, next: cap.session === undefined };
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
