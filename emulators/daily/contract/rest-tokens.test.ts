import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Fixture, startFixture, token } from "../test-fixture.ts";

let fixture: Fixture;

beforeEach(async () => {
  fixture = await startFixture();
});
afterEach(async () => {
  await fixture.close();
});

const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;
const validate = (text: string, query = "") => fixture.rest("GET", `/v1/meeting-tokens/${text}${query}`);
const invalid = (info: RegExp) => ({
  status: 400,
  body: { error: "invalid-request-error", info: expect.stringMatching(info) },
});

async function sign(properties: object): Promise<string> {
  const { status, body } = await fixture.rest("POST", "/v1/meeting-tokens", { properties });
  expect({ status, fields: Object.keys(body) }).toEqual({ status: 200, fields: ["token"] });
  return String(body.token);
}

async function joinWith(text: string) {
  const client = await fixture.connect();
  client.say({ type: "hello", room: "room", token: text });
  return client;
}

describe("POST /meeting-tokens", () => {
  test("signs a token that opens its room", async () => {
    await fixture.newRoom("room");
    const client = await joinWith(
      await sign({ room_name: "room", user_id: "user-1", user_name: "A user", exp: inSeconds(60) }),
    );
    await client.hears("welcome");
    client.say({ type: "join", media: { audio: "on", video: "off" } });
    expect((await client.hears("joined")).you).toMatchObject({ userId: "user-1", userName: "A user" });
  });

  test("and no other room", async () => {
    await fixture.newRoom("room");
    const client = await joinWith(await sign({ room_name: "other" }));
    expect((await client.hears("fatal")).error.type).toBe("not-allowed");
  });

  test("the permissions of a token are those of its holder", async () => {
    await fixture.newRoom("room");
    const client = await joinWith(
      await sign({ room_name: "room", permissions: { canSend: ["audio"], canAdmin: ["streaming"] } }),
    );
    await client.hears("welcome");
    client.say({ type: "join", media: { audio: "on", video: "on" } });
    expect((await client.hears("joined")).you).toMatchObject({
      permissions: { canSend: ["audio"], canAdmin: ["streaming"] },
      media: { audio: "on", video: "off" },
    });
  });

  test("refuses a field beside the properties", async () => {
    expect(await fixture.rest("POST", "/v1/meeting-tokens", { room_name: "room" })).toEqual(
      invalid(/room_name/),
    );
  });
});

describe("GET /meeting-tokens/:token", () => {
  test("says what a token holds", async () => {
    const properties = { room_name: "room", is_owner: true, user_name: "host", start_video_off: false };
    expect(await validate(await sign(properties))).toEqual({ status: 200, body: properties });
  });

  test("also of one that was signed elsewhere with the API key", async () => {
    const text = await token("room", { ud: "bot-1", o: true, ejt: true, p: { hp: true, cs: "a" } });
    expect(await validate(text)).toEqual({
      status: 200,
      body: {
        room_name: "room",
        user_id: "bot-1",
        is_owner: true,
        eject_at_token_exp: true,
        permissions: { hasPresence: true, canSend: ["audio"] },
      },
    });
  });

  test("refuses one that has expired", async () => {
    expect(await validate(await sign({ exp: inSeconds(-1) }))).toEqual(invalid(/expired/));
  });

  test("refuses one that is not valid yet, unless nbf is to be ignored", async () => {
    const nbf = inSeconds(600);
    const text = await sign({ nbf });
    expect(await validate(text)).toEqual(invalid(/not valid yet/));
    expect(await validate(text, "?ignoreNbf=false")).toEqual(invalid(/not valid yet/));
    expect(await validate(text, "?ignoreNbf=true")).toEqual({ status: 200, body: { nbf } });
  });

  test("refuses one of another domain, a forged one, and what is none", async () => {
    expect(await validate(await token("room", { d: "another" }))).toEqual(invalid(/another domain/));
    const [header, payload] = (await sign({})).split(".");
    expect(await validate(`${header}.${payload}.AAAA`)).toEqual(invalid(/not signed/));
    expect(await validate("abc")).toEqual(invalid(/not signed/));
  });

  test("refuses a claim that is none", async () => {
    expect(await validate(await token("room", { eject: true }))).toEqual(invalid(/claims/));
  });

  test.each(["ignoreNbf=1", "ignoreNbf=", "ignore_nbf=true"])("refuses ?%s", async (query) => {
    expect(await validate(await sign({}), `?${query}`)).toMatchObject({ status: 400 });
  });
});
