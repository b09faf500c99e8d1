import fc, { type Arbitrary } from "fast-check";
import { headerText } from "./hostile.ts";
import type { CallerPlan, PlannedRequest, Service } from "./planned-request.ts";

export interface RequestOptions {
  services: readonly Service[];
  origins: { allowed: readonly string[]; foreign: readonly string[] };
  /** The largest body, in bytes. */
  maxBodyBytes: number;
  /** What can be sent in a header. */
  headerCharacters: "ascii" | "latin1";
  /** A few rooms that are not the service's own. */
  rooms: readonly string[];
}

export type Parts = Partial<Omit<PlannedRequest, "service" | "method" | "path">>;
/** One kind of request to an operation. */
export interface Recipe {
  /** How often it comes, against the others of its operation. */
  weight: number;
  parts: Arbitrary<Parts>;
}

/** Which of those that there are. */
export const index = fc.nat({ max: 999 });

export function junkCallers({ headerCharacters }: RequestOptions): Arbitrary<CallerPlan> {
  return fc
    .oneof(
      fc.constantFrom("Bearer", "Bearer ", "Bearer nobody's", "Basic YTpi", "bearer  x y", "Bearer a.b.c"),
      fc.constant(`Bearer ${"x".repeat(9_000)}`),
      headerText(headerCharacters),
      headerText(headerCharacters).map((text) => `Bearer ${text}`),
    )
    .map((authorization) => ({ kind: "text", authorization: authorization.trim() }));
}

export function pageOf(origin: string): Parts {
  return { headers: [["origin", origin]] };
}
