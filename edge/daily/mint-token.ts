import type { DailySettings } from "../settings.ts";
import { DailyApi, type DailyResult } from "./daily-api.ts";
import { type MeetingToken, signMeetingToken } from "./tokens.ts";

/** A meeting token, signed as the settings say. Signing it ourselves cannot fail; asking Daily keeps to the budget. */
export async function mintToken(
  settings: Pick<DailySettings, "apiUrl" | "apiKey" | "tokenMode">,
  token: MeetingToken,
  budgetMs: number,
): Promise<DailyResult<string>> {
  switch (settings.tokenMode) {
    case "self":
      return { ok: true, value: await signMeetingToken(settings.apiKey, token) };
    case "api":
      return new DailyApi(settings).createToken(token, budgetMs);
  }
}
