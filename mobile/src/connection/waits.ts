import type { Connection } from "./connection.ts";

/** What a state waits for. A wait that goes on keeps its name, so that its time runs on as well. */
export type WaitName =
  | "device"
  | "session"
  | "join"
  | "assistant"
  | "network"
  | "rejoin"
  | "model"
  | "next-assistant";

/** How long each wait may take, in milliseconds. After it the state is left, whatever else happens. */
export const WAIT_LIMITS_MS: Readonly<Record<WaitName, number>> = {
  // A person reads the system's question, and perhaps looks up what it means.
  device: 120_000,
  // The service gives itself about 11 s for room and bot host. A session that starts later is never joined, and ends.
  session: 20_000,
  join: 20_000,
  // The official client itself would wait for ever.
  assistant: 20_000,
  // A change from Wi-Fi to mobile takes Daily some seconds. Beyond that a new join is quicker than its patience.
  network: 12_000,
  // The service holds a session for a caller who is away for 45 s, some of which are over by now.
  rejoin: 45_000,
  // The bot tries several ways back to the model, and ends the session itself when none is left.
  model: 120_000,
  // A bot host that froze is noticed after 30 s; a new bot is there some seconds later.
  "next-assistant": 60_000,
};

export interface Wait {
  readonly name: WaitName;
  readonly ms: number;
}

/** What a state waits for, and how long; `undefined` for one that may last. */
export function waitOf(connection: Connection): Wait | undefined {
  const name = nameOf(connection);
  return name === undefined ? undefined : { name, ms: WAIT_LIMITS_MS[name] };
}

function nameOf(connection: Connection): WaitName | undefined {
  switch (connection.phase) {
    case "idle":
    case "live":
    case "ended":
    case "failed":
      return undefined;
    case "permission":
      return "device";
    case "starting":
      return "session";
    case "connecting":
      return "join";
    case "waiting":
      return "assistant";
    case "reconnecting":
      return connection.by === "daily" ? "network" : "rejoin";
    case "recovering":
      return connection.assistant === "away" ? "model" : "next-assistant";
  }
}
