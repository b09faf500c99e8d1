import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { SessionView } from "../../../protocol/session.ts";
import { randomOf } from "../../support/random.ts";
import { type Stack, type StackProgram, startStack } from "../../support/stack.ts";
import { heardMs, longestGap, STEP_MS } from "../crash/gaps.ts";
import { type Listener, Listeners } from "../crash/listener.ts";
import { ask, askJson } from "../leaks/ask.ts";

/**
 * `kill`: the bot runtime dies in mid-sentence. `ghost`: and its participant stays in the room for 10 s, as with Daily.
 * `deploy`: it is asked to end, and its calls are handed over.
 */
export type Way = "kill" | "ghost" | "deploy";

export interface RecoveryOptions {
  seed: number;
  ways: Way[];
  /** Calls at a time, on both bot runtimes. */
  calls: number;
  progress?(done: number): void;
}

export interface Round {
  way: Way;
  /** Silence at the ears of those whose bot went, from the last sound of one bot to the first of the next. */
  gapsMs: number[];
}

export interface RecoveryReport {
  rounds: Round[];
  /** What went wrong, in sentences. */
  complaints: string[];
}

/** A tone that goes on for longer than a round, and one that leaves pauses in which a call can be handed over. */
const LONG_TONE = { kind: "tone", hz: 440, durationMs: 30_000 };
const SHORT_TONE = { kind: "tone", hz: 440, durationMs: 400 };
export const SHORT_TONE_EVERY_MS = 1_000;
/** What a bot says that has taken over. */
const ANSWER = { kind: "tone", hz: 440, durationMs: 3_000 };
const GHOST_MS = 10_000;
/** To be heard before a bot goes, and again afterwards. */
const HEARD_MS = 1_000;
const WITHIN_MS = 45_000;
const POLL_MS = 100;
/** Until a bot goes, at a time that nobody chose. */
const CALM_MS = 1_000;

const BotHealth = z.looseObject({ active: z.number() });
const Rooms = z.looseObject({
  rooms: z.array(
    z.looseObject({ name: z.string(), participants: z.array(z.looseObject({ user_id: z.string() })) }),
  ),
});

/** Calls in which the bot speaks, while one of two bot runtimes goes. */
export async function runRecovery(options: RecoveryOptions): Promise<RecoveryReport> {
  await using stack = await startStack({
    bots: 2,
    botSettings: { BOT_CAPACITY: "16", MAX_LOOP_LAG_MS: "0", DRAIN_MS: "1" },
  });
  await using listeners = await Listeners.open();
  const random = randomOf(options.seed);
  const report: RecoveryReport = { rounds: [], complaints: [] };
  for (const way of options.ways) {
    try {
      report.rounds.push(await runRound({ ...options, stack, listeners, random, way }, report.complaints));
    } catch (error) {
      throw new Error(`${way}: ${(error as Error).message}\n${stack.transcript()}`, { cause: error });
    }
    options.progress?.(report.rounds.length);
  }
  return report;
}

interface RoundOptions extends Pick<RecoveryOptions, "calls"> {
  stack: Stack;
  listeners: Listeners;
  random: () => number;
  way: Way;
}

async function runRound(options: RoundOptions, complaints: string[]): Promise<Round> {
  const { stack, listeners, random, way } = options;
  const all: Listener[] = [];
  const over = new AbortController();
  const { daily, gemini, edge } = stack;
  await ask(`${daily.url}/_emulator/faults`, {
    method: "POST",
    body: { fault: "ghost", ms: way === "ghost" ? GHOST_MS : 0 },
  });
  await ask(`${gemini.url}/_emulator/answer`, { method: "POST", body: { answer: ANSWER } });
  try {
    for (let call = 0; call < options.calls; call++) {
      all.push(await listeners.connect(`${edge.url}/api/rtvi/start`, `${daily.url}/call-machine`));
    }
    await Promise.all(all.map(untilHeard));
    if (way === "deploy") {
      keepTalking(gemini.url, over.signal).catch((error: Error) =>
        complaints.push(`${way}: ${error.message}`),
      );
    } else {
      await say(gemini.url, LONG_TONE);
    }
    await sleep(CALM_MS + random() * 1_000);

    const { going, lost } = await hostOf(stack, all, random);
    const wentAt = await Promise.all(lost.map((listener) => listener.now()));
    if (going.program.pid === undefined) throw new Error("the bot runtime has no pid");
    process.kill(going.program.pid, way === "deploy" ? "SIGTERM" : "SIGKILL");
    await Promise.all(lost.map((listener) => untilAttempt(stack, listener, 2)));
    await Promise.all(lost.map((listener, index) => untilHeardAgain(listener, wentAt[index] ?? 0)));
    const round: Round = { way, gapsMs: [] };
    for (const [index, listener] of lost.entries()) {
      round.gapsMs.push(longestGap(await listener.levels(wentAt[index] ?? 0)).ms);
    }
    for (const listener of all) {
      complaints.push(
        ...(await complaintsOf(stack, listener, lost.includes(listener))).map((one) => `${way}: ${one}`),
      );
    }
    const ended = await going.program.exited;
    const expected = way === "deploy" ? 0 : "SIGKILL";
    if (ended !== expected) complaints.push(`${way}: the bot runtime ended with ${ended}`);
    await stack.startAgain(going);
    return round;
  } finally {
    over.abort();
    await ask(`${gemini.url}/_emulator/reset`, { method: "POST" });
    for (const { page, sessionId } of all) {
      await page.context().close();
      await ask(`${edge.url}/api/rtvi/${sessionId}/stop`, { method: "POST" });
    }
    await until("without calls", async () => {
      const loads = stack.bots.map(({ url }) =>
        askJson(BotHealth, `${url}/health`).catch(() => ({ active: 0 })),
      );
      return (await Promise.all(loads)).every(({ active }) => active === 0);
    });
  }
}

/** In every session that is open then. */
async function say(geminiUrl: string, answer: unknown): Promise<void> {
  await ask(`${geminiUrl}/_emulator/say`, { method: "POST", body: { answer } });
}

/** Bots that come later talk like those that go. */
async function keepTalking(geminiUrl: string, until: AbortSignal): Promise<void> {
  while (!until.aborted) {
    await Promise.all([say(geminiUrl, SHORT_TONE), sleep(SHORT_TONE_EVERY_MS)]);
  }
}

/** A bot runtime with calls, and those. */
async function hostOf(
  { bots, edge }: Stack,
  all: Listener[],
  random: () => number,
): Promise<{ going: StackProgram; lost: Listener[] }> {
  const hosts = await Promise.all(
    all.map(
      async ({ sessionId }) => (await askJson(SessionView, `${edge.url}/api/rtvi/${sessionId}`)).bot?.hostId,
    ),
  );
  const chosen = hosts[Math.floor(random() * hosts.length)];
  const going = bots.find(({ url }) => new URL(url).host === chosen);
  if (!going) throw new Error(`there is no bot runtime ${chosen}`);
  return { going, lost: all.filter((_, index) => hosts[index] === chosen) };
}

async function complaintsOf({ edge, daily }: Stack, listener: Listener, isLost: boolean): Promise<string[]> {
  const { sessionId } = listener;
  const view = await askJson(SessionView, `${edge.url}/api/rtvi/${sessionId}`);
  const attempt = isLost ? 2 : 1;
  const complaints: string[] = [];
  if (view.state !== "active" || view.bot?.attempt !== attempt) {
    complaints.push(`session ${sessionId} is ${view.state}, attempt ${view.bot?.attempt}`);
  }
  const told = view.transcript.map(({ role, at, text }) => `${role} ${at} ${text}`);
  if (new Set(told).size < told.length) complaints.push(`session ${sessionId} has an entry twice`);
  const events = await listener.events();
  if (events.includes("disconnected")) complaints.push(`the client of ${sessionId} has left`);
  if (isLost && !events.includes("serverMessage")) {
    complaints.push(`the client of ${sessionId} was not told that its bot is back`);
  }
  // The one that went may be there as a ghost, but not after it was put out.
  await until("one bot alone", async () => {
    const { rooms } = await askJson(Rooms, `${daily.url}/_emulator/state`);
    const room = rooms.find(({ name }) => name === view.room.name);
    const bots = room?.participants.flatMap(({ user_id }) => (user_id.startsWith("bot-") ? [user_id] : []));
    return bots?.join() === `bot-${attempt}`;
  });
  return complaints;
}

async function untilAttempt({ edge }: Stack, { sessionId }: Listener, attempt: number): Promise<void> {
  await until(`attempt ${attempt} in the room`, async () => {
    const view = await askJson(SessionView, `${edge.url}/api/rtvi/${sessionId}`);
    return view.bot?.attempt === attempt && view.state === "active";
  });
}

/** Resolves when a second of sound was heard. */
async function untilHeard(listener: Listener): Promise<void> {
  await until("sound at every ear", async () => heardMs(await listener.levels(0)) >= HEARD_MS);
}

/** The same from that step on, after the longest silence. */
async function untilHeardAgain(listener: Listener, from: number): Promise<void> {
  await until("sound again", async () => {
    const levels = await listener.levels(from);
    const { ms, at } = longestGap(levels);
    return heardMs(levels.slice(at + ms / STEP_MS)) >= HEARD_MS;
  });
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WITHIN_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Not ${what} within ${WITHIN_MS} ms`);
    await sleep(POLL_MS);
  }
}
