import type { WebSocketServer } from "ws";
import { z } from "zod";
import { ProblemError } from "../../protocol/errors.ts";
import { parseJson } from "../../protocol/parse.ts";
import type { Domain } from "./core/domain.ts";
import { Fault, type Faults } from "./core/faults.ts";
import type { RateLimits } from "./core/rate-limits.ts";
import { json, type Reply } from "./http.ts";
import type { Log } from "./log-events.ts";
import type { HeldSeats } from "./signalling-seat.ts";

const RateLimitsOrder = z.strictObject({ enabled: z.boolean() });

export interface ControlContext {
  domain: Domain;
  sockets: WebSocketServer;
  seats: HeldSeats;
  faults: Faults;
  rateLimits: RateLimits;
  /** What `reset` sets them to. */
  rateLimitsAtStart: boolean;
  log: Log;
}

interface ControlRequest {
  method: string;
  /** Behind `/_emulator/`. */
  path: string;
  body: string;
}

type Order = (context: ControlContext, body: string) => Reply;

/** What tests and people look at and steer, below `/_emulator/`. */
const ORDERS: Record<string, { method: "GET" | "POST"; order: Order }> = {
  state: { method: "GET", order: (context) => json(200, state(context)) },
  faults: {
    method: "POST",
    order: ({ faults, log }, body) => {
      const fault = parseJson(Fault, body);
      faults.inflict(fault);
      log({ event: "emulator.fault", fault: fault.fault });
      return json(200, fault);
    },
  },
  "rate-limits": {
    method: "POST",
    order: ({ rateLimits }, body) => {
      const { enabled } = parseJson(RateLimitsOrder, body);
      rateLimits.set(enabled);
      return json(200, { enabled });
    },
  },
  reset: { method: "POST", order: reset },
};

/** @throws ProblemError `not_found`, `method_not_allowed`, and what is wrong with the body. */
export function control(context: ControlContext, { method, path, body }: ControlRequest): Reply {
  const found = Object.hasOwn(ORDERS, path) ? ORDERS[path] : undefined;
  if (!found) throw new ProblemError("not_found", `There is no /_emulator/${path}.`);
  if (method !== found.method) {
    throw new ProblemError("method_not_allowed", `Only ${found.method} is possible here.`);
  }
  return found.order(context, body);
}

/** Who is where, also where the REST API does not look any more, so that it shows whether anything is left. */
function state({ domain, sockets }: ControlContext) {
  const rooms = domain.roomsInUse.map(({ name }) => ({
    name,
    participants: (domain.meeting(name)?.participants ?? []).map(({ sessionId, userId, userName }) => ({
      session_id: sessionId,
      user_id: userId,
      user_name: userName,
    })),
  }));
  return { rooms, sockets: sockets.clients.size };
}

function reset(context: ControlContext): Reply {
  const { domain, sockets, seats, faults, rateLimits, rateLimitsAtStart, log } = context;
  // First, or the sockets that are closed below would leave ghosts.
  faults.clear();
  rateLimits.set(rateLimitsAtStart);
  domain.reset();
  seats.clear();
  for (const socket of sockets.clients) socket.close();
  log({ event: "emulator.reset" });
  return json(200, { reset: true });
}
