import { z } from "zod";
import { Closes } from "./core/closes.ts";
import type { Moment } from "./core/conversation.ts";
import type { GoAway, SetupPlan } from "./core/live-session.ts";
import type { OrderedCall } from "./core/tools.ts";
import { MAX_RECENT_CHUNKS } from "./core/turn.ts";
import { OrderedMessage } from "./ordered-message.ts";

/** Longest delay or duration of a fault: an hour. */
const MAX_MS = 3_600_000;
const Ms = z.int().nonnegative().max(MAX_MS);
/** Turns or messages that one order can spoil. */
const Count = z.int().min(1).max(1_000).default(1);
const Chunks = z.int().min(1).max(MAX_RECENT_CHUNKS).default(2);

/** Largest frame that can be ordered, and the one that comes by default. Below what ends a connection as unread. */
const MAX_FRAME_BYTES = 24 * 1024 * 1024;
const FRAME_BYTES = 8 * 1024 * 1024;

/** Codes that a server may put into a close frame: the protocol's own without 1004–1006, Google's, applications'. */
const CloseCode = z.union([
  z.int().min(1000).max(1003),
  z.int().min(1007).max(1014),
  z.int().min(3000).max(4999),
]);
const closing = { code: CloseCode, reason: z.string().default("") };

/**
 * When a fault happens: `afterMs` after it was ordered, after the first sound of an answer, after a call of the
 * client's functions (where one is under way, at once), or after the setup of a connection that resumes a session.
 */
const At = z.enum(["now", "duringAnswer", "duringTool", "onResume"]).default("now");

/**
 * All may be left out: every open session and the next one, at once. The next one counts from its setup. With
 * `onResume` it is the next connection that resumes the session, or any.
 */
const when = { session: z.string().optional(), afterMs: Ms.default(0), at: At };

const ToolArgs = z.record(z.string(), z.unknown());
const FunctionCall = z.strictObject({
  name: z.string().min(1),
  args: ToolArgs.default({}),
  id: z.string().min(1).max(200).optional(),
});
/** Calls made together; as many as can wait for their results. */
const Calls = z.array(FunctionCall).min(1).max(32);

/** What can happen to a session. */
export const SessionFault = z.discriminatedUnion("fault", [
  z.strictObject({ ...when, fault: z.literal("close"), ...closing }),
  /** The connection breaks without a close frame. */
  z.strictObject({ ...when, fault: z.literal("drop") }),
  /** The server neither reads nor writes for a while, then carries on where it was. */
  z.strictObject({ ...when, fault: z.literal("freeze"), ms: Ms.min(1) }),
  /** The end of the connection is announced, and comes. `thenSilent`: in between the server says nothing more. */
  z.strictObject({
    ...when,
    fault: z.literal("goAway"),
    timeLeftMs: Ms,
    thenSilent: z.boolean().default(false),
  }),
  /** A frame that is no JSON. */
  z.strictObject({ ...when, fault: z.literal("malformed") }),
  /** A frame that ends in the middle of a character. */
  z.strictObject({ ...when, fault: z.literal("truncatedUtf8") }),
  /** A frame that is in order, and huge. */
  z.strictObject({
    ...when,
    fault: z.literal("oversizedFrame"),
    bytes: z.int().min(1_000).max(MAX_FRAME_BYTES).default(FRAME_BYTES),
  }),
  /** Messages that have fields and parts which nobody knows. */
  z.strictObject({ ...when, fault: z.literal("unknownFields"), count: Count }),
  /** From now on frames are text, not binary. */
  z.strictObject({ ...when, fault: z.literal("textFrames") }),
  /** From now on each field of a content has a message of its own, or all of one moment share one. */
  z.strictObject({ ...when, fault: z.literal("splitFrames") }),
  z.strictObject({ ...when, fault: z.literal("bundledFrames") }),
  /** Answers with all their messages, whose sound is digital silence. */
  z.strictObject({ ...when, fault: z.literal("silentTurns"), count: Count }),
  /** Answers that are nothing but their end: no sound, no words. */
  z.strictObject({ ...when, fault: z.literal("emptyTurns"), count: Count }),
  /** Answers that are refused: their end alone, which says so. */
  z.strictObject({ ...when, fault: z.literal("refusedTurns"), count: Count }),
  /** `interrupted`, though nobody has spoken. */
  z.strictObject({ ...when, fault: z.literal("phantomInterrupted") }),
  /** At the next interruption, sound of the answer that was cut off comes again, or comes all the same. */
  z.strictObject({
    ...when,
    fault: z.enum(["duplicateAudio", "lateAudio"]),
    chunks: Chunks,
    after: z.enum(["interrupted", "turnComplete"]).default("interrupted"),
  }),
  /** The model calls one function of the client, or several at once. */
  z
    .strictObject({
      ...when,
      fault: z.literal("toolCall"),
      name: z.string().min(1).optional(),
      args: ToolArgs.optional(),
      id: z.string().min(1).max(200).optional(),
      calls: Calls.optional(),
    })
    .refine(({ name, calls }) => (name === undefined) !== (calls === undefined), {
      error: "has either a name or calls",
    })
    .refine(({ args, id, calls }) => !calls || (args === undefined && id === undefined), {
      error: "args and id belong into calls",
    }),
  /** A message that this emulator sends only by order. */
  z.strictObject({ ...when, fault: z.literal("message"), message: OrderedMessage }),
]);
export type SessionFault = z.output<typeof SessionFault>;

/** What can happen to the next connection, or to the next that resumes a session, and only to that. */
const next = { at: z.enum(["now", "onResume"]).default("now") };

const ConnectFault = z.discriminatedUnion("fault", [
  /** The handshake is answered with this HTTP status. What it asks for is not known yet, so it has no `at`. */
  z.strictObject({ fault: z.literal("refuse"), status: z.int().min(400).max(599) }),
  /** The handshake is answered late, or by the end of the connection. */
  z.strictObject({ fault: z.literal("slowHandshake"), ms: Ms }),
  z.strictObject({ fault: z.literal("resetHandshake") }),
  z.strictObject({ ...next, fault: z.literal("slowSetup"), ms: Ms }),
  /** `setupComplete` does not come. */
  z.strictObject({ ...next, fault: z.literal("noSetup") }),
  /** The setup is answered by a close. */
  z.strictObject({ ...next, fault: z.literal("refuseSetup"), ...closing }),
  /** So is this one, with Google's words on a quota that is used up. */
  z.strictObject({ ...next, fault: z.literal("quota") }),
]);
export type ConnectFault = z.output<typeof ConnectFault>;

/**
 * How long a connection may last. It stays in force until reset: for one session, or for all that are open (from now
 * on) and all to come (from their setup).
 */
const CapConnection = z
  .strictObject({
    fault: z.literal("capConnection"),
    session: z.string().optional(),
    ms: Ms.min(1),
    /** How long before the end goAway comes. */
    timeLeftMs: Ms.optional(),
    /** Both are reported of Google: 1011 at its deadline, 1000 at the limit of ten minutes. */
    code: z.literal([1000, 1011]).default(1011),
  })
  .refine(({ ms, timeLeftMs = 0 }) => timeLeftMs <= ms, { error: "timeLeftMs is above ms" });
export type CapConnection = z.output<typeof CapConnection>;

/** Body of `POST /_emulator/faults`. */
export const Fault = z.discriminatedUnion("fault", [
  ...ConnectFault.options,
  ...SessionFault.options,
  CapConnection,
]);
export type Fault = z.output<typeof Fault>;

const CONNECT_FAULTS: ReadonlySet<string> = new Set<ConnectFault["fault"]>([
  "refuse",
  "slowHandshake",
  "resetHandshake",
  "slowSetup",
  "noSetup",
  "refuseSetup",
  "quota",
]);

export function isConnectFault(fault: Fault): fault is ConnectFault {
  return CONNECT_FAULTS.has(fault.fault);
}

/** Google announces the end 50 s before (a log of a real session), or at once where a connection lasts less. */
const USUAL_TIME_LEFT_MS = 50_000;

/** What a cap means for one connection, `afterMs` after it begins to count. */
export function capOf(cap: CapConnection): { afterMs: number; goAway: GoAway } {
  const timeLeftMs = cap.timeLeftMs ?? Math.min(USUAL_TIME_LEFT_MS, cap.ms);
  const close = cap.code === 1000 ? Closes.cancelled : Closes.deadline;
  return { afterMs: cap.ms - timeLeftMs, goAway: { timeLeftMs, close, thenSilent: false } };
}

/** The calls that an order of them means. */
export function callsOf(fault: Extract<SessionFault, { fault: "toolCall" }>): OrderedCall[] {
  if (fault.calls) return fault.calls;
  return [{ name: fault.name ?? "", args: fault.args ?? {}, id: fault.id }];
}

/** The moment that a fault waits for in a session that is open. */
export function momentOf({ at }: SessionFault): Moment | undefined {
  return at === "duringAnswer" || at === "duringTool" ? at : undefined;
}

/** Faults that wait for a connection at one time; more are refused. */
const MAX_ARMED = 100;

type HandshakeFault = Extract<ConnectFault, { fault: "refuse" | "slowHandshake" | "resetHandshake" }>;

function isHandshakeFault(fault: ConnectFault): fault is HandshakeFault {
  return fault.fault === "refuse" || fault.fault === "slowHandshake" || fault.fault === "resetHandshake";
}

/** Faults that wait for the next connection. */
export class ArmedFaults {
  #connect: ConnectFault[] = [];
  #session: SessionFault[] = [];

  /** @returns false when too many are waiting */
  arm(fault: ConnectFault | SessionFault): boolean {
    if (this.#connect.length + this.#session.length >= MAX_ARMED) return false;
    if (isConnectFault(fault)) this.#connect.push(fault);
    else this.#session.push(fault);
    return true;
  }

  /** What becomes of the next handshake. One fault each, in the order in which they were armed. */
  takeHandshake(): HandshakeFault | undefined {
    const fault = this.#connect.find(isHandshakeFault);
    this.#connect = this.#connect.filter((one) => one !== fault);
    return fault;
  }

  /** What becomes of the next setup. One fault each, in the order in which they were armed. */
  takeSetupPlan(resumes: boolean): SetupPlan {
    const fault = this.#connect.find((one) => !isHandshakeFault(one) && (one.at === "now" || resumes));
    this.#connect = this.#connect.filter((one) => one !== fault);
    switch (fault?.fault) {
      case "slowSetup":
        return { kind: "complete", afterMs: fault.ms };
      case "noSetup":
        return { kind: "never" };
      case "refuseSetup":
        return { kind: "close", close: { code: fault.code, reason: fault.reason } };
      case "quota":
        return { kind: "close", close: Closes.quota };
      default:
        return { kind: "complete", afterMs: 0 };
    }
  }

  /** What happens to the next session after its setup, whatever that is. */
  takeSessionFaults(): SessionFault[] {
    return this.#take(({ at }) => at !== "onResume");
  }

  /** What happens to the next session that resumes this one. */
  takeResumeFaults(resumedFrom: string): SessionFault[] {
    return this.#take(
      ({ at, session }) => at === "onResume" && (session === undefined || session === resumedFrom),
    );
  }

  clear(): void {
    this.#connect = [];
    this.#session = [];
  }

  #take(isTaken: (fault: SessionFault) => boolean): SessionFault[] {
    const taken = this.#session.filter(isTaken);
    this.#session = this.#session.filter((fault) => !taken.includes(fault));
    return taken;
  }
}
