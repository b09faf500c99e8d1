import { DailyTransport } from "@pipecat-ai/daily-transport";
import type { CallTransport, TransportOptions } from "./client.ts";

/** In a browser. Phones take `transport.native.ts`. */
export function createTransport({ bundlePathOverride }: TransportOptions): CallTransport {
  const transport = new DailyTransport({
    dailyConfig: {
      // The call machine as a script of its address rather than as text that is evaluated: the page's policy then
      // names one origin instead of allowing every string to become code.
      avoidEval: true,
      ...(bundlePathOverride === undefined ? {} : { bundlePathOverride }),
    },
  });
  return { transport, call: transport.dailyCallClient };
}

/** Whether a call machine can be loaded from elsewhere than from Daily. */
export const CAN_EMULATE_DAILY = true;
