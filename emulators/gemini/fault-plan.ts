import type { Moment } from "./core/conversation.ts";
import { momentOf, type SessionFault } from "./faults.ts";

/** Faults that wait on one connection; more are refused. */
const MAX_PENDING_FAULTS = 100;

export interface FaultPlanOptions {
  apply(fault: SessionFault): void;
  /** Whether it is that moment now. */
  is(moment: Moment): boolean;
}

/** The faults that a connection still has before it: each waits for its moment, and then for its time. */
export class FaultPlan {
  readonly #options: FaultPlanOptions;
  readonly #timers = new Set<NodeJS.Timeout>();
  #waiting: SessionFault[] = [];

  constructor(options: FaultPlanOptions) {
    this.#options = options;
  }

  /** One that is due happens before this returns. @returns false when too many are waiting */
  add(fault: SessionFault): boolean {
    if (this.#timers.size + this.#waiting.length >= MAX_PENDING_FAULTS) return false;
    const moment = momentOf(fault);
    if (moment !== undefined && !this.#options.is(moment)) this.#waiting.push(fault);
    else if (fault.afterMs === 0) this.#options.apply(fault);
    else this.#after(fault);
    return true;
  }

  /** Never in the same breath: no fault happens in the middle of what the session is doing. */
  happened(moment: Moment): void {
    const due = this.#waiting.filter((fault) => momentOf(fault) === moment);
    this.#waiting = this.#waiting.filter((fault) => momentOf(fault) !== moment);
    for (const fault of due) this.#after(fault);
  }

  clear(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#waiting = [];
  }

  #after(fault: SessionFault): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#options.apply(fault);
    }, fault.afterMs);
    this.#timers.add(timer);
  }
}
