import type { StartSignal } from "../../protocol/bot-host.ts";
import { linkPath } from "../../protocol/link.ts";
import type { Takeover } from "../../protocol/takeover.ts";
import { botUserId } from "../../protocol/user-id.ts";
import type { DailyAccount } from "../daily/account.ts";
import type { DailyResult } from "../daily/daily-api.ts";
import { mintToken } from "../daily/mint-token.ts";
import type { Settings } from "../settings.ts";
import { signLinkToken } from "./link-token.ts";
import type { SessionRecord } from "./record.ts";
import type { Brief } from "./store.ts";

/** Where Daily signs. */
const TOKEN_BUDGET_MS = 3_000;

export interface SignalParts {
  record: SessionRecord;
  brief: Brief;
  attempt: number;
  /** For a bot that is not the session's first. */
  takeover: Takeover | undefined;
}

/** What a bot host is sent, with the bot's two credentials made for this attempt. */
export async function startSignal(
  { record, brief, attempt, takeover }: SignalParts,
  { account, settings }: { account: DailyAccount; settings: Settings },
): Promise<DailyResult<StartSignal>> {
  const { sessionId, expiresAt, room } = record;
  const [token, linkToken] = await Promise.all([
    mintToken(
      settings.daily,
      {
        domainId: account.domainId,
        roomName: room.name,
        expiresAt,
        userId: botUserId(attempt),
        userName: settings.botName,
        role: { kind: "bot" },
      },
      TOKEN_BUDGET_MS,
    ),
    signLinkToken(settings.signingKey, { sessionId, attempt, expiresAt }),
  ]);
  if (!token.ok) return token;
  const signal: StartSignal = {
    sessionId,
    attempt,
    room: { url: room.url, name: room.name },
    token: token.value,
    botName: settings.botName,
    language: record.language,
    ...(brief.voice === undefined ? {} : { voice: brief.voice }),
    user: brief.user,
    metadata: brief.metadata,
    expiresAt: new Date(expiresAt).toISOString(),
    link: { url: `${settings.publicUrl.replace(/^http/, "ws")}${linkPath(sessionId)}`, token: linkToken },
    ...(takeover === undefined ? {} : { takeover }),
  };
  return { ok: true, value: signal };
}
