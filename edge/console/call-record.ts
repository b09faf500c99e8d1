import type { Mark, SessionView } from "../../protocol/session.ts";
import type { Event } from "./state.ts";
import { NO_TURNS, nextTurns, type Turns } from "./turns.ts";

/** When things happened in a call, as this page saw them and as the service wrote them down. */
export interface CallRecord {
  /** On the clock of the events; `undefined` before the first call. */
  readonly pressedAtMs: number | undefined;
  /** In milliseconds since Connect was pressed. */
  readonly moments: Partial<Record<Moment, number>>;
  /** In milliseconds since the service accepted the session. */
  readonly marks: SessionView["timeline"];
  readonly turns: Turns;
}

/** What this page sees itself. `heard`: the first sound of the assistant at the speaker. */
export type Moment = "pressed" | "asked" | "answered" | "connected" | "ready" | "heard" | "left";

export const EMPTY_RECORD: CallRecord = {
  pressedAtMs: undefined,
  moments: {},
  marks: {},
  turns: NO_TURNS,
};

/** @param atMs of a clock that does not jump. An event without meaning here leaves the record as it is, identically. */
export function nextRecord(record: CallRecord, event: Event, atMs: number): CallRecord {
  switch (event.type) {
    case "connect-pressed":
      return { ...EMPTY_RECORD, pressedAtMs: atMs, moments: { pressed: 0 } };
    case "microphone-ready":
      return withMoment(record, "asked", atMs);
    case "session-started":
      return withMoment(record, "answered", atMs);
    case "connected":
      return withMoment(record, "connected", atMs);
    case "bot-ready":
      return withMoment(record, "ready", atMs);
    case "assistant-heard":
      return withMoment(record, "heard", atMs);
    case "ended":
      return withMoment(record, "left", atMs);
    case "session-seen":
      return { ...record, marks: event.timeline };
    case "user-started-speaking":
    case "user-stopped-speaking":
    case "bot-started-speaking":
    case "bot-ttfb": {
      const turns = nextTurns(record.turns, event, atMs);
      return turns === record.turns ? record : { ...record, turns };
    }
    default:
      return record;
  }
}

/** The first of each kind counts. */
function withMoment(record: CallRecord, moment: Moment, atMs: number): CallRecord {
  if (record.pressedAtMs === undefined || record.moments[moment] !== undefined) return record;
  return { ...record, moments: { ...record.moments, [moment]: atMs - record.pressedAtMs } };
}

/** One thing that happened, on the page's clock. */
export interface TimelineRow {
  readonly side: "service" | "page";
  readonly label: string;
  /** Since Connect was pressed. */
  readonly atMs: number;
  /** Since the row before it of the same side. */
  readonly tookMs: number;
}

const MARK_LABELS: Record<Mark | "accepted", string> = {
  accepted: "Accepted",
  room: "Room created",
  dispatched: "Bot dispatched",
  botJoined: "Bot joined",
  clientJoined: "Caller joined",
  clientReady: "Caller ready",
  firstBotAudio: "First audio sent",
  ended: "Session ended",
};

const MOMENT_LABELS: Record<Moment, string> = {
  pressed: "Connect pressed",
  asked: "Microphone open",
  answered: "Session received",
  connected: "In the room",
  ready: "Assistant ready",
  heard: "Assistant heard",
  left: "Call left",
};

/**
 * All that is known, in the order in which it happened.
 *
 * The two clocks share no zero. The service answers when the room is there and the bot dispatched, so it accepted
 * the session that long before its answer came: right to within the way of the answer.
 */
export function timelineRows({ moments, marks }: CallRecord): TimelineRow[] {
  const service: { label: string; atMs: number }[] = [];
  if (moments.answered !== undefined && Object.keys(marks).length > 0) {
    const inServiceMs = Math.max(marks.room ?? 0, marks.dispatched ?? 0);
    const acceptedAtMs = Math.max(moments.asked ?? 0, moments.answered - inServiceMs);
    for (const [mark, atMs] of entries({ accepted: 0, ...marks })) {
      service.push({ label: MARK_LABELS[mark], atMs: acceptedAtMs + atMs });
    }
  }
  const page = entries(moments).map(([moment, atMs]) => ({ label: MOMENT_LABELS[moment], atMs }));
  return [...withDurations("service", service), ...withDurations("page", page)].sort(
    (a, b) => a.atMs - b.atMs,
  );
}

function withDurations(side: TimelineRow["side"], points: { label: string; atMs: number }[]): TimelineRow[] {
  const inOrder = points.toSorted((a, b) => a.atMs - b.atMs);
  return inOrder.map((point, index) => ({
    side,
    ...point,
    tookMs: point.atMs - (inOrder[index - 1]?.atMs ?? point.atMs),
  }));
}

/** `Object.entries` with the keys that the type promises: these objects are made here and hold no others. */
function entries<Key extends string>(object: Partial<Record<Key, number>>): [Key, number][] {
  return Object.entries(object) as [Key, number][];
}
