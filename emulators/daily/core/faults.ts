import { z } from "zod";
import { ProblemError } from "../../../protocol/errors.ts";

/** Longest delay or duration of a fault, in milliseconds: an hour. */
const MAX_MS = 3_600_000;
const Ms = z.int().nonnegative().max(MAX_MS);

/** Most calls or messages that one fault is for: more than any test sends. */
const MAX_COUNT = 10_000;
const Count = z.int().positive().max(MAX_COUNT);

/** What befalls the next REST calls: a delay, an error instead of the answer, or both. */
const RestFault = z
  .strictObject({
    fault: z.literal("rest"),
    /** The call is answered with this status, in Daily's error shape, and has no effect. */
    status: z.int().min(400).max(599).optional(),
    delayMs: Ms.optional(),
    /** How many calls it is for. */
    count: Count.default(1),
  })
  .refine(({ status, delayMs }) => status !== undefined || delayMs !== undefined, {
    message: "needs a status, a delayMs or both",
  });

/** Body of `POST /_emulator/faults`. */
export const Fault = z.discriminatedUnion("fault", [
  /** A participant whose socket breaks stays in the meeting for so long. Lasts until it is cleared. */
  z.strictObject({ fault: z.literal("ghost"), ms: Ms }),
  /** A room can be joined only so long after its creation. Lasts until it is cleared. */
  z.strictObject({ fault: z.literal("roomLate"), ms: Ms }),
  RestFault,
  /** So many app messages vanish. */
  z.strictObject({ fault: z.literal("dropAppMessages"), count: Count }),
  /** So many joins are refused as those of a daily-js that Daily serves no longer. */
  z.strictObject({ fault: z.literal("endOfLife"), count: Count.default(1) }),
  /** Every signalling socket is cut without a word, and for so long no new one is taken. */
  z.strictObject({ fault: z.literal("dropSignalling"), ms: Ms.default(0) }),
]);
export type Fault = z.output<typeof Fault>;
type RestFault = z.output<typeof RestFault>;

/** REST faults that wait at one time; more are refused. */
const MAX_WAITING = 100;

/** What the emulator does wrong on purpose. Nothing until it is told to. */
export class Faults {
  #ghostMs = 0;
  #roomLateMs = 0;
  #appMessagesToDrop = 0;
  #outdatedJoins = 0;
  #signallingBackAtMs = 0;
  #rest: RestFault[] = [];
  #untilCleared = new AbortController();
  /** Each in an object of its own, so that one function may listen twice. */
  readonly #cutListeners = new Set<{ listener: () => void }>();

  /** @throws ProblemError `conflict` when too many are waiting. */
  inflict(fault: Fault): void {
    switch (fault.fault) {
      case "ghost":
        this.#ghostMs = fault.ms;
        break;
      case "roomLate":
        this.#roomLateMs = fault.ms;
        break;
      case "rest":
        if (this.#rest.length >= MAX_WAITING) {
          throw new ProblemError("conflict", "Too many faults are waiting. POST /_emulator/reset.");
        }
        this.#rest.push(fault);
        break;
      case "dropAppMessages":
        this.#appMessagesToDrop = fault.count;
        break;
      case "endOfLife":
        this.#outdatedJoins = fault.count;
        break;
      case "dropSignalling":
        this.#signallingBackAtMs = Date.now() + fault.ms;
        for (const { listener } of [...this.#cutListeners]) listener();
        break;
    }
  }

  /** Ends every fault. Who listens for cuts goes on listening. */
  clear(): void {
    this.#ghostMs = 0;
    this.#roomLateMs = 0;
    this.#appMessagesToDrop = 0;
    this.#outdatedJoins = 0;
    this.#signallingBackAtMs = 0;
    this.#rest = [];
    this.#untilCleared.abort();
    this.#untilCleared = new AbortController();
  }

  /** Aborts at the next `clear`, so that no delay that is under way goes on after it. */
  get cleared(): AbortSignal {
    return this.#untilCleared.signal;
  }

  /** How long a participant whose socket broke without a leave stays in the meeting, in milliseconds; 0: not at all. */
  get ghostMs(): number {
    return this.#ghostMs;
  }

  /** How long after its creation a room is not yet there for joins, which hear `no-room`, in milliseconds. */
  get roomLateMs(): number {
    return this.#roomLateMs;
  }

  /** Whether new signalling sockets are refused now. */
  get refusesSignalling(): boolean {
    return Date.now() < this.#signallingBackAtMs;
  }

  /** True when this app message has to vanish; counts down. */
  dropsAppMessage(): boolean {
    if (this.#appMessagesToDrop === 0) return false;
    this.#appMessagesToDrop -= 1;
    return true;
  }

  /** True when this join has to hear `end-of-life`; counts down. */
  refusesAsOutdated(): boolean {
    if (this.#outdatedJoins === 0) return false;
    this.#outdatedJoins -= 1;
    return true;
  }

  /** What befalls the next REST call. Faults are used up in the order in which they were inflicted. */
  takeRest(): { status?: number; delayMs?: number } | undefined {
    const [next, ...later] = this.#rest;
    if (!next) return undefined;
    const { status, delayMs, count } = next;
    this.#rest = count > 1 ? [{ ...next, count: count - 1 }, ...later] : later;
    return { ...(status === undefined ? {} : { status }), ...(delayMs === undefined ? {} : { delayMs }) };
  }

  /** Calls back at each cut of the signalling, until the returned subscription is disposed. */
  onSignallingCut(listener: () => void): Disposable {
    const subscription = { listener };
    this.#cutListeners.add(subscription);
    return { [Symbol.dispose]: () => void this.#cutListeners.delete(subscription) };
  }
}
