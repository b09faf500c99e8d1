import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Stack } from "../../support/stack.ts";
import { ask, askJson } from "./ask.ts";
import type { Counts } from "./verdict.ts";

/** From a call's end until no program has anything of it; a healthy machine needs a tenth of it. */
const CALL_OVER_WITHIN_MS = 15_000;
const POLL_MS = 50;

const DailyState = z.object({
  rooms: z.array(z.object({ name: z.string(), participants: z.array(z.object({ user_id: z.string() })) })),
  sockets: z.number(),
});
const GeminiSessions = z.array(z.object({ id: z.string(), open: z.boolean() }));
const BotHealth = z.object({ active: z.number() });

/** What the programs themselves say that they have of calls. All zeros when there is none. */
export async function callsInProgress(stack: Stack): Promise<Counts> {
  const [daily, gemini, bot, metrics] = await Promise.all([
    askJson(DailyState, `${stack.daily.url}/_emulator/state`),
    askJson(GeminiSessions, `${stack.gemini.url}/_emulator/sessions`),
    askJson(BotHealth, `${stack.bot.url}/health`),
    ask(`${stack.bot.url}/metrics`),
  ]);
  return {
    "Daily: participants": daily.rooms.flatMap(({ participants }) => participants).length,
    "Daily: signalling sockets": daily.sockets,
    "Gemini: open sessions": gemini.filter(({ open }) => open).length,
    "bot: calls": bot.active,
    "bot: rooms": metric(metrics, "chat_vrd_rooms"),
    "bot: promises that nobody dealt with": metric(metrics, "chat_vrd_unhandled_rejections_total"),
  };
}

/** Rooms of Daily. The edge lets each stay for a while after its call. */
export async function rooms(stack: Stack): Promise<number> {
  return (await askJson(DailyState, `${stack.daily.url}/_emulator/state`)).rooms.length;
}

/** The users in a room of Daily, by their ids there. */
export async function presentIn(stack: Stack, room: string): Promise<string[]> {
  const state = await askJson(DailyState, `${stack.daily.url}/_emulator/state`);
  const found = state.rooms.find(({ name }) => name === room);
  return found?.participants.map(({ user_id }) => user_id) ?? [];
}

/** @throws Error that says what is left, when something is */
export async function untilNoCalls(stack: Stack): Promise<void> {
  const nothing = (counts: Counts) => Object.values(counts).every((count) => count === 0);
  const last = await pollUntil(() => callsInProgress(stack), nothing, CALL_OVER_WITHIN_MS);
  if (!nothing(last)) throw new Error(`Calls are not over: ${JSON.stringify(last)}`);
}

/** Looks until what it sees is right or time is up. @returns what it saw last */
export async function pollUntil<Seen>(
  look: () => Promise<Seen>,
  right: (seen: Seen) => boolean,
  withinMs: number,
): Promise<Seen> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (right(seen) || performance.now() > deadline) return seen;
    await sleep(POLL_MS);
  }
}

function metric(text: string, name: string): number {
  const line = text.split("\n").find((one) => one.startsWith(`${name} `));
  if (line === undefined) throw new Error(`There is no metric ${name}`);
  return Number(line.slice(name.length + 1));
}
