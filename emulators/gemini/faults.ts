import { z } from "zod";

/** Longest delay or duration of a fault: an hour. */
const MAX_MS = 3_600_000;
const Ms = z.int().nonnegative().max(MAX_MS);

/** Codes that a server may put into a close frame: the protocol's own without 1004–1006, Google's, applications'. */
const CloseCode = z.union([
  z.int().min(1000).max(1003),
  z.int().min(1007).max(1014),
  z.int().min(3000).max(4999),
]);

/** Both may be left out: every open session and the next one, at once. The next one counts from its setup. */
const when = { session: z.string().optional(), afterMs: Ms.default(0) };

/** What can happen to a session. */
export const SessionFault = z.discriminatedUnion("fault", [
  z.strictObject({ ...when, fault: z.literal("close"), code: CloseCode, reason: z.string().default("") }),
  /** The connection breaks without a close frame. */
  z.strictObject({ ...when, fault: z.literal("drop") }),
  /** The server neither reads nor writes for a while, then carries on where it was. */
  z.strictObject({ ...when, fault: z.literal("freeze"), ms: Ms.min(1) }),
  /** The end of the connection is announced, and comes. */
  z.strictObject({ ...when, fault: z.literal("goAway"), timeLeftMs: Ms }),
  /** A frame that is no JSON. */
  z.strictObject({ ...when, fault: z.literal("malformed") }),
]);
export type SessionFault = z.output<typeof SessionFault>;

/** What can happen to the next connection, and only to that. */
const ConnectFault = z.discriminatedUnion("fault", [
  /** The handshake is answered with this HTTP status. */
  z.strictObject({ fault: z.literal("refuse"), status: z.int().min(400).max(599) }),
  z.strictObject({ fault: z.literal("slowSetup"), ms: Ms }),
]);
export type ConnectFault = z.output<typeof ConnectFault>;

/** Body of `POST /_emulator/faults`. */
export const Fault = z.discriminatedUnion("fault", [...ConnectFault.options, ...SessionFault.options]);
export type Fault = z.output<typeof Fault>;

export function isConnectFault(fault: Fault): fault is ConnectFault {
  return fault.fault === "refuse" || fault.fault === "slowSetup";
}

/** Faults that wait for a connection at one time; more are refused. */
const MAX_ARMED = 100;

/** Faults that wait for the next connection. */
export class ArmedFaults {
  #connect: ConnectFault[] = [];
  #session: SessionFault[] = [];

  /** @returns false when too many are waiting */
  arm(fault: Fault): boolean {
    if (this.#connect.length + this.#session.length >= MAX_ARMED) return false;
    if (isConnectFault(fault)) this.#connect.push(fault);
    else this.#session.push(fault);
    return true;
  }

  /** The status with which the next handshake is refused. Each refusal is for one handshake, in order. */
  takeRefusal(): number | undefined {
    const refusal = this.#connect.find((fault) => fault.fault === "refuse");
    this.#connect = this.#connect.filter((fault) => fault !== refusal);
    return refusal?.status;
  }

  /** How long the setup of the next session takes. */
  takeSetupMs(): number {
    const slow = this.#connect.find((fault) => fault.fault === "slowSetup");
    this.#connect = this.#connect.filter((fault) => fault !== slow);
    return slow?.ms ?? 0;
  }

  /** What happens to the next session after its setup. */
  takeSessionFaults(): SessionFault[] {
    const taken = this.#session;
    this.#session = [];
    return taken;
  }

  clear(): void {
    this.#connect = [];
    this.#session = [];
  }
}
