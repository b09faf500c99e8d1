import { SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Media, ServerMessage } from "../signalling-messages.ts";
import { Domain, type Seat } from "./domain.ts";
import type { RoomProperties } from "./room-properties.ts";

const NOW_S = 1_800_000_000;
const issuer = { apiKey: "the key", domainId: "the domain" };
const ON: Media = { audio: "on", video: "off" };

let domain: Domain;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW_S * 1000 });
  domain = new Domain(issuer);
});
afterEach(() => void vi.useRealTimers());

function sign(room: string, claims: Record<string, unknown>): Promise<string> {
  return new SignJWT({ r: room, d: issuer.domainId, iat: NOW_S, ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(issuer.apiKey));
}

function open(name: string, properties: RoomProperties = {}): void {
  expect(domain.createRoom({ name, privacy: "private", properties }).ok).toBe(true);
}

class FakeWire {
  readonly sent: ServerMessage[] = [];
  closed = false;
  send(message: ServerMessage): void {
    this.sent.push(message);
  }
  close(): void {
    this.closed = true;
  }
  types(): string[] {
    return this.sent.map((message) => message.type);
  }
}

interface Attendee {
  seat: Seat;
  wire: FakeWire;
}

async function join(room: string, claims: Record<string, unknown> = {}, media = ON): Promise<Attendee> {
  const admitted = await domain.admit(room, await sign(room, claims));
  if (!admitted.ok) throw new Error(`not admitted: ${admitted.error.type}`);
  const wire = new FakeWire();
  const joined = domain.join(admitted.admission, { userName: "Given", media }, wire);
  if (!joined.ok) throw new Error(`not joined: ${joined.error.type}`);
  return { seat: joined.seat, wire };
}

async function refusal(room: string, claims: Record<string, unknown> = {}): Promise<string | undefined> {
  const admitted = await domain.admit(room, await sign(room, claims));
  return admitted.ok ? undefined : admitted.error.type;
}

const present = (room: string) => domain.meeting(room)?.participants.map(({ sessionId }) => sessionId);

describe("rooms", () => {
  test("a name is taken once, until the room is deleted or has expired", () => {
    open("room", { exp: NOW_S + 10 });
    expect(domain.createRoom({ name: "room", privacy: "public", properties: {} })).toEqual({
      ok: false,
      reason: "exists",
    });
    vi.advanceTimersByTime(10_000);
    expect(domain.room("room")).toBe(undefined);
    open("room");
    expect(domain.deleteRoom("room")).toBe(true);
    expect(domain.deleteRoom("room")).toBe(false);
    open("room");
  });

  test("an expired room with people in it keeps its name", async () => {
    open("room", { exp: NOW_S + 10 });
    await join("room");
    vi.advanceTimersByTime(11_000);
    expect(domain.createRoom({ name: "room", privacy: "public", properties: {} }).ok).toBe(false);
  });

  test("rooms without a name get one of their own", () => {
    const names = Array.from({ length: 50 }, () => {
      const created = domain.createRoom({ privacy: "private", properties: {} });
      return created.ok ? created.room.name : "";
    });
    expect(new Set(names).size).toBe(50);
    for (const name of names) expect(name).toMatch(/^[a-z0-9]{20}$/);
  });

  test("their number is bounded; the expired ones make way when there is need", async () => {
    open("short", { exp: NOW_S + 10 });
    for (let n = 1; n < 10_000; n++) open(`room-${n}`);
    vi.advanceTimersByTime(10_000);
    expect(await refusal("short")).toBe("exp-room");
    open("one-more");
    expect(await refusal("short")).toBe("no-room");
    expect(domain.createRoom({ privacy: "private", properties: {} })).toEqual({
      ok: false,
      reason: "too-many",
    });
  });
});

describe("entering", () => {
  test("each refusal has Daily's type", async () => {
    expect(await refusal("room")).toBe("no-room");
    open("room", { nbf: NOW_S + 5, exp: NOW_S + 10, max_participants: 1 });
    expect(await refusal("room")).toBe("nbf-room");
    vi.advanceTimersByTime(5_000);
    expect(await refusal("room", { nbf: NOW_S + 6 })).toBe("nbf-token");
    expect(await refusal("room", { exp: NOW_S + 5 })).toBe("exp-token");
    expect(await refusal("room", { r: "other" })).toBe("not-allowed");
    const admitted = await domain.admit("room", undefined);
    expect(admitted).toMatchObject({ ok: false, error: { type: "not-allowed" } });
    await join("room");
    expect(await refusal("room")).toBe("meeting-full");
    vi.advanceTimersByTime(5_000);
    expect(await refusal("room")).toBe("exp-room");
  });

  test("a room without a token in the public sense needs none", async () => {
    domain.createRoom({ name: "room", privacy: "public", properties: {} });
    expect(await domain.admit("room", undefined)).toMatchObject({ ok: true });
    const forged = await domain.admit("room", "forged");
    expect(forged).toMatchObject({ ok: false, error: { type: "not-allowed" } });
  });

  test("what was true at the admission is asked again at the join", async () => {
    open("room", { exp: NOW_S + 10, max_participants: 1 });
    const admitted = await domain.admit("room", await sign("room", {}));
    if (!admitted.ok) throw new Error(admitted.error.type);
    const late = () => domain.join(admitted.admission, { media: ON }, new FakeWire());
    const { seat } = await join("room");
    expect(late()).toMatchObject({ ok: false, error: { type: "meeting-full" } });
    seat.leave();
    vi.advanceTimersByTime(10_000);
    expect(late()).toMatchObject({ ok: false, error: { type: "exp-room" } });
    domain.deleteRoom("room");
    expect(late()).toMatchObject({ ok: false, error: { type: "no-room" } });
  });

  test("token and room say how media start; the token has the last word", async () => {
    open("room", { start_video_off: true, start_audio_off: true });
    const admitted = await domain.admit("room", await sign("room", { ao: false, p: { cs: "a" } }));
    expect(admitted).toMatchObject({
      ok: true,
      admission: { info: { startAudioOff: false, startVideoOff: true, canSend: ["audio"] } },
    });
  });
});

describe("a meeting", () => {
  test("introduces the newcomer to those present and them to the newcomer", async () => {
    open("room");
    const bot = await join("room", { ud: "bot-1", u: "Bot", o: true });
    const user = await join("room", {});
    expect(bot.seat.you).toMatchObject({ userId: "bot-1", userName: "Bot", owner: true });
    expect(user.seat.you).toMatchObject({ userId: user.seat.you.sessionId, userName: "Given", owner: false });
    expect(user.seat.others).toEqual([bot.seat.you]);
    expect(bot.wire.sent).toEqual([{ type: "participant-joined", participant: user.seat.you }]);
    expect(user.wire.sent).toEqual([]);
  });

  test("sends to one or to all others, and never back", async () => {
    open("room");
    const [a, b, c] = [await join("room"), await join("room"), await join("room")];
    const message: ServerMessage = { type: "app-message", from: a.seat.you.sessionId, data: 1 };
    const { meeting, you } = a.seat;
    meeting.send(you.sessionId, "*", message);
    meeting.send(you.sessionId, b.seat.you.sessionId, message);
    meeting.send(you.sessionId, you.sessionId, message);
    meeting.send(you.sessionId, "nobody", message);
    const count = ({ wire }: Attendee) => wire.types().filter((type) => type === "app-message").length;
    expect([a, b, c].map(count)).toEqual([0, 2, 1]);
  });

  test("media that the token does not allow are off for the others", async () => {
    open("room");
    const bot = await join("room");
    const { seat } = await join("room", { p: { cs: "a" } }, { audio: "on", video: "on" });
    expect(seat.you.media).toEqual({ audio: "on", video: "off" });
    seat.meeting.update(seat.you.sessionId, { media: { audio: "off", video: "on" } });
    expect(bot.wire.sent.at(-1)).toMatchObject({
      type: "participant-updated",
      participant: { media: { audio: "off", video: "off" } },
    });
  });

  test("leaving tells the others once", async () => {
    open("room");
    const bot = await join("room");
    const { seat } = await join("room");
    seat.leave();
    seat.leave();
    expect(bot.wire.types()).toEqual(["participant-joined", "participant-left"]);
    expect(present("room")).toEqual([bot.seat.you.sessionId]);
  });
});

describe("being sent out", () => {
  test("eject by session id and by user id; the unknown are no error", async () => {
    open("room");
    const one = await join("room", { ud: "bot-1" });
    const two = await join("room", { ud: "user-1" });
    const three = await join("room", { ud: "user-2" });
    const ejected = domain.eject("room", { ids: [two.seat.you.sessionId, "nobody"], user_ids: ["bot-1"] });
    expect(ejected.sort()).toEqual([one, two].map(({ seat }) => seat.you.sessionId).sort());
    expect(one.wire.sent.at(-1)).toMatchObject({ type: "fatal", error: { type: "ejected" } });
    expect(one.wire.closed).toBe(true);
    expect(three.wire.types().filter((type) => type === "participant-left")).toHaveLength(2);
    expect(domain.eject("nowhere", { ids: ["x"], user_ids: [] })).toEqual([]);
  });

  test("a deleted room sends everybody out with no-room, and later joins hear the same", async () => {
    open("room");
    const { wire } = await join("room");
    domain.deleteRoom("room");
    expect(wire.sent).toMatchObject([{ type: "fatal", error: { type: "no-room", msg: /deleted/ } }]);
    expect(await refusal("room")).toBe("no-room");
  });

  test("the room's end, where it ejects", async () => {
    open("room", { exp: NOW_S + 60, eject_at_room_exp: true });
    const { seat, wire } = await join("room", { exp: NOW_S + 600, ejt: true });
    expect(seat.you.willEjectAt).toBe(new Date((NOW_S + 60) * 1000).toISOString());
    vi.advanceTimersByTime(59_999);
    expect(wire.closed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(wire.sent).toMatchObject([{ type: "fatal", error: { type: "exp-room" } }]);
    expect(present("room")).toEqual([]);
  });

  test("a room that expires without ejecting lets the conversation go on", async () => {
    open("room", { exp: NOW_S + 60 });
    const { wire } = await join("room");
    vi.advanceTimersByTime(3_600_000);
    expect(wire.closed).toBe(false);
    expect(present("room")).toHaveLength(1);
  });

  test("the token's end, where it ejects", async () => {
    open("room");
    const ejected = await join("room", { exp: NOW_S + 60, ejt: true });
    const stays = await join("room", { exp: NOW_S + 60 });
    vi.advanceTimersByTime(60_000);
    expect(ejected.wire.sent.at(-1)).toMatchObject({ type: "fatal", error: { type: "exp-token" } });
    expect(present("room")).toEqual([stays.seat.you.sessionId]);
  });

  test("so many seconds after joining, by the token or by the room, the sooner", async () => {
    open("room", { eject_after_elapsed: 30 });
    const sooner = await join("room", { eje: 10 });
    const later = await join("room", { eje: 90 });
    vi.advanceTimersByTime(10_000);
    expect(sooner.wire.sent.at(-1)).toMatchObject({ type: "fatal", error: { type: "ejected" } });
    expect(later.wire.closed).toBe(false);
    vi.advanceTimersByTime(20_000);
    expect(later.wire.closed).toBe(true);
  });

  test("the last times that there are", async () => {
    open("room", { exp: 8_640_000_000_000, eject_at_room_exp: true });
    const { seat } = await join("room");
    expect(seat.you.willEjectAt).toBe("+275760-09-13T00:00:00.000Z");
    open("other", { eject_after_elapsed: 3_155_760_000 });
    expect((await join("other")).seat.you.willEjectAt).toMatch(/^21/);
  });

  test("a second one with the same user id, where they have to be unique", async () => {
    open("room", { enforce_unique_user_ids: true });
    const first = await join("room", { ud: "same" });
    const second = await join("room", { ud: "same" });
    expect(first.wire.sent.at(-1)).toMatchObject({ type: "fatal", error: { type: "ejected" } });
    expect(present("room")).toEqual([second.seat.you.sessionId]);
  });

  test("no timer outlives a seat", async () => {
    open("room", { exp: NOW_S + 60, eject_at_room_exp: true });
    const { seat } = await join("room");
    expect(vi.getTimerCount()).toBe(1);
    seat.leave();
    expect(vi.getTimerCount()).toBe(0);
  });
});
