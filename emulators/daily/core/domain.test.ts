import { describe, expect, test, vi } from "vitest";
import type { ServerMessage } from "../signalling-messages.ts";
import { type Attendee, FakeWire, NOW_S, ON, useAccount } from "./testing/account.ts";

const account = useAccount();

describe("rooms", () => {
  test("a name is taken once, until the room is deleted or has expired", () => {
    account.current.open("room", { exp: NOW_S + 10 });
    expect(account.current.domain.createRoom({ name: "room", privacy: "public", properties: {} })).toEqual({
      ok: false,
      reason: "exists",
    });
    vi.advanceTimersByTime(10_000);
    expect(account.current.domain.room("room")).toBe(undefined);
    account.current.open("room");
    expect(account.current.domain.deleteRoom("room")).toBe(true);
    expect(account.current.domain.deleteRoom("room")).toBe(false);
    account.current.open("room");
  });

  test("an expired room with people in it keeps its name", async () => {
    account.current.open("room", { exp: NOW_S + 10 });
    await account.current.join("room");
    vi.advanceTimersByTime(11_000);
    expect(account.current.domain.createRoom({ name: "room", privacy: "public", properties: {} }).ok).toBe(
      false,
    );
  });

  test("rooms without a name get one of their own", () => {
    const names = Array.from({ length: 50 }, () => {
      const created = account.current.domain.createRoom({ privacy: "private", properties: {} });
      return created.ok ? created.room.name : "";
    });
    expect(new Set(names).size).toBe(50);
    for (const name of names) expect(name).toMatch(/^[a-z0-9]{20}$/);
  });

  test("their number is bounded; the expired ones make way when there is need", async () => {
    account.current.open("short", { exp: NOW_S + 10 });
    for (let n = 1; n < 10_000; n++) account.current.open(`room-${n}`);
    vi.advanceTimersByTime(10_000);
    expect(await account.current.refusal("short")).toBe("exp-room");
    account.current.open("one-more");
    expect(await account.current.refusal("short")).toBe("no-room");
    expect(account.current.domain.createRoom({ privacy: "private", properties: {} })).toEqual({
      ok: false,
      reason: "too-many",
    });
  });
});

describe("entering", () => {
  test("each refusal has Daily's type", async () => {
    expect(await account.current.refusal("room")).toBe("no-room");
    account.current.open("room", { nbf: NOW_S + 5, exp: NOW_S + 10, max_participants: 1 });
    expect(await account.current.refusal("room")).toBe("nbf-room");
    vi.advanceTimersByTime(5_000);
    expect(await account.current.refusal("room", { nbf: NOW_S + 6 })).toBe("nbf-token");
    expect(await account.current.refusal("room", { exp: NOW_S + 5 })).toBe("exp-token");
    expect(await account.current.refusal("room", { r: "other" })).toBe("not-allowed");
    const admitted = await account.current.domain.admit("room", undefined);
    expect(admitted).toMatchObject({ ok: false, error: { type: "not-allowed" } });
    await account.current.join("room");
    expect(await account.current.refusal("room")).toBe("meeting-full");
    vi.advanceTimersByTime(5_000);
    expect(await account.current.refusal("room")).toBe("exp-room");
  });

  test("a room without a token in the public sense needs none", async () => {
    account.current.domain.createRoom({ name: "room", privacy: "public", properties: {} });
    expect(await account.current.domain.admit("room", undefined)).toMatchObject({ ok: true });
    const forged = await account.current.domain.admit("room", "forged");
    expect(forged).toMatchObject({ ok: false, error: { type: "not-allowed" } });
  });

  test("what was true at the admission is asked again at the join", async () => {
    account.current.open("room", { exp: NOW_S + 10, max_participants: 1 });
    const admitted = await account.current.domain.admit("room", await account.current.sign("room", {}));
    if (!admitted.ok) throw new Error(admitted.error.type);
    const late = () => account.current.domain.join(admitted.admission, { media: ON }, new FakeWire());
    const { seat } = await account.current.join("room");
    expect(late()).toMatchObject({ ok: false, error: { type: "meeting-full" } });
    seat.leave();
    vi.advanceTimersByTime(10_000);
    expect(late()).toMatchObject({ ok: false, error: { type: "exp-room" } });
    account.current.domain.deleteRoom("room");
    expect(late()).toMatchObject({ ok: false, error: { type: "no-room" } });
  });

  test("token and room say how media start; the token has the last word", async () => {
    account.current.open("room", { start_video_off: true, start_audio_off: true });
    const admitted = await account.current.domain.admit(
      "room",
      await account.current.sign("room", { ao: false, p: { cs: "a" } }),
    );
    expect(admitted).toMatchObject({
      ok: true,
      admission: { info: { startAudioOff: false, startVideoOff: true, permissions: { canSend: ["audio"] } } },
    });
  });
});

describe("a meeting", () => {
  test("introduces the newcomer to those present and them to the newcomer", async () => {
    account.current.open("room");
    const bot = await account.current.join("room", { ud: "bot-1", u: "Bot", o: true });
    const user = await account.current.join("room", {});
    expect(bot.seat.you).toMatchObject({ userId: "bot-1", userName: "Bot", owner: true });
    expect(user.seat.you).toMatchObject({ userId: user.seat.you.sessionId, userName: "Given", owner: false });
    expect(user.seat.others).toEqual([bot.seat.you]);
    expect(bot.wire.sent).toEqual([{ type: "participant-joined", participant: user.seat.you }]);
    expect(user.wire.sent).toEqual([]);
  });

  test("sends to one or to all others, and never back", async () => {
    account.current.open("room");
    const [a, b, c] = [
      await account.current.join("room"),
      await account.current.join("room"),
      await account.current.join("room"),
    ];
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
    account.current.open("room");
    const bot = await account.current.join("room");
    const { seat } = await account.current.join("room", { p: { cs: "a" } }, { audio: "on", video: "on" });
    expect(seat.you.media).toEqual({ audio: "on", video: "off" });
    seat.meeting.setMedia(seat.you.sessionId, { audio: "off", video: "on" });
    expect(bot.wire.sent.at(-1)).toMatchObject({
      type: "participant-updated",
      participant: { media: { audio: "off", video: "off" } },
    });
  });

  test("leaving tells the others once", async () => {
    account.current.open("room");
    const bot = await account.current.join("room");
    const { seat } = await account.current.join("room");
    seat.leave();
    seat.leave();
    expect(bot.wire.types()).toEqual(["participant-joined", "participant-left"]);
    expect(account.current.present("room")).toEqual([bot.seat.you.sessionId]);
  });
});

test("a room that is late is not there for joins at first, and is for all else", async () => {
  account.current.faults.inflict({ fault: "roomLate", ms: 500 });
  account.current.open("room");
  expect(account.current.domain.room("room")?.name).toBe("room");
  expect(await account.current.refusal("room")).toBe("no-room");
  vi.advanceTimersByTime(500);
  expect(await account.current.refusal("room")).toBe(undefined);
});
