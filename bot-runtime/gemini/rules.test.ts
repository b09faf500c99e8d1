import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { audioPart, type FakeConnect, FakeLive } from "../testing/fake-live.ts";
import type { RememberedTurn } from "./briefing.ts";
import { LiveSession } from "./live-session.ts";
import { type ModelRules, rulesOf } from "./model-rules.ts";
import type { GeminiNote, GiveUpReason } from "./note.ts";
import { RULE_NAMES, type RuleName } from "./rules.ts";
import type { FunctionCall } from "./server-message.ts";
import type { SessionStatus } from "./session-options.ts";
import type { Tool } from "./tools.ts";

/** A session in memory, and what came of it. */
class Bench {
  readonly live: FakeLive;
  readonly session: LiveSession;
  readonly notes: GeminiNote[] = [];
  readonly statuses: SessionStatus[] = [];
  readonly failed: GiveUpReason[] = [];
  readonly memory: RememberedTurn[] = [];
  mute = 0;

  constructor(
    off: RuleName | undefined,
    options: { script?: FakeConnect[]; model?: Partial<ModelRules> } = {},
  ) {
    this.live = new FakeLive(...(options.script ?? []));
    const slow: Tool = {
      declaration: { name: "slow", description: "Takes 3 s." },
      run: () => new Promise((resolve) => setTimeout(() => resolve({ done: true }), 3_000)),
    };
    this.session = new LiveSession({
      connect: this.live.connect,
      setup: { model: "gemini-3.8-live", language: "en-US", systemInstruction: "Be brief." },
      tools: [slow],
      conversation: () => this.memory,
      modelRules: { ...rulesOf("gemini-3.8-live"), ...options.model },
      random: () => 0,
      off: new Set(off ? [off] : []),
      events: {
        content: () => {},
        answerEnded: () => {},
        status: (status) => this.statuses.push(status),
        tool: () => {},
        usage: () => {},
        mute: () => {
          this.mute += 1;
        },
        note: (note) => this.notes.push(note),
        failed: (why) => this.failed.push(why),
      },
    });
  }

  /** Connected, with a handle. */
  async begin(handle: string | null = "h1"): Promise<this> {
    this.session.start();
    await pass(0);
    if (handle !== null) this.live.connection.giveHandle(handle);
    return this;
  }

  get connections(): number {
    return this.live.connections.length;
  }

  /** An answer that can be heard, and its end. */
  answer(handle?: string): void {
    this.live.connection.sayAudio();
    this.live.connection.say({ generationComplete: true, turnComplete: true });
    if (handle) this.live.connection.giveHandle(handle);
  }

  emptyTurn(turnCompleteReason?: string): void {
    this.live.connection.say({ turnComplete: true, ...(turnCompleteReason ? { turnCompleteReason } : {}) });
  }

  call(id = "c1"): void {
    const functionCalls: FunctionCall[] = [{ id, name: "slow", args: {} }];
    this.live.connection.events.message({ toolCall: { functionCalls } });
  }

  goAway(timeLeft: string): void {
    this.live.connection.events.message({ goAway: { timeLeft } });
  }

  ask(text = "Hello"): void {
    this.memory.push({ role: "user", text, at: Date.now() });
    this.session.tell(text, { respond: true });
  }

  steps(): string[] {
    return this.notes.flatMap((note) => (note.kind === "mute" ? [note.step] : []));
  }

  /** All that the newest connection was told. */
  get told(): string {
    return JSON.stringify(this.live.connection.sent);
  }
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const SILENT_PART = audioPart(400, 0);

/** Of each rule: a situation, and whether the rule was kept in it. */
const KEPT: Record<RuleName, (off: RuleName | undefined) => Promise<boolean>> = {
  async "rotate-on-go-away"(off) {
    const bench = await new Bench(off).begin();
    bench.goAway("50s");
    await pass(1_000);
    return bench.connections === 2;
  },
  async "rotate-before-limit"(off) {
    const bench = await new Bench(off, { model: { connectionMs: 60_000 } }).begin();
    await pass(58_000);
    return bench.connections === 2;
  },
  async "rotate-between-turns"(off) {
    const bench = await new Bench(off).begin();
    bench.live.connection.sayAudio();
    bench.goAway("50s");
    await pass(5_000);
    if (bench.connections > 1) return false;
    bench.live.connection.say({ generationComplete: true, turnComplete: true });
    await pass(0);
    const early = bench.connections;
    bench.live.connection.giveHandle("h2");
    await pass(0);
    // Not before the handle that knows of the turn has come.
    return early === 1 && bench.live.connection.setup.handle === "h2";
  },
  async "rotate-not-during-tools"(off) {
    const bench = await new Bench(off).begin();
    bench.call();
    bench.live.connection.say({ turnComplete: true });
    bench.goAway("50s");
    await pass(2_000);
    return bench.connections === 1;
  },
  async "force-rotation"(off) {
    const bench = await new Bench(off).begin();
    bench.live.connection.sayAudio();
    bench.goAway("10s");
    await pass(8_400);
    if (bench.connections > 1) return false;
    await pass(200);
    return bench.connections === 2 && bench.statuses.some(({ kind }) => kind === "cut");
  },
  async "close-before-resume"(off) {
    const bench = await new Bench(off).begin();
    bench.live.connection.polite = false;
    bench.goAway("50s");
    await pass(400);
    const early = bench.connections;
    await pass(1_000);
    const late: number = bench.connections;
    return early === 1 && late === 2;
  },
  async "newest-handle"(off) {
    const bench = await new Bench(off).begin();
    bench.live.connection.giveHandle("h2");
    bench.live.connection.end(1006);
    await pass(0);
    return bench.live.connection.setup.handle === "h2";
  },
  async "drop-refused-handle"(off) {
    const bench = await new Bench(off).begin();
    bench.live.script.push({ code: 1008, reason: "BidiGenerateContent session not found" });
    bench.live.connection.end(1006);
    await pass(1_000);
    return bench.live.connection.setup.handle === undefined;
  },
  async "drop-handle-after-failures"(off) {
    const bench = await new Bench(off).begin();
    await pass(10_000);
    bench.live.script.push("unavailable", "unavailable", "unavailable");
    bench.live.connection.end(1006);
    await pass(2_000);
    const handles = bench.live.setups.map(({ handle }) => handle);
    return JSON.stringify(handles.slice(1)) === JSON.stringify(["h1", "h1", "h1", undefined]);
  },
  async "forget-failures"(off) {
    const bench = await new Bench(off).begin();
    for (let loss = 0; loss < 4; loss += 1) {
      await pass(10_000);
      bench.live.connection.end(1006);
      await pass(0);
    }
    await pass(10_000);
    return bench.live.setups.slice(1).every(({ handle }) => handle === "h1");
  },
  async "back-off"(off) {
    const bench = new Bench(off, { script: Array.from({ length: 60 }, () => "unavailable") });
    bench.session.start();
    await pass(700);
    bench.session.stop();
    // At once, and after 250 ms; the next one comes 500 ms later.
    return bench.live.setups.length === 3;
  },
  async "final-reasons"(off) {
    const bench = new Bench(off, {
      script: [{ code: 1007, reason: "API key not valid. Please pass a valid API key." }],
    });
    bench.session.start();
    await pass(0);
    const { failed } = bench;
    bench.session.stop();
    return failed[0] === "bad-key" && bench.live.setups.length === 1;
  },
  async "bounded-away"(off) {
    const bench = new Bench(off, { script: Array.from({ length: 60 }, () => "unavailable") });
    bench.session.start();
    await pass(60_000);
    bench.session.stop();
    return bench.failed[0] === "unreachable";
  },
  async "bounded-quota"(off) {
    const quota = { code: 1011, reason: "You exceeded your current quota, please check your plan." };
    const bench = new Bench(off, { script: Array.from({ length: 9 }, () => quota) });
    bench.session.start();
    await pass(20_000);
    bench.session.stop();
    return bench.failed[0] === "quota" && bench.live.setups.length === 3;
  },
  async liveness(off) {
    const bench = await new Bench(off).begin();
    await pass(70_000);
    const early = bench.connections;
    bench.live.connection.alive = false;
    await pass(81_000);
    const late: number = bench.connections;
    return early === 1 && late === 2;
  },
  async "seed-when-fresh"(off) {
    const bench = await new Bench(off).begin(null);
    bench.memory.push({ role: "user", text: "My name is Ada.", at: Date.now() });
    bench.live.connection.end(1006);
    await pass(0);
    return bench.told.includes("Ada") && bench.statuses.at(-1)?.kind === "back";
  },
  async "seed-only-when-fresh"(off) {
    const bench = await new Bench(off).begin();
    bench.memory.push({ role: "user", text: "My name is Ada.", at: Date.now() });
    await pass(2_000);
    bench.live.connection.giveHandle("h2");
    bench.live.connection.end(1006);
    await pass(0);
    return !bench.told.includes("Ada");
  },
  async "keep-audio"(off) {
    const bench = await new Bench(off).begin();
    bench.live.script.push("unavailable");
    await pass(10_000);
    bench.live.connection.end(1006);
    bench.session.addAudio(new Int16Array(6_400));
    await pass(1_000);
    return bench.live.connection.audio.length === 20;
  },
  async "keep-texts"(off) {
    const bench = await new Bench(off).begin();
    bench.live.script.push("unavailable");
    bench.live.connection.end(1006);
    bench.session.tell("Are you there?", { respond: true });
    await pass(1_000);
    return bench.told.includes("Are you there?");
  },
  async "result-to-asker"(off) {
    const bench = await new Bench(off).begin();
    bench.call("c7");
    bench.live.connection.end(1006);
    await pass(4_000);
    const { sent } = bench.live.connection;
    return sent.every(({ kind }) => kind !== "tool-results") && bench.told.includes("c7");
  },
  async "tell-again"(off) {
    const bench = await new Bench(off).begin();
    bench.session.tell("Say goodbye.", { respond: true });
    await pass(300);
    bench.live.connection.end(1006);
    await pass(0);
    const counted = bench.notes.some((note) => note.kind === "told-again" && note.sentAgoMs === 300);
    return counted && bench.told.includes("[again: t1] Say goodbye.");
  },
  async "ask-again"(off) {
    const bench = await new Bench(off).begin();
    bench.live.connection.sayAudio();
    bench.live.connection.end(1006);
    await pass(0);
    return bench.live.connection.texts.length === 1;
  },
  async "notice-no-answer"(off) {
    const bench = await new Bench(off).begin();
    bench.session.userStarted();
    await pass(800);
    bench.session.userStopped();
    await pass(10_000);
    return bench.steps().length === 1;
  },
  async "notice-empty-turn"(off) {
    const bench = await new Bench(off).begin();
    bench.ask();
    await pass(500);
    bench.emptyTurn();
    return bench.steps()[0] === "nudge" && bench.live.connection.texts.length === 2;
  },
  async "notice-silent-turn"(off) {
    const bench = await new Bench(off).begin();
    bench.ask();
    bench.live.connection.say({ modelTurn: { parts: [SILENT_PART] } });
    bench.emptyTurn();
    return bench.notes.some((note) => note.kind === "mute" && note.evidence === "silent-turn");
  },
  async "notice-refused-turns"(off) {
    const bench = await new Bench(off).begin();
    for (let turn = 0; turn < 2; turn += 1) {
      if (bench.steps().length > 0) return false;
      bench.ask();
      bench.emptyTurn("RESPONSE_REJECTED");
    }
    return bench.notes.some((note) => note.kind === "mute" && note.evidence === "refused-turns");
  },
  async "nudge-first"(off) {
    return (await ladder(off))[0] === "nudge";
  },
  async "resume-second"(off) {
    return (await ladder(off))[1] === "resume";
  },
  async "fresh-third"(off) {
    return (await ladder(off))[2] === "fresh";
  },
  async "tell-client"(off) {
    return (await ladder(off))[3] === "tell-client";
  },
  async "forget-strikes"(off) {
    const bench = await new Bench(off).begin();
    for (let trouble = 0; trouble < 2; trouble += 1) {
      bench.ask();
      bench.emptyTurn();
      bench.answer();
      await pass(2_000);
    }
    return JSON.stringify(bench.steps()) === '["nudge","nudge"]';
  },
};

/** The steps against a model that stays mute. */
async function ladder(off: RuleName | undefined): Promise<string[]> {
  const bench = await new Bench(off).begin();
  bench.ask();
  for (let turn = 0; turn < 4; turn += 1) {
    bench.emptyTurn();
    await pass(100);
  }
  const steps = bench.steps();
  bench.session.stop();
  const resumed = bench.live.setups[1]?.handle === "h1";
  return off === undefined && (!resumed || bench.live.setups[2]?.handle !== undefined || bench.mute !== 1)
    ? []
    : steps;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it.each(RULE_NAMES)("%s", async (rule) => {
  expect(await KEPT[rule](undefined)).toBe(true);
  expect(await KEPT[rule](rule)).toBe(false);
});
