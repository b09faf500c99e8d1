import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { SessionView } from "../../../protocol/session.ts";
import { randomOf } from "../../support/random.ts";
import { type Stack, startStack } from "../../support/stack.ts";
import { ask, askJson } from "../leaks/ask.ts";
import { heardMs, longestGap, STEP_MS } from "./gaps.ts";
import { kill, type Victim } from "./kill.ts";
import { type Listener, Listeners } from "./listener.ts";

export interface CrashOptions {
  seed: number;
  victims: Victim[];
  /** Calls at a time, two to a page. */
  calls: number;
  progress?(done: number): void;
}

export interface Round {
  victim: Victim;
  /** Silence at the ears of those whose bot lost its page, from the last sound before to the first after. */
  lostGapsMs: number[];
  /** The longest silence at the others' ears, in the seconds around the crash and in as many before it. */
  otherGapsMs: number[];
  otherGapsBeforeMs: number[];
}

export interface CrashReport {
  rounds: Round[];
  /** What went wrong, in sentences. */
  complaints: string[];
}

/** A tone that goes on for as long as anybody listens. */
const TONE = { kind: "tone", hz: 440, durationMs: 30_000 };
const CALLS_PER_PAGE = 2;
/** To be heard before the crash, and again after it. */
const HEARD_MS = 1_000;
const AGAIN_WITHIN_MS = 30_000;
const POLL_MS = 100;
const TOLD_WITHIN_MS = 300;
/** Of undisturbed sound before a crash. */
const CALM_MS = 2_000;

const LogLine = z.looseObject({
  event: z.string(),
  sessionId: z.string().optional(),
  end: z.string().optional(),
});
const GeminiSessions = z.array(z.looseObject({ id: z.string(), open: z.boolean() }));
const BotHealth = z.looseObject({ active: z.number() });

/** Calls in which the bot speaks without a pause, while pages and browsers crash beneath them. */
export async function runCrash(options: CrashOptions): Promise<CrashReport> {
  await using stack = await startStack({
    botSettings: { CALLS_PER_PAGE: String(CALLS_PER_PAGE), BOT_CAPACITY: "16", MAX_LOOP_LAG_MS: "0" },
  });
  await using listeners = await Listeners.open();
  const random = randomOf(options.seed);
  const report: CrashReport = { rounds: [], complaints: [] };
  for (const victim of options.victims) {
    report.rounds.push(await runRound({ ...options, stack, listeners, random, victim }, report.complaints));
    options.progress?.(report.rounds.length);
  }
  return report;
}

interface RoundOptions extends Pick<CrashOptions, "calls"> {
  stack: Stack;
  listeners: Listeners;
  random: () => number;
  victim: Victim;
}

async function runRound(options: RoundOptions, complaints: string[]): Promise<Round> {
  const { stack, listeners, random, victim } = options;
  const all: Listener[] = [];
  try {
    for (let call = 0; call < options.calls; call++) {
      all.push(
        await listeners.connect(`${stack.edge.url}/api/rtvi/start`, `${stack.daily.url}/call-machine`),
      );
    }
    await ask(`${stack.gemini.url}/_emulator/say`, { method: "POST", body: { answer: TONE } });
    const begun = await Promise.all(all.map((listener) => listener.now()));
    await Promise.all(all.map((listener, index) => untilHeard(listener, begun[index] ?? 0)));
    // A calm while, to compare with.
    await sleep(CALM_MS + random() * 1_000);

    const lastLine = stack.bot.lines.at(-1) ?? "";
    const talking = await openGeminiSessions(stack);
    const crashedAt = await Promise.all(all.map((listener) => listener.now()));
    await kill(stack.bot.program, victim);
    const lostIds = await lostSince(stack, lastLine);
    const isLost = ({ sessionId }: Listener) => lostIds.has(sessionId);
    await Promise.all(
      all.map((listener, index) => untilHeard(listener, crashedAt[index] ?? 0, isLost(listener))),
    );
    const round: Round = { victim, lostGapsMs: [], otherGapsMs: [], otherGapsBeforeMs: [] };
    for (const [index, listener] of all.entries()) {
      const at = crashedAt[index] ?? 0;
      const after = await listener.levels(at);
      if (isLost(listener)) {
        round.lostGapsMs.push(longestGap(after).ms);
        continue;
      }
      round.otherGapsMs.push(longestGap(after).ms);
      const calm = CALM_MS / STEP_MS;
      const before = (await listener.levels(at - calm)).slice(0, calm);
      round.otherGapsBeforeMs.push(longestGap(before).ms);
    }
    if (round.lostGapsMs.length === 0) complaints.push(`${victim}: no call was lost`);
    for (const { sessionId } of all) {
      const view = await askJson(SessionView, `${stack.edge.url}/api/rtvi/${sessionId}`);
      if (view.state !== "active" || view.bot?.attempt !== 1) {
        complaints.push(`${victim}: session ${sessionId} is ${view.state}, attempt ${view.bot?.attempt}`);
      }
    }
    const talkingStill = await openGeminiSessions(stack);
    if (talkingStill.join() !== talking.join()) complaints.push(`${victim}: Gemini's sessions changed`);
    return round;
  } finally {
    for (const { page, sessionId } of all) {
      await page.context().close();
      await ask(`${stack.edge.url}/api/rtvi/${sessionId}/stop`, { method: "POST" });
    }
    await until("without calls", async () => {
      const { active } = await askJson(BotHealth, `${stack.bot.url}/health`);
      return active === 0;
    });
  }
}

/** Resolves when a second of sound was heard from that step on; of a lost call, after a silence. */
async function untilHeard(listener: Listener, from: number, afterGap = false): Promise<void> {
  await until("sound at every ear", async () => {
    const levels = await listener.levels(from);
    const { ms, at } = longestGap(levels);
    const rest = afterGap ? levels.slice(at + ms / STEP_MS) : levels;
    return (!afterGap || ms > 0) && heardMs(rest) >= HEARD_MS;
  });
}

/** The sessions whose room was lost since that line of the log. */
async function lostSince(stack: Stack, line: string): Promise<Set<string>> {
  const lost = () => {
    const since: string[] = stack.bot.lines.slice(stack.bot.lines.lastIndexOf(line) + 1);
    const entries = since.flatMap((text) => LogLine.safeParse(JSON.parse(text)).data ?? []);
    const ended = entries.filter(({ event, end }) => event === "room.ended" && end === "lost");
    return new Set(ended.map(({ sessionId = "" }) => sessionId));
  };
  await until("told of a lost room", async () => lost().size > 0);
  // The rooms of a page are told in one go; the pages of a browser as their processes exit.
  await sleep(TOLD_WITHIN_MS);
  return lost();
}

async function openGeminiSessions(stack: Stack): Promise<string[]> {
  const sessions = await askJson(GeminiSessions, `${stack.gemini.url}/_emulator/sessions`);
  return sessions.filter(({ open }) => open).map(({ id }) => id);
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + AGAIN_WITHIN_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Not ${what} within ${AGAIN_WITHIN_MS} ms`);
    await sleep(POLL_MS);
  }
}
