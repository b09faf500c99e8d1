import { z } from "zod";

/** Where on earth a bot host is, or a caller: the names that Cloudflare has for the places of Durable Objects. */
export const REGIONS = ["wnam", "enam", "sam", "weur", "eeur", "me", "afr", "apac", "oc"] as const;
export type Region = (typeof REGIONS)[number];

/**
 * For callers of each region, all of them from near to far: by geography and by where the long sea cables run. It
 * decides only who is asked first, so a wrong place costs some delay and never a call.
 */
const FROM_NEAR_TO_FAR: Record<Region, readonly Region[]> = {
  wnam: ["wnam", "enam", "apac", "weur", "oc", "eeur", "sam", "me", "afr"],
  enam: ["enam", "wnam", "weur", "eeur", "sam", "me", "apac", "afr", "oc"],
  sam: ["sam", "enam", "wnam", "weur", "eeur", "afr", "me", "apac", "oc"],
  weur: ["weur", "eeur", "enam", "me", "wnam", "afr", "apac", "sam", "oc"],
  eeur: ["eeur", "weur", "me", "enam", "afr", "wnam", "apac", "sam", "oc"],
  me: ["me", "eeur", "weur", "apac", "afr", "enam", "oc", "wnam", "sam"],
  afr: ["afr", "weur", "me", "eeur", "enam", "apac", "wnam", "sam", "oc"],
  apac: ["apac", "oc", "wnam", "me", "weur", "eeur", "enam", "afr", "sam"],
  oc: ["oc", "apac", "wnam", "enam", "me", "weur", "eeur", "afr", "sam"],
};

/**
 * How far a host is from a caller, as a place in an order: 0 is nearest. A host whose region nobody has said comes
 * after all others; where the caller is unknown, all are alike.
 */
export function distance(near: Region | undefined, host: Region | undefined): number {
  if (near === undefined) return 0;
  return host === undefined ? REGIONS.length : FROM_NEAR_TO_FAR[near].indexOf(host);
}

const degrees = z.coerce.number().optional().catch(undefined);

/** What Cloudflare knows of where a request comes from. `T1`, which is Tor, is no continent and says nothing. */
const Whereabouts = z.object({
  continent: z.enum(["AF", "AN", "AS", "EU", "NA", "OC", "SA"]),
  latitude: degrees,
  longitude: degrees,
});

/**
 * The region of a caller, by `request.cf`; `undefined` where that is missing, as outside Cloudflare. Nothing finer
 * than this leaves the Worker.
 */
export function regionOf(cf: unknown): Region | undefined {
  const parsed = Whereabouts.safeParse(cf);
  if (!parsed.success) return undefined;
  const { continent, latitude = 0, longitude } = parsed.data;
  switch (continent) {
    case "NA":
      // West of the Great Plains.
      return longitude !== undefined && longitude < -100 ? "wnam" : "enam";
    case "SA":
      return "sam";
    case "EU":
      // East of Vienna and Stockholm.
      return longitude !== undefined && longitude > 18 ? "eeur" : "weur";
    case "AF":
      // What is north of the Sahara has its cables to Europe.
      return latitude > 20 ? "weur" : "afr";
    case "AS":
      // As far as the Gulf and Iran.
      return longitude !== undefined && longitude < 62 ? "me" : "apac";
    case "OC":
    case "AN":
      return "oc";
  }
}
