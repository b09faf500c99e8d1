import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Fixture, startFixture } from "../test-fixture.ts";
import { REPLIES } from "./fixtures/rest-description.ts";

let fixture: Fixture;

beforeEach(async () => {
  fixture = await startFixture();
});
afterEach(async () => {
  vi.useRealTimers();
  await fixture.close();
});

const fieldsOf = (reply: object) => Object.keys(reply).sort();

const names = (body: Record<string, unknown>) => (body.data as { name: string }[]).map(({ name }) => name); // a list of rooms

async function open(name: string, properties: object = {}): Promise<Record<string, unknown>> {
  const { status, body } = await fixture.rest("POST", "/v1/rooms", {
    name,
    privacy: "private",
    properties,
  });
  expect(status).toBe(200);
  return body;
}

const refused = (error: string, status: number) => ({ status, body: { error, info: expect.any(String) } });

describe("POST /rooms", () => {
  test("answers with the room", async () => {
    const properties = { exp: 2_000_000_000, eject_at_room_exp: true, max_participants: 3 };
    const room = await open("vrd-1", properties);
    expect(fieldsOf(room)).toEqual(fieldsOf(REPLIES.room));
    expect(room).toMatchObject({
      name: "vrd-1",
      privacy: "private",
      api_created: true,
      url: `${fixture.emulator.url}/vrd-1`,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/),
      config: properties,
    });
    expect((await fetch(`${fixture.emulator.url}/vrd-1`)).status).toBe(200);
  });

  test("without a body makes a public room with a name of its own", async () => {
    const { body } = await fixture.rest("POST", "/v1/rooms");
    expect(body).toMatchObject({ name: expect.stringMatching(/^\w{20}$/), privacy: "public", config: {} });
  });

  test("with a slash at the end is the same", async () => {
    expect((await fixture.rest("POST", "/v1/rooms/", { name: "slash" })).body).toMatchObject({
      name: "slash",
    });
  });

  test("refuses a name that is taken, in Daily's words", async () => {
    await open("taken");
    expect(await fixture.rest("POST", "/v1/rooms", { name: "taken" })).toEqual({
      status: 400,
      body: { error: "invalid-request-error", info: "a room named taken already exists" },
    });
  });

  test.each([
    ["a field that there is none of", { nme: "x" }],
    ["a name with a space", { name: "a b" }],
    ["a name of 129 characters", { name: "x".repeat(129) }],
    ["another privacy", { privacy: "org" }],
    ["an array", []],
  ])("refuses %s", async (_name, body) => {
    expect(await fixture.rest("POST", "/v1/rooms", body)).toEqual(refused("invalid-request-error", 400));
  });
});

describe("GET /rooms/:name", () => {
  test("answers as at the creation", async () => {
    const room = await open("vrd-1", { start_video_off: true });
    expect(await fixture.rest("GET", "/v1/rooms/vrd-1")).toEqual({ status: 200, body: room });
  });

  test("knows neither a room that never was nor one that has expired", async () => {
    await open("old", { exp: 1 });
    for (const name of ["old", "nowhere"]) {
      expect(await fixture.rest("GET", `/v1/rooms/${name}`)).toEqual({
        status: 404,
        body: { error: "not-found", info: `room ${name} not found` },
      });
    }
  });
});

describe("POST /rooms/:name", () => {
  test("changes what it names, leaves the rest, and answers with the room", async () => {
    const room = await open("vrd-1", { start_video_off: true, max_participants: 3 });
    const change = { privacy: "public", properties: { max_participants: 5, exp: 2_000_000_000 } };
    const updated = await fixture.rest("POST", "/v1/rooms/vrd-1", change);
    const config = { start_video_off: true, max_participants: 5, exp: 2_000_000_000 };
    expect(updated).toEqual({ status: 200, body: { ...room, privacy: "public", config } });
    expect(await fixture.rest("GET", "/v1/rooms/vrd-1")).toEqual(updated);
  });

  test("a property set to its default is shown no more", async () => {
    await open("vrd-1", { start_video_off: true });
    const { body } = await fixture.rest("POST", "/v1/rooms/vrd-1", {
      properties: { start_video_off: false },
    });
    expect(body.config).toEqual({});
  });

  test("reaches those who are in the call: a room that now has ended sends them out", async () => {
    await open("vrd-1", { exp: 2_000_000_000, eject_at_room_exp: true });
    const client = await fixture.join("vrd-1");
    await fixture.rest("POST", "/v1/rooms/vrd-1", { properties: { exp: 1 } });
    expect((await client.hears("fatal")).error.type).toBe("exp-room");
  });

  test.each([
    ["a new name", { name: "other" }],
    ["a misspelt property", { properties: { maxParticipants: 3 } }],
    ["null for a property", { properties: { exp: null } }],
  ])("refuses %s", async (_name, body) => {
    await open("vrd-1");
    expect(await fixture.rest("POST", "/v1/rooms/vrd-1", body)).toEqual(
      refused("invalid-request-error", 400),
    );
  });

  test("knows no room that is not there", async () => {
    expect(await fixture.rest("POST", "/v1/rooms/nowhere", {})).toEqual(refused("not-found", 404));
  });
});

describe("DELETE /rooms/:name", () => {
  test("says that it is deleted, and then that there is none", async () => {
    await open("vrd-1");
    expect(await fixture.rest("DELETE", "/v1/rooms/vrd-1")).toEqual({
      status: 200,
      body: { ...REPLIES.roomDeleted, name: "vrd-1" },
    });
    expect(await fixture.rest("DELETE", "/v1/rooms/vrd-1")).toEqual(refused("not-found", 404));
    expect((await fetch(`${fixture.emulator.url}/vrd-1`)).status).toBe(404);
  });

  test("of an expired room is a 404 that says that it is deleted", async () => {
    await open("old", { exp: 1 });
    expect(await fixture.rest("DELETE", "/v1/rooms/old")).toMatchObject({
      status: 404,
      body: { error: "not-found", deleted: true },
    });
  });

  test("sends out who is in it", async () => {
    await open("vrd-1");
    const client = await fixture.join("vrd-1");
    await fixture.rest("DELETE", "/v1/rooms/vrd-1");
    expect((await client.hears("fatal")).error.type).toBe("no-room");
  });
});

describe("GET /rooms", () => {
  test("lists the newest first and counts all", async () => {
    for (const name of ["a", "b", "c"]) await open(name);
    const { body } = await fixture.rest("GET", "/v1/rooms");
    expect(fieldsOf(body)).toEqual(["data", "total_count"]);
    expect(names(body)).toEqual(["c", "b", "a"]);
    const limited = await fixture.rest("GET", "/v1/rooms?limit=2");
    expect(limited.body.total_count).toBe(3);
    expect(names(limited.body)).toEqual(["c", "b"]);
  });

  test("lists as GET /rooms/:name shows, and no expired room", async () => {
    const room = await open("vrd-1", { start_video_off: true });
    await open("old", { exp: 1 });
    expect((await fixture.rest("GET", "/v1/rooms")).body).toEqual({ total_count: 1, data: [room] });
  });

  test("ending_before lists those created before a room, starting_after those created after it", async () => {
    const ids = [];
    for (const name of ["a", "b", "c", "d"]) ids.push((await open(name)).id);
    const before = await fixture.rest("GET", `/v1/rooms?ending_before=${ids[2]}`);
    expect(names(before.body)).toEqual(["b", "a"]);
    const after = await fixture.rest("GET", `/v1/rooms?starting_after=${ids[0]}&limit=2`);
    expect(names(after.body)).toEqual(["d", "c"]);
    expect(after.body.total_count).toBe(4);
  });

  test("a room that was created anew is the newest", async () => {
    await open("a", { exp: 1 });
    await open("b");
    await open("a");
    expect(names((await fixture.rest("GET", "/v1/rooms")).body)).toEqual(["a", "b"]);
  });

  test("at most a hundred at once", async () => {
    for (let n = 0; n < 101; n++) await open(`room-${n}`);
    const { body } = await fixture.rest("GET", "/v1/rooms");
    expect(names(body)).toHaveLength(100);
    expect(body.total_count).toBe(101);
  });

  test.each([
    "limit=0",
    "limit=101",
    "limit=",
    "limit=ten",
    "limit=1&limit=2",
    "offset=1",
    "ending_before=x",
  ])("refuses ?%s", async (query) => {
    expect(await fixture.rest("GET", `/v1/rooms?${query}`)).toEqual(refused("invalid-request-error", 400));
  });

  test("refuses both cursors at once", async () => {
    const { id } = await open("a");
    const query = `ending_before=${id}&starting_after=${id}`;
    expect(await fixture.rest("GET", `/v1/rooms?${query}`)).toEqual(refused("invalid-request-error", 400));
  });
});
