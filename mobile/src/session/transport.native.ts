import type { Transport } from "@pipecat-ai/client-js";
import type { RNDailyTransport } from "@pipecat-ai/react-native-daily-transport";
import type { CallTransport, TransportOptions } from "./client.ts";

/** On a phone. Browsers take `transport.ts`. */
export function createTransport(_options: TransportOptions): CallTransport {
  // Loaded with the first call: it replaces timers and globals of the app, which a first screen can do without.
  const loaded: {
    RNDailyTransport: typeof RNDailyTransport;
  } = require("@pipecat-ai/react-native-daily-transport");
  const transport = new loaded.RNDailyTransport();
  return {
    // It is one by its code and not by its types: its devices have kinds that a browser's do not have.
    transport: transport as unknown as Transport,
    call: transport.dailyCallClient,
  };
}

export const CAN_EMULATE_DAILY = false;
