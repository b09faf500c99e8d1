import { describe, expect, test } from "vitest";
import { HANDLE_LIFETIME_MS, HandleStore } from "./handles.ts";

const MODEL = "models/gemini-3.8-live";
const NOT_FOUND = { code: 1008, reason: "BidiGenerateContent session not found" };

function store() {
  let now = 0;
  const handles = new HandleStore(() => now);
  return {
    handles,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

const snapshot = (sessionId: string, text = 0) => ({ sessionId, context: { text, audio: 0 } });

describe("a handle", () => {
  test("leads back to its moment, once the session has ended", () => {
    const { handles } = store();
    const first = handles.begin(MODEL);
    const early = first.issue(snapshot("live-1", 1));
    const late = first.issue(snapshot("live-1", 2));
    first.end();

    const again = handles.resume(late, MODEL);
    expect(again).toMatchObject({ ok: true, value: { snapshot: snapshot("live-1", 2) } });
    if (again.ok) again.value.resumable.end();
    // The older one is good as well, for what was there when it was issued.
    expect(handles.resume(early, MODEL)).toMatchObject({
      ok: true,
      value: { snapshot: snapshot("live-1", 1) },
    });
  });

  test("is refused while the session is open, and while another one carries it on", () => {
    const { handles } = store();
    const first = handles.begin(MODEL);
    const handle = first.issue(snapshot("live-1"));
    const open = {
      ok: false,
      close: { code: 1011, reason: expect.stringMatching(/^Internal error encountered\./) },
    };
    expect(handles.resume(handle, MODEL)).toEqual(open);
    first.end();
    expect(handles.resume(handle, MODEL)).toMatchObject({ ok: true });
    expect(handles.resume(handle, MODEL)).toEqual(open);
  });

  test("is not of the session that ended earlier, whoever ends it once more", () => {
    const { handles } = store();
    const first = handles.begin(MODEL);
    const handle = first.issue(snapshot("live-1"));
    first.end();
    expect(handles.resume(handle, MODEL)).toMatchObject({ ok: true });
    first.end();
    expect(handles.resume(handle, MODEL)).toMatchObject({ ok: false, close: { code: 1011 } });
  });

  test("is good for two hours after the end of the last session, however long that was", () => {
    const { handles, pass } = store();
    const first = handles.begin(MODEL);
    const handle = first.issue(snapshot("live-1"));
    pass(10 * HANDLE_LIFETIME_MS);
    first.end();
    pass(HANDLE_LIFETIME_MS - 1);
    const second = handles.resume(handle, MODEL);
    expect(second).toMatchObject({ ok: true });
    if (second.ok) second.value.resumable.end();
    pass(HANDLE_LIFETIME_MS);
    expect(handles.resume(handle, MODEL)).toEqual({ ok: false, close: NOT_FOUND });
  });

  test("is for the same model, and a refused change costs nothing", () => {
    const { handles } = store();
    const first = handles.begin(MODEL);
    const handle = first.issue(snapshot("live-1"));
    first.end();
    expect(handles.resume(handle, "models/gemini-3.8-live-extended-thinking")).toEqual({
      ok: false,
      close: { code: 1007, reason: expect.stringMatching(/model cannot be changed/) },
    });
    expect(handles.resume(handle, MODEL)).toMatchObject({ ok: true });
  });

  test("that nobody gave is unknown", () => {
    expect(store().handles.resume("bogus", MODEL)).toEqual({ ok: false, close: NOT_FOUND });
  });
});

test("the oldest handles are forgotten", () => {
  const { handles } = store();
  const session = handles.begin(MODEL);
  const oldest = session.issue(snapshot("live-1"));
  const next = session.issue(snapshot("live-1"));
  for (let i = 0; i < 9_999; i++) session.issue(snapshot("live-1"));
  session.end();
  expect(handles.size).toBe(10_000);
  expect(handles.resume(oldest, MODEL)).toEqual({ ok: false, close: NOT_FOUND });
  expect(handles.resume(next, MODEL)).toMatchObject({ ok: true });
});
