import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DEV_SIGNING_KEY } from "../../protocol/development.ts";
import { useCapturedLogs } from "../testing/captured-logs.ts";
import { silence, useFakeUpstreams } from "../testing/fake-upstreams.ts";
import { startSignal } from "../testing/start-signal.ts";
import type { BotHost, HostStart, Wake } from "./bot-host.ts";
import { type Dispatch, dispatch, HOST_BUDGET_MS, MAX_ASKED, WAKING_BUDGET_MS } from "./dispatch.ts";
import { KNOWN_MS, KnownHosts } from "./known-hosts.ts";
import type { Region } from "./regions.ts";
import { urlBotHost } from "./url-bot-host.ts";

const fakes = useFakeUpstreams();
useCapturedLogs();

let known: KnownHosts;
let asked: string[];
let wakes: Wake[];

beforeEach(() => {
  vi.useFakeTimers();
  known = new KnownHosts();
  asked = [];
  wakes = [];
});
afterEach(() => {
  vi.useRealTimers();
});

const signal = startSignal();
const load = { active: 1, capacity: 8 };
const accepted: HostStart = { kind: "accepted", load };
const full: HostStart = { kind: "full" };
const draining: HostStart = { kind: "draining" };
const asleep: HostStart = { kind: "asleep" };
const waking: HostStart = { kind: "waking" };
const unsure: HostStart = { kind: "unsure", why: "timeout" };
const none: Dispatch = { kind: "none" };
const to = (hostId: string): Dispatch => ({ kind: "accepted", hostId });

/** A host that answers as scripted, each answer after `afterMs`, and then accepts. It notes that it was asked. */
function host(
  id: string,
  answers: HostStart[] = [],
  { region, order = 0, afterMs = 0 }: { region?: Region; order?: number; afterMs?: number } = {},
): BotHost {
  return {
    id,
    region,
    order,
    start: async (_, { timeoutMs, wake }) => {
      asked.push(id);
      wakes.push(wake);
      expect(timeoutMs).toBeGreaterThan(0);
      vi.setSystemTime(Date.now() + afterMs);
      return answers.shift() ?? accepted;
    },
    stop: async () => ({ kind: "stopped" }),
    health: async () => ({ kind: "failed", why: "not asked here" }),
  };
}

/** With the first of those that are equal always drawn first. */
function send(hosts: readonly BotHost[], near?: Region): Promise<Dispatch> {
  return dispatch(hosts, signal, { near, known, random: () => 0 });
}

describe("a call goes", () => {
  test("back to where its bot was lost when nobody else takes it", async () => {
    const again = (hosts: readonly BotHost[]) =>
      dispatch(hosts, signal, { near: undefined, avoid: ["a"], known, random: () => 0 });
    expect(await again([host("a"), host("b")])).toEqual(to("b"));
    expect(asked).toEqual(["b"]);
    asked.length = 0;
    expect(await again([host("a"), host("b", [full])])).toEqual(to("a"));
    expect(asked).toEqual(["b", "a"]);
  });

  test("to one host that accepts, which is asked once", async () => {
    expect(await send([host("a")])).toEqual(to("a"));
    expect(asked).toEqual(["a"]);
  });

  test.each([full, draining, asleep, { kind: "refused", status: 401 } as const])(
    "past a host that says %j, to another",
    async (no) => {
      expect(await send([host("a", [no]), host("b")])).toEqual(to("b"));
      expect(asked).toEqual(["a", "b"]);
    },
  );

  test("nowhere when all say no, and none is asked twice", async () => {
    expect(await send([host("a", [full]), host("b", [draining])])).toEqual(none);
    expect(asked).toEqual(["a", "b"]);
  });

  test("nowhere when there is no host at all", async () => {
    expect(await send([])).toEqual(none);
  });

  test("past as many hosts as the budget allows, and no more than are worth asking", async () => {
    const hosts = Array.from({ length: MAX_ASKED + 2 }, (_, index) => host(String(index), [full]));
    expect(await send(hosts)).toEqual(none);
    expect(asked).toHaveLength(MAX_ASKED);
  });

  test("past slow hosts only as long as the budget lasts", async () => {
    const afterMs = HOST_BUDGET_MS / 2;
    const hosts = ["a", "b", "c", "d"].map((id) => host(id, [full], { afterMs }));
    expect(await send(hosts)).toEqual(none);
    expect(asked).toHaveLength(2);
  });
});

describe("a host that did not answer", () => {
  test("is asked again itself: another could give the call two bots", async () => {
    expect(await send([host("a", [unsure]), host("b")])).toEqual(to("a"));
    expect(asked).toEqual(["a", "a"]);
  });

  test("twice is named, since it may run a bot, and no other is asked", async () => {
    expect(await send([host("a", [unsure, unsure]), host("b")])).toEqual({ ...none, unsureHostId: "a" });
    expect(asked).toEqual(["a", "a"]);
  });

  test("and then says no runs no bot: the call goes on to another", async () => {
    expect(await send([host("a", [unsure, full])])).toEqual(none);
    expect(await send([host("c", [unsure, full]), host("d")])).toEqual(to("d"));
  });

  test("and then says that it is waking may run a bot from before: no other is asked, and it is named", async () => {
    expect(await send([host("a", [unsure, waking, waking]), host("b")])).toEqual({
      ...none,
      unsureHostId: "a",
    });
    expect(asked).toEqual(["a", "a", "a"]);
    expect(await send([host("c", [unsure, waking]), host("d")])).toEqual(to("c"));
  });

  test("and then says that it is waking, while another is woken, is named as well", async () => {
    const hosts = [host("a", [waking]), host("b", [unsure, waking]), host("c")];
    expect(await send(hosts)).toEqual({ ...none, unsureHostId: "b" });
    expect(asked).toEqual(["a", "b", "b"]);
  });

  test("is not asked again when the budget is used up", async () => {
    const slow = host("a", [unsure], { afterMs: HOST_BUDGET_MS });
    expect(await send([slow])).toEqual({ ...none, unsureHostId: "a" });
    expect(asked).toEqual(["a"]);
  });

  test("is waited for no longer than the budget", async () => {
    fakes.hostAnswers.push(silence, silence);
    const before = Date.now();
    const bots = urlBotHost({ url: "http://bots.test", region: undefined }, DEV_SIGNING_KEY);
    const dispatched = dispatch([bots], signal, { near: undefined, known });
    await vi.waitFor(() => expect(fakes.host).toHaveLength(1));
    await vi.advanceTimersByTimeAsync(HOST_BUDGET_MS);
    await vi.waitFor(() => expect(fakes.host).toHaveLength(2));
    await vi.runAllTimersAsync();
    expect(await dispatched).toEqual({ ...none, unsureHostId: "bots.test" });
    expect(Date.now() - before).toBeLessThan(2 * HOST_BUDGET_MS);
  });
});

describe("what was heard of a host lately", () => {
  test.each([
    ["is full", [full]],
    ["is draining", [draining]],
    ["did not answer", [unsure, unsure]],
  ])("spares the next start a host that %s, for a while", async (_, answers) => {
    const hosts = [host("a", answers), host("b")];
    await send(hosts);
    asked = [];
    await send(hosts);
    expect(asked).toEqual(["b"]);
    vi.setSystemTime(Date.now() + KNOWN_MS);
    asked = [];
    await send(hosts);
    expect(asked).toEqual(["a"]);
  });

  test("sends the next start to the emptier of two", async () => {
    const crowded: HostStart = { kind: "accepted", load: { active: 4, capacity: 8 } };
    const hosts = [host("a", [crowded]), host("b")];
    await send(hosts);
    await send(hosts);
    expect(asked).toEqual(["a", "b"]);
  });

  test("does not keep a host from being asked when there is no other", async () => {
    const hosts = [host("a", [draining])];
    expect(await send(hosts)).toEqual(none);
    expect(await send(hosts)).toEqual(to("a"));
  });
});

describe("near the caller", () => {
  test("hosts are asked from the nearest region on, those without one last", async () => {
    const hosts = [
      host("anywhere", [full]),
      host("oc", [full], { region: "oc" }),
      host("enam", [full], { region: "enam" }),
      host("weur", [full], { region: "weur" }),
      host("eeur", [full], { region: "eeur" }),
    ];
    expect(await send(hosts, "weur")).toEqual(none);
    expect(asked).toEqual(["weur", "eeur", "enam", "oc", "anywhere"]);
  });

  test("a host that is draining comes after those that are far", async () => {
    const hosts = [host("weur", [draining], { region: "weur" }), host("oc", [], { region: "oc" })];
    await send(hosts, "weur");
    asked = [];
    expect(await send(hosts, "weur")).toEqual(to("oc"));
    expect(asked).toEqual(["oc"]);
  });
});

describe("hosts that sleep", () => {
  test("are filled in their order, however the dice fall", async () => {
    const hosts = [3, 1, 2].map((order) => host(`c${order}`, [], { order }));
    for (const random of [0, 0.5, 0.99]) {
      expect(await dispatch(hosts, signal, { near: undefined, known, random: () => random })).toEqual(
        to("c1"),
      );
    }
  });

  test("one is woken, and another that is awake takes the call meanwhile", async () => {
    expect(await send([host("a", [waking]), host("b", [asleep]), host("c")])).toEqual(to("c"));
    expect(wakes.map(({ kind }) => kind)).toEqual(["begin", "never", "never"]);
  });

  test("the one that was woken is waited for when no other has a place", async () => {
    const hosts = [host("a", [waking, accepted]), host("b", [asleep]), host("c", [full])];
    expect(await send(hosts)).toEqual(to("a"));
    expect(asked).toEqual(["a", "b", "c", "a"]);
    expect(wakes.at(-1)).toEqual({ kind: "wait", ms: expect.any(Number) });
  });

  test("one is waited for within the longer budget, and still has the time of a try for the call", async () => {
    await send([host("a", [waking, accepted], { afterMs: 1_000 })]);
    const wake = wakes.at(-1);
    expect(wake?.kind === "wait" && wake.ms).toBeGreaterThan(HOST_BUDGET_MS);
    expect(wake?.kind === "wait" && wake.ms).toBeLessThan(WAKING_BUDGET_MS);
  });

  test("neighbours are asked meanwhile, those far away only when it does not wake", async () => {
    const hosts = [
      host("weur", [waking, waking], { region: "weur" }),
      host("eeur", [full], { region: "eeur" }),
      host("oc", [], { region: "oc" }),
    ];
    expect(await send(hosts, "weur")).toEqual(to("oc"));
    expect(asked).toEqual(["weur", "eeur", "weur", "oc"]);
  });

  test("one that wakes is waited for although one far away is awake", async () => {
    const hosts = [host("weur", [waking], { region: "weur" }), host("oc", [], { region: "oc" })];
    expect(await send(hosts, "weur")).toEqual(to("weur"));
    expect(asked).toEqual(["weur", "weur"]);
  });

  test("one that never wakes does not keep all calls waiting for it: another is woken for the next", async () => {
    const first = [waking, waking, waking, waking];
    const hosts = [host("a", first), host("b", [asleep, waking]), host("c", [asleep, asleep])];
    expect(await send(hosts)).toEqual(none);
    expect(asked).toEqual(["a", "b", "c", "a", "b"]);
    expect(wakes.map(({ kind }) => kind)).toEqual(["begin", "never", "never", "wait", "begin"]);
    // Elsewhere, where nothing of this was heard.
    known = new KnownHosts();
    expect(await send(hosts)).toEqual(to("b"));
  });

  test("one that does not wake in time runs no bot", async () => {
    expect(await send([host("a", [waking, waking])])).toEqual(none);
  });

  test("one that woke and then did not answer is named", async () => {
    expect(await send([host("a", [waking, unsure])])).toEqual({ ...none, unsureHostId: "a" });
  });
});
