import type { DailySettings } from "../settings.ts";
import { DailyApi, type DailyResult, type DomainInfo } from "./daily-api.ts";

/** Where the rooms of our Daily account are, and its id, which every token names. */
export interface DailyAccount {
  domainId: string;
  /** Without a trailing slash: a room's address is this, a slash and its name. */
  roomBase: string;
}

/** One quick read; it stands before everything else of a start when the settings do not hold the domain. */
const DOMAIN_BUDGET_MS = 3_000;

/** Only the answer is kept: a promise made by one request must not be awaited by another in Workers. */
let known: { apiKey: string; info: DomainInfo } | undefined;

/** From the settings where they hold it, else asked of Daily once per isolate. */
export async function dailyAccount(settings: DailySettings): Promise<DailyResult<DailyAccount>> {
  if (settings.domainName && settings.domainId) {
    return { ok: true, value: accountOf(settings, settings.domainName, settings.domainId) };
  }
  if (known?.apiKey !== settings.apiKey) {
    const asked = await new DailyApi(settings).domainInfo(DOMAIN_BUDGET_MS);
    if (!asked.ok) return asked;
    known = { apiKey: settings.apiKey, info: asked.value };
  }
  const { domain_name: domainName, domain_id: domainId } = known.info;
  return { ok: true, value: accountOf(settings, domainName, domainId) };
}

function accountOf(settings: DailySettings, domainName: string, domainId: string): DailyAccount {
  const roomBase = settings.emulated ? new URL(settings.apiUrl).origin : `https://${domainName}.daily.co`;
  return { domainId, roomBase };
}

/** Daily's rule for room names. */
const ROOM_NAME = /^[A-Za-z0-9_-]{1,128}$/;

/**
 * The name of a room by its address, if that is a room of ours: the address has to be exactly the account's
 * base and a name. Anything else (another host, a port, credentials, a query) is `undefined`, since a bot
 * would be sent there.
 */
export function roomNameOf(url: string, account: DailyAccount): string | undefined {
  const start = `${account.roomBase}/`;
  if (!url.startsWith(start)) return undefined;
  const name = url.slice(start.length);
  return ROOM_NAME.test(name) ? name : undefined;
}
