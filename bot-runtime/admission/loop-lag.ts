import { monitorEventLoopDelay } from "node:perf_hooks";

/** How often the event loop is asked how late it is. A hold of it that is shorter is not seen, and does no harm. */
const RESOLUTION_MS = 10;
const NS_PER_MS = 1e6;

/** How late the event loop was. */
export interface LoopLag extends Disposable {
  /** The worst since the last time, in milliseconds. */
  read(): number;
}

/** The lag of this process's event loop. */
export function watchLoopLag(): LoopLag {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  return {
    read: () => {
      const worst = delays.max / NS_PER_MS - RESOLUTION_MS;
      delays.reset();
      return Math.max(0, worst);
    },
    [Symbol.dispose]: () => {
      delays.disable();
    },
  };
}
