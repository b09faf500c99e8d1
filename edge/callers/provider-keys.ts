import { waitUntil } from "cloudflare:workers";
import { createRemoteJWKSet, customFetch, type FetchImplementation, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { pause } from "../timing.ts";

/** Keys are asked for again after this long, so that one that was withdrawn stops counting. */
const KEYS_MAX_AGE_MS = 600_000;
/** A token with a key id that we do not know makes us ask again, but no more often than this. */
const KEYS_COOLDOWN_MS = 30_000;
/** A caller waits for this. */
const KEYS_TIMEOUT_MS = 3_000;
/** A provider that did not answer, or not with keys, is left in peace for this long. */
const KEYS_RETRY_MS = 2_000;
/** How often a caller looks whether the keys that another one asked for are there. */
const KEYS_LOOK_MS = 20;
/** Far above any set of keys. */
const MAX_KEYS_BYTES = 262_144;

/** As much of the answer as tells it from a page that says that something broke. jose looks at each key itself. */
const Keys = z.object({ keys: z.array(z.unknown()) });

/** The keys at an address, as jose asks for them. */
export function providerKeys(jwksUrl: string): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL(jwksUrl), {
    cacheMaxAge: KEYS_MAX_AGE_MS,
    cooldownDuration: KEYS_COOLDOWN_MS,
    timeoutDuration: KEYS_TIMEOUT_MS,
    [customFetch]: askingOnce(),
  });
}

/**
 * Asks the provider for one caller at a time, and not at all just after it failed. jose counts its cooldown from the
 * last answer: without this, tokens with made-up key ids that come at once would each make us ask, and each request
 * would wait for a provider that is down.
 */
function askingOnce(): FetchImplementation {
  let restUntil = 0;
  /** An end of its own, since a request that is cut off sets nothing back. */
  let askingUntil = 0;
  let latest: { at: number; body: string } | undefined;

  const ask = async (...request: Parameters<FetchImplementation>): Promise<string> => {
    askingUntil = Date.now() + KEYS_TIMEOUT_MS;
    try {
      const response = await fetch(...request);
      if (response.status !== 200) throw new Error(`the provider's keys were answered ${response.status}`);
      const body = await readBounded(response);
      Keys.parse(JSON.parse(body));
      latest = { at: Date.now(), body };
      return body;
    } catch (error) {
      restUntil = Date.now() + KEYS_RETRY_MS;
      throw error;
    } finally {
      askingUntil = 0;
    }
  };

  return async (url, init) => {
    const cameAt = Date.now();
    // Looked for rather than awaited: in Workers no request may wait for what another one does.
    while (Date.now() < askingUntil && !init.signal.aborted) await pause(KEYS_LOOK_MS);
    init.signal.throwIfAborted();
    if (Date.now() < restUntil) throw new Error("the provider's keys could not be had a moment ago");
    if (latest && latest.at >= cameAt) return new Response(latest.body);
    const asking = ask(url, init);
    // Others wait for it, also when this caller hangs up.
    waitUntil(asking.catch(() => {}));
    return new Response(await asking);
  };
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_KEYS_BYTES) throw new Error("the provider's keys are too many bytes");
    chunks.push(chunk);
  }
  return new Blob(chunks).text();
}
