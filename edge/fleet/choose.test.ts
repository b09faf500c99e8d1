import { describe, expect, test } from "vitest";
import type { BotHost } from "./bot-host.ts";
import { choose } from "./choose.ts";
import type { Known } from "./known-hosts.ts";

function host(id: string): BotHost {
  return {
    id,
    region: undefined,
    order: 0,
    start: () => Promise.reject(new Error("not asked here")),
    stop: () => Promise.reject(new Error("not asked here")),
    health: () => Promise.reject(new Error("not asked here")),
  };
}

/** Numbers that repeat themselves, the same in each run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

describe("choosing among equals", () => {
  const hosts = ["a", "b", "c", "d"].map(host);

  test("draws each as often as any other when nothing is known", () => {
    const random = seeded(1);
    const counts = new Map<string, number>();
    for (let i = 0; i < 4_000; i++) {
      const id = choose(hosts, { near: undefined, known: () => undefined, random })?.id ?? "";
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(["a", "b", "c", "d"]);
    for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });

  test("never draws the fullest when there is another, and not always the emptiest", () => {
    const random = seeded(2);
    const active: Record<string, number> = { a: 7, b: 1, c: 2, d: 3 };
    const known = (id: string): Known => ({ kind: "takes", load: { active: active[id] ?? 0, capacity: 8 } });
    const drawn = new Set(
      Array.from({ length: 500 }, () => choose(hosts, { near: undefined, known, random })?.id),
    );
    expect([...drawn].sort()).toEqual(["b", "c", "d"]);
  });

  test("evens out load better than chance: of 100 hosts that get 800 calls, none is far above 8", () => {
    const many = Array.from({ length: 100 }, (_, index) => host(String(index)));
    const heaviest = (isKnown: boolean) => {
      const random = seeded(3);
      const active = new Map<string, number>();
      const known = (id: string): Known => ({
        kind: "takes",
        load: { active: active.get(id) ?? 0, capacity: 1_000 },
      });
      for (let i = 0; i < 800; i++) {
        const id =
          choose(many, { near: undefined, known: isKnown ? known : () => undefined, random })?.id ?? "";
        active.set(id, (active.get(id) ?? 0) + 1);
      }
      return Math.max(...active.values());
    };
    expect(heaviest(true)).toBeLessThanOrEqual(11);
    expect(heaviest(false)).toBeGreaterThan(11);
  });

  test("takes a host without places for a full one", () => {
    const [a, b] = [host("a"), host("b")];
    const known = (id: string): Known => ({
      kind: "takes",
      load: { active: 0, capacity: id === "a" ? 0 : 8 },
    });
    expect(choose([a, b], { near: undefined, known, random: () => 0 })).toBe(b);
  });

  test("takes whom it shall avoid only when nobody else is left, full or far", () => {
    const [a, b] = [host("a"), { ...host("b"), order: 1, region: "apac" as const }];
    const known = (id: string): Known | undefined => (id === "b" ? { kind: "full" } : undefined);
    const situation = { near: "weur" as const, known, avoid: ["a"], random: () => 0 };
    expect(choose([a, b], situation)).toBe(b);
    expect(choose([a], situation)).toBe(a);
  });

  test("finds nobody among none", () => {
    expect(choose([], { near: undefined, known: () => undefined, random: () => 0 })).toBeUndefined();
  });
});
