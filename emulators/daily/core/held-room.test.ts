import { describe, expect, test, vi } from "vitest";
import { FakeWire, NOW_S, ON, useAccount } from "./testing/account.ts";

const account = useAccount();

describe("being sent out", () => {
  test("eject by session id and by user id; the unknown are no error", async () => {
    account.current.open("room");
    const one = await account.current.join("room", { ud: "bot-1" });
    const two = await account.current.join("room", { ud: "user-1" });
    const three = await account.current.join("room", { ud: "user-2" });
    const ejected = account.current.domain.eject("room", {
      ids: [two.seat.you.sessionId, "nobody"],
      user_ids: ["bot-1"],
      ban: false,
    });
    expect(ejected.sort()).toEqual([one, two].map(({ seat }) => seat.you.sessionId).sort());
    expect(one.wire.sent.at(-1)).toMatchObject({ type: "fatal", error: { type: "ejected" } });
    expect(one.wire.closed).toBe(true);
    expect(three.wire.types().filter((type) => type === "participant-left")).toHaveLength(2);
    expect(account.current.domain.eject("nowhere", { ids: ["x"], user_ids: [], ban: false })).toEqual([]);
  });

  test("a session id is no user id, though it stands for one that no token gave", async () => {
    account.current.open("room", { enforce_unique_user_ids: true });
    const { seat } = await account.current.join("room");
    const eject = (request: object) =>
      account.current.domain.eject("room", { ids: [], user_ids: [], ban: false, ...request });
    expect(eject({ user_ids: [seat.you.userId] })).toEqual([]);
    expect(eject({ ids: [seat.you.sessionId] })).toEqual([seat.you.sessionId]);
  });

  test("a deleted room sends everybody out with no-room, and later joins hear the same", async () => {
    account.current.open("room");
    const { wire } = await account.current.join("room");
    account.current.domain.deleteRoom("room");
    expect(wire.sent).toMatchObject([
      { type: "fatal", error: { type: "no-room", msg: expect.stringMatching(/deleted/) } },
    ]);
    expect(await account.current.refusal("room")).toBe("no-room");
  });

  test("the room's end, where it ejects", async () => {
    account.current.open("room", { exp: NOW_S + 60, eject_at_room_exp: true });
    const { seat, wire } = await account.current.join("room", { exp: NOW_S + 600 });
    expect(seat.you.willEjectAt).toBe(new Date((NOW_S + 60) * 1000).toISOString());
    vi.advanceTimersByTime(59_999);
    expect(wire.closed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(wire.sent).toMatchObject([{ type: "fatal", error: { type: "exp-room" } }]);
    expect(account.current.present("room")).toEqual([]);
  });

  test("a room that expires without ejecting lets the conversation go on", async () => {
    account.current.open("room", { exp: NOW_S + 60 });
    const { wire } = await account.current.join("room");
    vi.advanceTimersByTime(3_600_000);
    expect(wire.closed).toBe(false);
    expect(account.current.present("room")).toHaveLength(1);
  });

  test("the token's end, where it ejects", async () => {
    account.current.open("room");
    const ejected = await account.current.join("room", { exp: NOW_S + 60, ejt: true });
    const stays = await account.current.join("room", { exp: NOW_S + 60 });
    vi.advanceTimersByTime(60_000);
    expect(ejected.wire.sent.at(-1)).toMatchObject({ type: "fatal", error: { type: "exp-token" } });
    expect(account.current.present("room")).toEqual([stays.seat.you.sessionId]);
  });

  test("so many seconds after joining, by the token, else by the room", async () => {
    account.current.open("room", { eject_after_elapsed: 30 });
    const byToken = await account.current.join("room", { eje: 90 });
    const byRoom = await account.current.join("room");
    vi.advanceTimersByTime(30_000);
    expect(byRoom.wire.sent.at(-1)).toMatchObject({ type: "fatal", error: { type: "ejected" } });
    expect(byToken.wire.closed).toBe(false);
    vi.advanceTimersByTime(60_000);
    expect(byToken.wire.closed).toBe(true);
  });

  test("the last times that there are", async () => {
    account.current.open("room", { exp: 2_147_483_647, eject_at_room_exp: true });
    const { seat } = await account.current.join("room");
    expect(seat.you.willEjectAt).toBe("2038-01-19T03:14:07.000Z");
    account.current.open("other", { eject_after_elapsed: 2_147_483_647 });
    expect((await account.current.join("other")).seat.you.willEjectAt).toMatch(/^20\d\d|^21/);
  });

  test("a second one with the same user id, where they have to be unique", async () => {
    account.current.open("room", { enforce_unique_user_ids: true });
    const first = await account.current.join("room", { ud: "same" });
    const second = await account.current.join("room", { ud: "same" });
    expect(first.wire.sent.at(-1)).toMatchObject({ type: "fatal", error: { type: "ejected" } });
    expect(account.current.present("room")).toEqual([second.seat.you.sessionId]);
  });

  test("no timer outlives a seat", async () => {
    account.current.open("room", { exp: NOW_S + 60, eject_at_room_exp: true });
    const { seat } = await account.current.join("room");
    expect(vi.getTimerCount()).toBe(1);
    seat.leave();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a ban", () => {
  const ban = (userIds: string[]) =>
    account.current.domain.eject("room", { ids: [], user_ids: userIds, ban: true });

  test("sends out and keeps out who has the user id, and nobody else", async () => {
    account.current.open("room");
    const banned = await account.current.join("room", { ud: "user-1" });
    const other = await account.current.join("room", { ud: "user-2" });
    expect(ban(["user-1", "user-3"])).toEqual([banned.seat.you.sessionId]);
    expect(await account.current.refusal("room", { ud: "user-1" })).toBe("not-allowed");
    expect(await account.current.refusal("room", { ud: "user-3" })).toBe("not-allowed");
    expect(await account.current.refusal("room", {})).toBe(undefined);
    expect(account.current.present("room")).toEqual([other.seat.you.sessionId]);
  });

  test("without ban the ejected may come back", async () => {
    account.current.open("room");
    await account.current.join("room", { ud: "user-1" });
    account.current.domain.eject("room", { ids: [], user_ids: ["user-1"], ban: false });
    expect(await account.current.refusal("room", { ud: "user-1" })).toBe(undefined);
  });

  test("of session ids keeps nobody out: Daily remembers only user ids", async () => {
    account.current.open("room");
    const { seat } = await account.current.join("room", { ud: "user-1" });
    account.current.domain.eject("room", { ids: [seat.you.sessionId], user_ids: [], ban: true });
    expect(await account.current.refusal("room", { ud: "user-1" })).toBe(undefined);
  });

  test("reaches who was admitted before it", async () => {
    account.current.open("room");
    const admitted = await account.current.domain.admit(
      "room",
      await account.current.sign("room", { ud: "user-1" }),
    );
    if (!admitted.ok) throw new Error(admitted.error.type);
    ban(["user-1"]);
    const joined = account.current.domain.join(admitted.admission, { media: ON }, new FakeWire());
    expect(joined).toMatchObject({ ok: false, error: { type: "not-allowed" } });
  });

  test("ends with the room, and the oldest make way for new ones", async () => {
    account.current.open("room");
    ban(["first"]);
    for (let call = 0; call < 10; call++) ban(Array.from({ length: 100 }, (_, n) => `user-${call}-${n}`));
    expect(await account.current.refusal("room", { ud: "first" })).toBe(undefined);
    expect(await account.current.refusal("room", { ud: "user-0-0" })).toBe("not-allowed");
    account.current.domain.deleteRoom("room");
    account.current.open("room");
    expect(await account.current.refusal("room", { ud: "user-0-0" })).toBe(undefined);
  });
});

describe("an update of the room", () => {
  test("is met by later joins, and leaves alone what it does not name", async () => {
    account.current.open("room", { max_participants: 1, start_video_off: true });
    const { seat } = await account.current.join("room");
    expect(await account.current.refusal("room")).toBe("meeting-full");
    const updated = account.current.domain.updateRoom("room", { properties: { max_participants: 2 } });
    expect(updated).toMatchObject({
      privacy: "private",
      config: { max_participants: 2, start_video_off: true },
    });
    expect(await account.current.refusal("room")).toBe(undefined);
    expect(account.current.present("room")).toEqual([seat.you.sessionId]);
  });

  test("from public to private keeps those who are in it, and asks the next for a token", async () => {
    account.current.domain.createRoom({ name: "room", privacy: "public", properties: {} });
    await account.current.join("room");
    account.current.domain.updateRoom("room", { privacy: "private" });
    expect(await account.current.domain.admit("room", undefined)).toMatchObject({
      error: { type: "not-allowed" },
    });
    expect(account.current.present("room")).toHaveLength(1);
  });

  test("puts off the end of those who are in it, or brings it forward", async () => {
    account.current.open("room", { exp: NOW_S + 60, eject_at_room_exp: true });
    const { wire } = await account.current.join("room");
    account.current.domain.updateRoom("room", { properties: { exp: NOW_S + 120 } });
    vi.advanceTimersByTime(119_999);
    expect(wire.closed).toBe(false);
    account.current.domain.updateRoom("room", { properties: { exp: NOW_S + 600 } });
    account.current.domain.updateRoom("room", { properties: { exp: NOW_S + 110 } });
    vi.advanceTimersByTime(0);
    expect(wire.sent).toMatchObject([{ type: "fatal", error: { type: "exp-room" } }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("counts a stay from the join, not from the update", async () => {
    account.current.open("room");
    const { wire } = await account.current.join("room");
    vi.advanceTimersByTime(20_000);
    account.current.domain.updateRoom("room", { properties: { eject_after_elapsed: 30 } });
    vi.advanceTimersByTime(9_999);
    expect(wire.closed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(wire.closed).toBe(true);
  });

  test("of a room that is not there, or no longer, is none", () => {
    account.current.open("room", { exp: NOW_S + 1 });
    vi.advanceTimersByTime(1_000);
    expect(account.current.domain.updateRoom("room", {})).toBe(undefined);
    expect(account.current.domain.updateRoom("nowhere", {})).toBe(undefined);
  });
});
