import type { RoomEnd } from "./room.ts";

/** How a call ended, from Daily's error type (daily-js `DailyFatalErrorType`) or our page's own `left`, `unknown`. */
export function roomEndOf(errorType: string, detail: string): RoomEnd {
  switch (errorType) {
    case "ejected":
      return { kind: "ejected" };
    case "exp-room":
    case "exp-token":
      return { kind: "expired" };
    case "left":
      return { kind: "failed", detail: "The call ended without a reason" };
    default:
      return { kind: "failed", detail: `${errorType}: ${detail}` };
  }
}
