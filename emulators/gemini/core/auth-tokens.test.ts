import { describe, expect, test } from "vitest";
import { setupOf } from "../test-support/setups.ts";
import { AuthTokenRequest, AuthTokenStore } from "./auth-tokens.ts";
import { parseWire } from "./wire-json.ts";

const START = Date.parse("2026-01-01T00:00:00Z");
const HOUR_MS = 3_600_000;

function start() {
  let now = START;
  const store = new AuthTokenStore(() => now);
  const order = (fields: object) => parseWire(AuthTokenRequest, JSON.stringify(fields));
  return {
    store,
    pass: (ms: number) => {
      now += ms;
    },
    order,
    create(fields: object = {}): string {
      const parsed = order(fields);
      const created = parsed.ok ? store.create(parsed.value) : parsed;
      if (!created.ok) throw new Error(created.close.reason);
      return created.value;
    },
    access(name: string) {
      const access = store.access(name);
      if (access.kind !== "good") throw new Error(access.kind);
      return access.access;
    },
  };
}

const at = (ms: number) => new Date(START + ms).toISOString();

describe("a token", () => {
  test("is for one session, which may be resumed", () => {
    const { create, access } = start();
    const name = create();
    expect(name).toMatch(/^auth_tokens\/[0-9a-f]{64}$/);
    expect(access(name).admit(setupOf())).toEqual({ ok: true, value: setupOf() });
    expect(access(name).admit(setupOf({ sessionResumption: { handle: "Ci" } }))).toMatchObject({ ok: true });
    expect(access(name).admit(setupOf())).toEqual({
      ok: false,
      close: { code: 1008, reason: "The auth token has been used too many times." },
    });
  });

  test("is for as many sessions as ordered, or for any number", () => {
    const { create, access } = start();
    const two = create({ uses: 2 });
    expect([1, 2, 3].map(() => access(two).admit(setupOf()).ok)).toEqual([true, true, false]);
    const any = create({ uses: 0 });
    expect([1, 2, 3].map(() => access(any).admit(setupOf()).ok)).toEqual([true, true, true]);
  });

  test("begins sessions for a minute, and holds them for half an hour", () => {
    const { store, create, access, pass } = start();
    const name = create({ uses: 0 });
    const session = access(name);
    pass(60_000 - 1);
    expect(store.access(name).kind).toBe("good");
    pass(1);
    expect(store.access(name).kind).toBe("expired");
    pass(29 * 60_000 - 1);
    expect(session.expired()).toBeUndefined();
    pass(1);
    expect(session.expired()).toEqual({ code: 1008, reason: "The auth token has expired." });
  });

  test("has the times that were ordered, in any zone", () => {
    const { store, create, pass } = start();
    const name = create({ newSessionExpireTime: "2026-01-01T02:00:00+01:00", expireTime: at(2 * HOUR_MS) });
    pass(HOUR_MS - 1);
    expect(store.access(name).kind).toBe("good");
    pass(1);
    expect(store.access(name).kind).toBe("expired");
  });

  test("that nobody gave is unknown", () => {
    expect(start().store.access("auth_tokens/bogus")).toEqual({ kind: "unknown" });
  });

  test.each([
    ["in the past", { expireTime: at(0) }, /^Invalid value at 'expire_time'/],
    ["too late", { expireTime: at(20 * HOUR_MS) }, /^Invalid value at 'expire_time'/],
    ["for new sessions too late", { newSessionExpireTime: at(24 * HOUR_MS) }, /'new_session_expire_time'/],
  ])("has no time %s", (_, fields, reason) => {
    const { order, store } = start();
    const parsed = order(fields);
    if (!parsed.ok) throw new Error(parsed.close.reason);
    expect(store.create(parsed.value)).toEqual({
      ok: false,
      close: { code: 1007, reason: expect.stringMatching(reason) },
    });
  });

  test.each([
    ["an unknown field", { use: 1 }, /Unknown name "use": Cannot find field/],
    ["a negative number of uses", { uses: -1 }, /^Invalid value at 'uses'/],
    ["a time that is none", { expireTime: "tomorrow" }, /^Invalid value at 'expire_time'/],
    ["a mask of nothing known", { fieldMask: "model,voice" }, /^Invalid value at 'field_mask'/],
    [
      "a mask that goes too deep",
      { fieldMask: "generationConfig.speechConfig.languageCode" },
      /'field_mask'/,
    ],
    [
      "a setup with an unknown field",
      { bidiGenerateContentSetup: { voice: "Kore" } },
      /Unknown name "voice" at 'bidi_generate_content_setup'/,
    ],
  ])("is not given for %s", (_, fields, reason) => {
    expect(start().order(fields)).toEqual({
      ok: false,
      close: { code: 1007, reason: expect.stringMatching(reason) },
    });
  });
});

describe("the setup in effect", () => {
  const LOCKED = {
    model: "models/gemini-3.8-live",
    generationConfig: { temperature: 0.2, responseModalities: ["AUDIO"] },
    systemInstruction: { parts: [{ text: "Be brief." }] },
  };
  const ASKED = {
    model: "models/gemini-3.8-live-extended-thinking",
    generationConfig: { temperature: 2, seed: 7 },
    outputAudioTranscription: {},
  };
  function effective(order: object, asked: object = ASKED) {
    const { create, access } = start();
    const admitted = access(create(order)).admit(setupOf(asked));
    return admitted.ok ? admitted.value : admitted.close;
  }

  test("is the client's when the token has none", () => {
    expect(effective({})).toEqual(setupOf(ASKED));
  });

  test("is the token's alone without a mask", () => {
    expect(effective({ bidiGenerateContentSetup: LOCKED })).toEqual(setupOf(LOCKED));
  });

  test("has the token's fields that a mask names, and the client's others", () => {
    expect(
      effective({
        bidiGenerateContentSetup: LOCKED,
        fieldMask: "model,generationConfig.temperature,systemInstruction",
      }),
    ).toEqual(
      setupOf({ ...LOCKED, generationConfig: { temperature: 0.2, seed: 7 }, outputAudioTranscription: {} }),
    );
  });

  test("lacks what a mask names and the token does not have", () => {
    expect(effective({ bidiGenerateContentSetup: LOCKED, fieldMask: "outputAudioTranscription" })).toEqual(
      setupOf({ ...ASKED, outputAudioTranscription: undefined }),
    );
    expect(effective({ fieldMask: "generationConfig.temperature" })).toEqual(
      setupOf({ ...ASKED, generationConfig: { seed: 7 } }),
    );
  });

  test("needs a model", () => {
    expect(effective({ bidiGenerateContentSetup: { outputAudioTranscription: {} } })).toEqual({
      code: 1007,
      reason: expect.stringMatching(/have no model/),
    });
  });
});

test("the oldest tokens are forgotten, sooner when they have expired", () => {
  const { store, create, pass } = start();
  const first = create();
  pass(HOUR_MS);
  const second = create();
  expect(store.access(first)).toEqual({ kind: "unknown" });
  expect(store.size).toBe(1);
  for (let i = 0; i < 10_000; i++) create();
  expect(store.size).toBe(10_000);
  expect(store.access(second)).toEqual({ kind: "unknown" });
});
