import { describe, expect, it } from "vitest";
import { type CallRecord, EMPTY_RECORD, nextRecord, timelineRows } from "./call-record.ts";
import type { Event } from "./state.ts";

function resultOf(...events: (readonly [atMs: number, event: Event])[]): CallRecord {
  return events.reduce((record, [atMs, event]) => nextRecord(record, event, atMs), EMPTY_RECORD);
}

const toReady: (readonly [number, Event])[] = [
  [5_000, { type: "connect-pressed" }],
  [5_100, { type: "microphone-ready" }],
  [5_200, { type: "session-started", sessionId: "s1" }],
  [5_400, { type: "connected" }],
  [5_600, { type: "bot-ready" }],
];

describe("the moments of a call", () => {
  it("are counted from Connect, the first of each kind", () => {
    const record = resultOf(...toReady, [9_000, { type: "bot-ready" }], [5_900, { type: "assistant-heard" }]);
    expect(record.moments).toEqual({
      ...{ pressed: 0, asked: 100, answered: 200, connected: 400, ready: 600 },
      heard: 900,
    });
  });

  it("begin anew with the next call", () => {
    const record = resultOf(...toReady, [9_000, { type: "connect-pressed" }]);
    expect(record).toEqual({ ...EMPTY_RECORD, pressedAtMs: 9_000, moments: { pressed: 0 } });
  });

  it("are not counted where there was no call", () => {
    expect(resultOf([1, { type: "connected" }])).toBe(EMPTY_RECORD);
  });
});

describe("the timeline", () => {
  const timeline = { room: 60, dispatched: 30, botJoined: 250 };
  const seen: readonly [number, Event] = [5_700, { type: "session-seen", sessionId: "s1", timeline }];

  it("sets the service's clock by its answer, which left when room and bot were there", () => {
    const rows = timelineRows(resultOf(...toReady, seen));
    expect(rows.map(({ side, label, atMs }) => `${side} ${atMs} ${label}`)).toEqual([
      "page 0 Connect pressed",
      "page 100 Microphone open",
      "service 140 Accepted",
      "service 170 Bot dispatched",
      "service 200 Room created",
      "page 200 Session received",
      "service 390 Bot joined",
      "page 400 In the room",
      "page 600 Assistant ready",
    ]);
  });

  it("tells how long each step took on its own side", () => {
    const rows = timelineRows(resultOf(...toReady, seen));
    const took = Object.fromEntries(rows.map(({ label, tookMs }) => [label, tookMs]));
    expect(took).toMatchObject({ Accepted: 0, "Room created": 30, "Bot joined": 190, "In the room": 200 });
  });

  it("never lets the service accept before it was asked", () => {
    const slow: readonly [number, Event] = [
      5_700,
      { type: "session-seen", sessionId: "s1", timeline: { room: 900 } },
    ];
    const accepted = timelineRows(resultOf(...toReady, slow)).find(({ label }) => label === "Accepted");
    expect(accepted?.atMs).toBe(100);
  });

  it("is the page's alone as long as the service has said nothing", () => {
    expect(timelineRows(resultOf(...toReady)).every(({ side }) => side === "page")).toBe(true);
    expect(timelineRows(EMPTY_RECORD)).toEqual([]);
  });
});
