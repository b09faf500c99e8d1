import type { FatalError } from "../signalling-messages.ts";
import type { RoomProperties } from "./room-properties.ts";
import type { Claims } from "./token-properties.ts";

export const EJECTED: FatalError = { type: "ejected", msg: "You were removed from this meeting." };

/** When a participant will be sent out, and what they will hear. */
export interface Ejection {
  atMs: number;
  error: FatalError;
}

interface EjectionSources {
  config: RoomProperties;
  claims: Claims | undefined;
  joinedAtMs: number;
}

/**
 * The earlier of: the end of the room or the token, so many seconds after joining; where they eject at all. A token that
 * sets either of its two eject properties overrides both of the room's (docs.daily.co, "Meeting tokens").
 */
export function nextEjection({ config, claims, joinedAtMs }: EjectionSources): Ejection | undefined {
  const byToken = claims?.ejt === true || claims?.eje !== undefined;
  const ends = byToken
    ? [
        ...end(claims.ejt, claims.exp, { type: "exp-token", msg: "The meeting token has expired." }),
        ...stay(claims.eje, joinedAtMs),
      ]
    : [
        ...end(config.eject_at_room_exp, config.exp, { type: "exp-room", msg: "This room has expired." }),
        ...stay(config.eject_after_elapsed, joinedAtMs),
      ];
  return ends.sort((a, b) => a.atMs - b.atMs)[0];
}

function end(ejects: boolean | undefined, expS: number | undefined, error: FatalError): Ejection[] {
  return ejects && expS !== undefined ? [{ atMs: expS * 1000, error }] : [];
}

function stay(elapsedS: number | undefined, joinedAtMs: number): Ejection[] {
  return elapsedS === undefined ? [] : [{ atMs: joinedAtMs + elapsedS * 1000, error: EJECTED }];
}
