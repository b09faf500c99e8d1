import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Fixture, startFixture } from "../test-fixture.ts";
import { REPLIES } from "./fixtures/rest-description.ts";

let fixture: Fixture;

beforeEach(async () => {
  fixture = await startFixture();
  await fixture.newRoom("room");
});
afterEach(async () => {
  vi.useRealTimers();
  await fixture.close();
});

const fieldsOf = (reply: object) => Object.keys(reply).sort();
const notHosting = {
  status: 404,
  body: { error: "not-found", info: "room room does not seem to be hosting a call currently" },
};
const invalid = { status: 400, body: { error: "invalid-request-error", info: expect.any(String) } };

describe("GET /rooms/:name/presence", () => {
  test("tells who is there, and for how many whole seconds", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const client = await fixture.join("room", { ud: "bot-1", u: "Bot" });
    vi.setSystemTime(Date.now() + 5_900);
    const { status, body } = await fixture.rest("GET", "/v1/rooms/room/presence");
    expect({ status, count: body.total_count }).toEqual({ status: 200, count: 1 });
    const [participant] = body.data as object[]; // asserted on below
    expect(fieldsOf(participant ?? {})).toEqual(fieldsOf(REPLIES.participant));
    expect(participant).toMatchObject({
      room: "room",
      id: client.id,
      userId: "bot-1",
      userName: "Bot",
      joinTime: expect.stringMatching(/T\d\d:\d\d:\d\d\.000Z$/),
      duration: 5,
    });
  });

  test("without a token's user id and name both are null", async () => {
    await fixture.join("room");
    expect((await fixture.rest("GET", "/v1/rooms/room/presence")).body).toMatchObject({
      data: [{ userId: null, userName: null }],
    });
  });

  test("can be asked for one user, by id or name, and for fewer", async () => {
    for (const n of [1, 2, 3]) await fixture.join("room", { ud: `user-${n}`, u: n === 1 ? "One" : "Other" });
    const ask = async (query: string) => {
      const { body } = await fixture.rest("GET", `/v1/rooms/room/presence?${query}`);
      return [body.total_count, (body.data as { userId: string }[]).map(({ userId }) => userId)];
    };
    expect(await ask("userId=user-2")).toEqual([1, ["user-2"]]);
    expect(await ask("userName=Other")).toEqual([2, ["user-2", "user-3"]]);
    expect(await ask("userName=Other&limit=1")).toEqual([2, ["user-2"]]);
    expect(await ask("userId=nobody")).toEqual([0, []]);
    expect(await fixture.rest("GET", "/v1/rooms/room/presence?user_id=x")).toEqual(invalid);
  });

  test("of an empty room is nobody", async () => {
    expect(await fixture.rest("GET", "/v1/rooms/room/presence")).toEqual({
      status: 200,
      body: { total_count: 0, data: [] },
    });
  });
});

describe("GET /presence", () => {
  test("tells who is in which room, and leaves out the empty ones", async () => {
    await fixture.newRoom("empty");
    await fixture.newRoom("other");
    const one = await fixture.join("room", { ud: "user-1" });
    const two = await fixture.join("other", { ud: "user-2" });
    const { status, body } = await fixture.rest("GET", "/v1/presence");
    expect(status).toBe(200);
    expect(body).toEqual({
      room: [expect.objectContaining({ room: "room", id: one.id, userId: "user-1" })],
      other: [expect.objectContaining({ room: "other", id: two.id, userId: "user-2" })],
    });
  });

  test("takes no options", async () => {
    expect(await fixture.rest("GET", "/v1/presence?limit=1")).toEqual(invalid);
  });
});

describe("POST /rooms/:name/eject", () => {
  test("by user id and by session id; who is not there is no error", async () => {
    const bot = await fixture.join("room", { ud: "bot-1" });
    const user = await fixture.join("room", { ud: "user-1" });
    const stays = await fixture.join("room", { ud: "user-2" });
    const { status, body } = await fixture.rest("POST", "/v1/rooms/room/eject", {
      ids: [user.id, "nobody"],
      user_ids: ["bot-1", "no-one"],
    });
    expect({ status, body }).toEqual({
      status: 200,
      body: { ejectedIds: expect.arrayContaining([bot.id, user.id]) },
    });
    for (const client of [bot, user]) expect((await client.hears("fatal")).error.type).toBe("ejected");
    expect((await fixture.rest("GET", "/v1/rooms/room/presence")).body).toMatchObject({
      data: [{ id: stays.id }],
    });
  });

  test("with ban keeps the user id out", async () => {
    await fixture.join("room", { ud: "user-1" });
    await fixture.join("room", { ud: "user-2" });
    await fixture.rest("POST", "/v1/rooms/room/eject", { user_ids: ["user-1"], ban: true });
    await expect(fixture.join("room", { ud: "user-1" })).rejects.toThrow(/No welcome among: fatal/);
  });

  test("where nobody is there is no call to eject from", async () => {
    expect(await fixture.rest("POST", "/v1/rooms/room/eject", { user_ids: ["user-1"] })).toEqual(notHosting);
  });

  test.each([
    ["a field that there is none of", { userIds: ["x"] }],
    ["one id instead of a list", { ids: "x" }],
    ["more than a hundred", { user_ids: Array(101).fill("x") }],
  ])("refuses %s", async (_name, body) => {
    expect(await fixture.rest("POST", "/v1/rooms/room/eject", body)).toEqual(invalid);
  });
});

describe("POST /rooms/:name/send-app-message", () => {
  test("reaches everybody by default, or the one that it names", async () => {
    const [one, two] = [await fixture.join("room"), await fixture.join("room")];
    const send = (body: object) => fixture.rest("POST", "/v1/rooms/room/send-app-message", body);
    expect(await send({ data: { to: "one" }, recipient: one.id })).toEqual({
      status: 200,
      body: { sent: "true" },
    });
    await send({ data: { to: "all" } });
    await two.hears("app-message");
    const heard = (client: typeof one) =>
      client.heard.flatMap((message) => (message.type === "app-message" ? [message.data] : []));
    await expect.poll(() => heard(one)).toEqual([{ to: "one" }, { to: "all" }]);
    expect(heard(two)).toEqual([{ to: "all" }]);
  });

  test("to somebody who is not there is no error, and is not kept", async () => {
    const client = await fixture.join("room");
    const body = { data: {}, recipient: "nobody" };
    expect((await fixture.rest("POST", "/v1/rooms/room/send-app-message", body)).status).toBe(200);
    await fixture.rest("POST", "/v1/rooms/room/send-app-message", { data: { last: true } });
    expect((await client.hears("app-message")).data).toEqual({ last: true });
  });

  test("vanishes where messages are made to vanish", async () => {
    const client = await fixture.join("room");
    await fixture.rest("POST", "/_emulator/faults", { fault: "dropAppMessages", count: 1 });
    for (const n of [1, 2]) {
      await fixture.rest("POST", "/v1/rooms/room/send-app-message", { data: { n } });
    }
    expect((await client.hears("app-message")).data).toEqual({ n: 2 });
  });

  test("where nobody is there is no call to send to", async () => {
    const sent = await fixture.rest("POST", "/v1/rooms/room/send-app-message", { data: {} });
    expect(sent).toEqual(notHosting);
  });

  test.each([
    ["no data", {}],
    ["data that are no object", { data: "text" }],
    ["more than 4 kB", { data: { text: "x".repeat(4096) } }],
    ["a field that there is none of", { data: {}, to: "*" }],
  ])("refuses %s", async (_name, body) => {
    await fixture.join("room");
    expect(await fixture.rest("POST", "/v1/rooms/room/send-app-message", body)).toEqual(invalid);
  });
});

describe("the session data", () => {
  const set = (body: object) => fixture.rest("POST", "/v1/rooms/room/set-session-data", body);
  const get = () => fixture.rest("GET", "/v1/rooms/room/get-session-data");

  test("are replaced, merged, thinned out, and read again", async () => {
    const client = await fixture.join("room");
    expect(await get()).toEqual({ status: 200, body: { data: {} } });
    expect(await set({ data: { a: 1, b: { c: 2 } } })).toEqual({ status: 200, body: { sent: "true" } });
    await set({ data: { b: 3, d: 4 }, mergeStrategy: "shallow-merge", keysToDelete: ["a", "nothing"] });
    expect(await get()).toEqual({ status: 200, body: { data: { b: 3, d: 4 } } });
    await expect
      .poll(() => client.heard.filter(({ type }) => type === "session-data").at(-1))
      .toEqual({ type: "session-data", data: { b: 3, d: 4 } });
    await set({});
    expect(await get()).toEqual({ status: 200, body: { data: {} } });
  });

  test("are refused when they grow too large", async () => {
    await fixture.join("room");
    const half = "x".repeat(60_000);
    await set({ data: { a: half } });
    expect(await set({ data: { b: half }, mergeStrategy: "shallow-merge" })).toEqual(invalid);
    expect((await get()).body).toEqual({ data: { a: half } });
  });

  test("are those of a call, so that without one there are none", async () => {
    expect(await get()).toEqual(notHosting);
    expect(await set({ data: { a: 1 } })).toEqual(notHosting);
  });

  test("keys are deleted only in a merge", async () => {
    await fixture.join("room");
    expect(await set({ data: {}, keysToDelete: ["a"] })).toEqual(invalid);
  });
});

test.each([
  ["GET", "presence"],
  ["POST", "eject"],
  ["GET", "get-session-data"],
  ["POST", "set-session-data"],
])("%s /rooms/:name/%s knows no room that is not there", async (method, action) => {
  expect(await fixture.rest(method, `/v1/rooms/nowhere/${action}`)).toEqual({
    status: 404,
    body: { error: "not-found", info: "room nowhere not found" },
  });
});
