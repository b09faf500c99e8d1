/**
 * What a user hears when the connection to the model is lost, or announced to end, in the middle of a call: three calls
 * at the same time, through everything that is real.
 */
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from "vitest";
import type { SessionView as GeminiSession } from "../../emulators/gemini/core/session-view.ts";
import { toneTimes } from "../support/audio.ts";
import { STACK_HOOK_TIMEOUT_MS, type Stack, startStack } from "../support/stack.ts";
import { type User, UserBrowser } from "../support/user.ts";

const GREETING_HZ = 600;
const ANSWER_HZ = 1_000;
const NEXT_HZ = 1_700;
/** Steps in which tones are looked for. */
const STEP_MS = 20;
const WHOLE_ANSWER_MS = 5_000;
/** What may be missing of a tone that was heard whole: its fades, and what a jitter buffer bends. */
const BENT_MS = 400;
const HEARD = { timeout: 20_000, interval: 250 };

let stack: Stack;
let browser: UserBrowser;

interface Call {
  user: User;
  session: string;
}

beforeAll(async () => {
  stack = await startStack();
  browser = await UserBrowser.open();
  await order("answer", { answer: { kind: "tone", hz: GREETING_HZ, durationMs: 300 } });
}, STACK_HOOK_TIMEOUT_MS);

afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await stack?.[Symbol.asyncDispose]();
});

describe("a call whose connection to Gemini is lost", { concurrent: false }, () => {
  it("goes on: with an answer that was cut, after a drop between answers, and over an announced end", async () => {
    onTestFailed(() => {
      process.stdout.write(stack.transcript());
    });
    const [cut, dropped, announced] = [await startCall(), await startCall(), await startCall()];
    await Promise.all([inAnAnswer(cut), betweenAnswers(dropped), announcedInAnAnswer(announced)]);
    const metrics = await (await fetch(`${stack.bot.url}/metrics`)).text();
    expect(metrics).toMatch(/^chat_vrd_unhandled_rejections_total 0$/m);
  });
});

/** The old answer ends for good, and the next one is heard. */
async function inAnAnswer({ user, session }: Call): Promise<void> {
  await order("faults", { fault: "drop", at: "duringAnswer", afterMs: 300, session });
  await say(session, ANSWER_HZ, 15_000);
  // Of the connection to come, which is asked to go on.
  await expect.poll(() => tone(user, ANSWER_HZ), HEARD).not.toEqual([]);
  const next = await successorOf(session);
  await say(next, NEXT_HZ, 1_000);
  await expect.poll(async () => (await tone(user, NEXT_HZ)).length, HEARD).toBeGreaterThan(25);
  const [old, after] = [await tone(user, ANSWER_HZ), await tone(user, NEXT_HZ)];
  expect(Math.max(...old)).toBeLessThan(Math.min(...after));
  expect(old.length * STEP_MS).toBeLessThan(15_000 - BENT_MS);
}

async function betweenAnswers({ user, session }: Call): Promise<void> {
  await expect.poll(async () => (await view(session)).handles, HEARD).toBeGreaterThan(1);
  await order("faults", { fault: "drop", session });
  const next = await successorOf(session);
  await say(next, NEXT_HZ, 1_000);
  await expect.poll(async () => (await tone(user, NEXT_HZ)).length, HEARD).toBeGreaterThan(25);
  expect((await user.eventNames()).filter((name) => name === "disconnected" || name === "error")).toEqual([]);
}

/** All of the answer is heard, once. */
async function announcedInAnAnswer({ user, session }: Call): Promise<void> {
  await say(session, ANSWER_HZ, WHOLE_ANSWER_MS);
  await order("faults", { fault: "goAway", timeLeftMs: 10_000, session });
  await successorOf(session);
  await expect
    .poll(async () => (await tone(user, ANSWER_HZ)).length * STEP_MS, HEARD)
    .toBeGreaterThan(WHOLE_ANSWER_MS - BENT_MS);
  const heard = await tone(user, ANSWER_HZ);
  expect(heard.length * STEP_MS).toBeLessThan(WHOLE_ANSWER_MS + BENT_MS);
  expect((heard.at(-1) ?? 0) - (heard[0] ?? 0)).toBeLessThan(WHOLE_ANSWER_MS + BENT_MS);
}

/** A call that has been greeted. */
async function startCall(): Promise<Call> {
  const user = await browser.newUser();
  const before = new Set((await views()).map(({ id }) => id));
  await user.connect(`${stack.edge.url}/api/rtvi/start`, `${stack.daily.url}/call-machine`);
  const session = (await views()).find(({ id }) => !before.has(id))?.id;
  if (session === undefined) throw new Error("no session of Gemini was opened");
  await expect.poll(async () => (await tone(user, GREETING_HZ)).length, HEARD).toBeGreaterThan(5);
  return { user, session };
}

/** The session that carries another one on. */
async function successorOf(session: string): Promise<string> {
  const find = async () => (await views()).find(({ resumedFrom }) => resumedFrom === session)?.id;
  await expect.poll(find, HEARD).toBeDefined();
  return (await find()) ?? "";
}

async function say(session: string, hz: number, durationMs: number): Promise<void> {
  await order("say", { answer: { kind: "tone", hz, durationMs }, session });
}

/** Where a tone was heard, in ms of what was heard. */
async function tone(user: User, hz: number): Promise<number[]> {
  return toneTimes(await user.heard(), hz);
}

async function views(): Promise<GeminiSession[]> {
  // The emulator's own type, which it was made from.
  return (await (await fetch(`${stack.gemini.url}/_emulator/sessions`)).json()) as GeminiSession[];
}

async function view(session: string): Promise<GeminiSession> {
  const found = (await views()).find(({ id }) => id === session);
  if (!found) throw new Error(`no session ${session}`);
  return found;
}

async function order(what: string, body: object): Promise<void> {
  const response = await fetch(`${stack.gemini.url}/_emulator/${what}`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await response.text());
}
