/** What happens to Chromium, and to the call, when the bot runtime dies or freezes. */
import { afterEach, beforeEach, describe, expect, it, onTestFailed } from "vitest";
import { alive, descendants } from "../support/processes.ts";
import { STACK_HOOK_TIMEOUT_MS, type Stack, startStack } from "../support/stack.ts";
import { User } from "../support/user.ts";

/** From a frozen bot runtime to its page having left the room. */
const LEAVES_WITHIN_MS = 5_000;

describe("a bot runtime in a call", () => {
  let stack: Stack;
  let user: User;

  beforeEach(async () => {
    // One after the other: when the second fails, the first has an owner that closes it.
    stack = await startStack();
    user = await User.open();
    await user.connect(`${stack.edge.url}/api/rtvi/start`, `${stack.daily.url}/call-machine`);
  }, STACK_HOOK_TIMEOUT_MS);

  afterEach(async () => {
    await user?.[Symbol.asyncDispose]();
    await stack?.[Symbol.asyncDispose]();
  });

  it("leaves no Chromium behind when it is killed", async () => {
    onTestFailed(() => explain());
    const { pid } = stack.bot.program;
    if (pid === undefined) throw new Error("the bot runtime has no pid");
    const family = await descendants(pid);
    expect(family.some(({ name }) => /chrom|headless/i.test(name))).toBe(true);

    process.kill(pid, "SIGKILL");
    await expect.poll(() => alive(family.map((one) => one.pid)), { timeout: 10_000 }).toEqual([]);
  });

  it("has its page leave the room when it is frozen", async () => {
    onTestFailed(() => explain());
    const { pid } = stack.bot.program;
    if (pid === undefined) throw new Error("the bot runtime has no pid");
    await expect.poll(bots, { timeout: 10_000 }).toEqual(["bot-1"]);

    process.kill(pid, "SIGSTOP");
    try {
      await expect.poll(bots, { timeout: LEAVES_WITHIN_MS }).toEqual([]);
      // It left by itself: the room is still there. (The client is not: it hangs up when its bot leaves.)
      expect(await rooms()).toHaveLength(1);
    } finally {
      process.kill(pid, "SIGCONT");
    }
  });

  /** User ids of the bots that are in a room. */
  async function bots(): Promise<string[]> {
    const participants = (await rooms()).flatMap((room) => room.participants);
    return participants.map(({ user_id }) => user_id).filter((id) => id.startsWith("bot-"));
  }

  async function rooms(): Promise<{ participants: { user_id: string }[] }[]> {
    const state = (await (await fetch(`${stack.daily.url}/_emulator/state`)).json()) as {
      rooms: { participants: { user_id: string }[] }[];
    };
    return state.rooms;
  }

  function explain(): void {
    process.stderr.write(`${stack.transcript()}\n--- user's page\n${user.console.join("\n")}\n`);
  }
});
