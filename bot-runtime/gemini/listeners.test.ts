import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { FakeLive } from "../testing/fake-live.ts";
import { chunk, pass, runSession } from "../testing/run-session.ts";
import type { GeminiNote } from "./note.ts";
import type { LiveSessionEvents } from "./session-options.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Listeners that note who was called, and do this as well. */
function listeners(called: string[], also: (listener: string) => void): LiveSessionEvents {
  const on = (listener: string) => () => {
    called.push(listener);
    also(listener);
  };
  return {
    content: on("content"),
    answerEnded: on("answerEnded"),
    status: on("status"),
    tool: on("tool"),
    usage: on("usage"),
    mute: on("mute"),
    handle: on("handle"),
    failed: on("failed"),
    note: on("note"),
  };
}

/** A call in which every listener is told something. */
async function eventful(live: FakeLive): Promise<void> {
  live.connection.giveHandle("h1");
  live.connection.events.message({
    serverContent: { outputTranscription: { text: "Hel" } },
    toolCall: { functionCalls: [{ id: "1", name: "get_time" }] },
    usageMetadata: { totalTokenCount: 7 },
  });
  await pass();
  live.connection.sayAudio();
  live.connection.end(1006);
  await pass();
  for (let step = 0; step < 4; step += 1) await pass(10_000);
  live.script.push({ code: 1007, reason: "API key not valid." });
  live.connection.end(1006);
  await pass();
}

describe("the listeners of a session", () => {
  it("may throw, each of them: neither the session nor the process ends, and it is noted", async () => {
    const called: string[] = [];
    const notes: GeminiNote[] = [];
    const rejections: unknown[] = [];
    const onRejection = (thrown: unknown) => rejections.push(thrown);
    process.on("unhandledRejection", onRejection);
    const events = listeners(called, () => {
      throw new TypeError("what the user said");
    });
    const { live } = await runSession({
      conversation: () => {
        throw new Error("what the user said");
      },
      events: {
        ...events,
        note: (note) => {
          notes.push(note);
          throw new Error("what the user said");
        },
      },
    });
    await eventful(live);
    process.off("unhandledRejection", onRejection);
    expect([...new Set(called)].sort()).toEqual([
      "answerEnded",
      "content",
      "failed",
      "handle",
      "mute",
      "status",
      "tool",
      "usage",
    ]);
    expect(rejections).toEqual([]);
    const failed = notes.flatMap((note) => (note.kind === "listener-failed" ? [note] : []));
    expect(new Set(failed.map(({ listener }) => listener))).toEqual(new Set([...called, "conversation"]));
    expect(failed[0]?.detail).toMatch(/^(Type)?Error at .*listeners\.test/);
    expect(JSON.stringify(notes)).not.toContain("what the user said");
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each(["note", "status", "answerEnded", "content", "tool", "usage", "handle", "mute"])(
    "may stop the session in %s: nothing is said or left after it",
    async (where) => {
      const called: string[] = [];
      let ready = false;
      const stop = vi.fn(() => run.session.stop());
      const run = await runSession({
        events: listeners(called, (listener) => {
          if (listener !== where || !ready) return;
          ready = false;
          called.length = 0;
          stop();
        }),
      });
      ready = true;
      await eventful(run.live);
      expect(stop).toHaveBeenCalledOnce();
      expect(called).toEqual([]);
      expect(run.live.connections.every(({ closed }) => closed)).toBe(true);
      const before = run.live.connections.length;
      run.session.addAudio(chunk());
      await pass(100_000);
      expect(run.live.connections).toHaveLength(before);
      expect(vi.getTimerCount()).toBe(0);
    },
  );
});
