import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EMULATED_DAILY } from "../../../protocol/development.ts";
import { type Fixture, startFixture } from "../test-fixture.ts";
import {
  FORMER_ROOM_PROPERTIES,
  type PropertyType,
  ROOM_DEFAULTS,
  ROOM_PROPERTIES,
  TOKEN_CLAIMS,
  TOKEN_PROPERTIES,
} from "./fixtures/rest-description.ts";

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(async () => {
  await fixture.close();
});

const PERMISSIONS = { hasPresence: true, canSend: ["audio"], canReceive: { base: true }, canAdmin: false };
const RECORDINGS = ["cloud", "cloud-audio-only", "local", "raw-tracks"];

/** Values that a property of this type takes. */
function valid(type: PropertyType): unknown[] {
  switch (type) {
    case "boolean":
      return [true, false];
    case "int32":
      return [1, 150];
    case "number":
      return [0.5, 2];
    case "string":
      return ["text"];
    case "recording":
      return [...RECORDINGS, RECORDINGS, []];
    case "permissions":
      return [{}, PERMISSIONS];
    default:
      return "oneOf" in type ? [...type.oneOf] : [type.example];
  }
}

/** One value of each JSON type, and what is just beside the valid ones. */
const ANYTHING: unknown[] = [
  ...[null, true, 1, 1.5, -1, 2_147_483_648, 1_800_000_000_000],
  ...["text", "true", "1", "cloud ", [], ["text"], ["cloud", "cloud"], {}, { unknown_field: 1 }],
];

function isOf(type: PropertyType, value: unknown): boolean {
  switch (type) {
    case "boolean":
      return typeof value === "boolean";
    case "int32":
      return value === 1;
    case "number":
      return typeof value === "number" && value > 0;
    case "string":
      return typeof value === "string";
    case "recording":
      return Array.isArray(value) && value.length === 0;
    case "permissions":
      return JSON.stringify(value) === "{}";
    default:
      return "example" in type;
  }
}

const cases = (properties: Record<string, PropertyType>) =>
  Object.entries(properties).map(([name, type]) => ({ name, type }));

const create = (name: string, value: unknown) =>
  fixture.rest("POST", "/v1/rooms", { properties: { [name]: value } });
const sign = (name: string, value: unknown) =>
  fixture.rest("POST", "/v1/meeting-tokens", { properties: { [name]: value } });

describe("the properties of a room", () => {
  test.each(cases({ ...ROOM_PROPERTIES, ...FORMER_ROOM_PROPERTIES }))(
    "$name is taken and shown",
    async ({ name, type }) => {
      for (const value of valid(type)) {
        const { status, body } = await create(name, value);
        expect({ value, status, shown: body.config }).toEqual({
          value,
          status: 200,
          shown: isDefault(name, value) ? {} : { [name]: value },
        });
      }
    },
  );

  test.each(cases({ ...ROOM_PROPERTIES, ...FORMER_ROOM_PROPERTIES }))(
    "$name is refused with another type",
    async ({ name, type }) => {
      const wrong = ANYTHING.filter((value) => !isOf(type, value) && !("example" in Object(type)));
      for (const value of "example" in Object(type) ? [null, true, 1, "text"] : wrong) {
        const { status, body } = await create(name, value);
        expect({ value, status, error: body.error }).toEqual({
          value,
          status: 400,
          error: "invalid-request-error",
        });
      }
    },
  );

  test("every documented default is a default here", async () => {
    const { body } = await fixture.rest("POST", "/v1/rooms", { properties: ROOM_DEFAULTS });
    expect(body.config).toEqual({});
  });

  test.each([
    ["a misspelt one", { eject_at_room_expiry: true }],
    ["one of a meeting token", { is_owner: true }],
    ["more than 200 participants", { max_participants: 201 }],
    ["nobody", { max_participants: 0 }],
    ["a hook of 256 characters", { meeting_join_hook: "x".repeat(256) }],
    ["a template of 1025 characters", { recordings_template: "x".repeat(1025) }],
    ["a bucket with an unknown field", { recordings_bucket: { name: "x" } }],
    ["SIP without its mode", { sip: { display_name: "x" } }],
    ["a permission that there is none of", { permissions: { canSing: true } }],
  ])("%s is refused", async (_name, properties) => {
    expect(await fixture.rest("POST", "/v1/rooms", { properties })).toMatchObject({
      status: 400,
      body: { error: "invalid-request-error" },
    });
  });
});

function isDefault(name: string, value: unknown): boolean {
  return name in ROOM_DEFAULTS
    ? ROOM_DEFAULTS[name] === value
    : name in FORMER_ROOM_PROPERTIES && value === false;
}

describe("the properties of a meeting token", () => {
  test.each(cases(TOKEN_PROPERTIES))("$name is taken, signed and shown", async ({ name, type }) => {
    for (const value of valid(type)) {
      if (name === "exp") continue; // small ones are long past: see "exp" below
      const { status, body } = await sign(name, value);
      expect({ value, status }).toEqual({ value, status: 200 });
      const claim = TOKEN_CLAIMS[name];
      if (claim && name !== "permissions") expect(decodeJwt(String(body.token))[claim]).toEqual(value);
      const shown = await fixture.rest("GET", `/v1/meeting-tokens/${body.token}`);
      expect(shown).toEqual({ status: 200, body: { [name]: value } });
    }
  });

  test("exp is taken, signed and shown", async () => {
    const { body } = await sign("exp", 2_000_000_000);
    expect(decodeJwt(String(body.token)).exp).toBe(2_000_000_000);
    expect(await fixture.rest("GET", `/v1/meeting-tokens/${body.token}`)).toEqual({
      status: 200,
      body: { exp: 2_000_000_000 },
    });
  });

  test("permissions are signed by their short names", async () => {
    const { body } = await sign("permissions", { ...PERMISSIONS, canAdmin: ["participants", "streaming"] });
    expect(decodeJwt(String(body.token)).p).toEqual({ hp: true, cs: "a", cr: { b: true }, ca: "p,s" });
  });

  test.each(cases(TOKEN_PROPERTIES))("$name is refused with another type", async ({ name, type }) => {
    const wrong = ANYTHING.filter((value) => !isOf(type, value));
    for (const value of "example" in Object(type) ? [null, true, 1, "text"] : wrong) {
      const { status, body } = await sign(name, value);
      expect({ value, status, error: body.error }).toEqual({
        value,
        status: 400,
        error: "invalid-request-error",
      });
    }
  });

  test.each([
    ["a misspelt one", { eject_at_token_expiry: true }],
    ["one of a room", { eject_at_room_exp: true }],
    ["a user id of 37 characters", { user_id: "x".repeat(37) }],
    ["the name of no room", { room_name: "a/b" }],
  ])("%s is refused", async (_name, properties) => {
    expect(await fixture.rest("POST", "/v1/meeting-tokens", { properties })).toMatchObject({
      status: 400,
      body: { error: "invalid-request-error" },
    });
  });

  test("what was signed has the domain and the time, and nothing else", async () => {
    const { body } = await fixture.rest("POST", "/v1/meeting-tokens", { properties: {} });
    expect(decodeJwt(String(body.token))).toEqual({ d: EMULATED_DAILY.domainId, iat: expect.any(Number) });
  });
});
