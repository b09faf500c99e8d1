import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import { SignJWT } from "jose";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { EMULATED_DAILY } from "../../protocol/development.ts";
import { findBuilt } from "./find-built.ts";
import { type DailyEmulator, startDailyEmulator } from "./server.ts";

/**
 * The call machine against the real daily-js, in two pages of one Chromium: the newer release sends as the bot
 * does, the older one is what the official transport brings along.
 */

const modules = join(import.meta.dirname, "../../node_modules");
const NEWER = join(modules, "@daily-co/daily-js/dist/daily-esm.js");
const NESTED = join(modules, "@pipecat-ai/daily-transport/node_modules/@daily-co/daily-js/dist/daily-esm.js");
const OLDER = existsSync(NESTED) ? NESTED : NEWER;

const CHROMIUM = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium-headless-shell";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--autoplay-policy=no-user-gesture-required",
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  // Candidates exist without any network interface, and none is hidden behind mDNS.
  "--allow-loopback-in-peer-connection",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
];

const TONE_HZ = 880;
/** Root mean square of a sine of half amplitude. */
const TONE_RMS = 0.354;

let browser: Browser;
let site: Server;
let emulator: DailyEmulator;
let bot: Page;
let user: Page;
let roomCount = 0;

async function bundlePhone(dailyJs: string): Promise<string> {
  const built = await build({
    entryPoints: [join(import.meta.dirname, "call-machine/phone.page.ts")],
    bundle: true,
    write: false,
    format: "iife",
    alias: { "@daily-co/daily-js": dailyJs },
  });
  return built.outputFiles[0]?.text ?? "";
}

/** Waits for it; the machine may be busy with other tests. */
const eventually = <Value>(probe: () => Value) => expect.poll(probe, { timeout: 10_000 });

/** Calls a function of the page's `phone`, or of its `second` one. The caller asserts on the result. */
function call<Result = unknown>(page: Page, name: string, ...args: unknown[]): Promise<Result> {
  const path = name.includes(".") ? name : `phone.${name}`;
  return page.evaluate<Result>(`${path}(...${JSON.stringify(args)})`);
}

interface Heard {
  action: string;
  sessionId?: string;
  local?: boolean;
  [detail: string]: unknown;
}
const events = async (page: Page, action: string) =>
  (await call<Heard[]>(page, "events")).filter((event) => event.action === action);

async function rest(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(`${emulator.url}/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${EMULATED_DAILY.apiKey}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // A test's own reading of an answer that it asserts on.
  return (await response.json()) as Record<string, unknown>;
}

async function newRoom(properties: Record<string, unknown> = {}): Promise<{ name: string; url: string }> {
  const name = `room-${++roomCount}`;
  const { url } = await rest("POST", "/rooms", { name, privacy: "private", properties });
  return { name, url: String(url) };
}

function token(room: string, claims: Record<string, unknown> = {}, key: string = EMULATED_DAILY.apiKey) {
  return new SignJWT({ r: room, d: EMULATED_DAILY.domainId, ...claims })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(key));
}

async function state() {
  const response = await fetch(`${emulator.url}/_emulator/state`);
  return (await response.json()) as { rooms: { name: string; participants: unknown[] }[]; sockets: number };
}

async function joinBot(room: { name: string; url: string }): Promise<string> {
  await call(bot, "create", `${emulator.url}/call-machine`, TONE_HZ);
  const joined = await call<{ id: string }>(bot, "join", {
    url: room.url,
    token: await token(room.name, { ud: "bot-1", u: "Bot", o: true }),
  });
  return joined.id;
}

async function joinUser(room: { name: string; url: string }, toneHz: number | null = null): Promise<string> {
  await call(user, "create", `${emulator.url}/call-machine`, toneHz);
  const joined = await call<{ id: string }>(user, "join", {
    url: room.url,
    token: await token(room.name, { ud: "user-1", p: { cs: "a" } }),
    userName: "User",
  });
  return joined.id;
}

beforeAll(async () => {
  if (!findBuilt("call-machine"))
    throw new Error("Run `npm run build` first: the call machine is not built.");
  const [newer, older] = await Promise.all([bundlePhone(NEWER), bundlePhone(OLDER)]);
  const scripts: Record<string, string> = { "/newer.js": newer, "/older.js": older };
  site = createServer((request, response) => {
    const path = request.url ?? "/";
    const script = scripts[path];
    response.writeHead(200, { "content-type": script ? "text/javascript" : "text/html" });
    response.end(script ?? `<!doctype html><meta charset="utf-8"><script src="${path}.js"></script>`);
  });
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  const { port } = site.address() as AddressInfo;
  emulator = await startDailyEmulator({ port: 0 });
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  const context = await browser.newContext();
  await context.grantPermissions(["microphone"]);
  const open = async (name: string) => {
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${port}/${name}`);
    return page;
  };
  [bot, user] = [await open("newer"), await open("older")];
});

afterAll(async () => {
  await browser?.close();
  await emulator?.close();
  site?.close();
});

beforeEach(async () => {
  await fetch(`${emulator.url}/_emulator/reset`, { method: "POST" });
});

afterEach(async () => {
  await Promise.all([call(bot, "destroy"), call(bot, "second.destroy"), call(user, "destroy")]);
});

test("the two pages run the releases that we ship and that the official transport brings", async () => {
  expect(await call(bot, "version")).toBe("0.92.2");
  expect(await call(user, "version")).toBe(OLDER === NEWER ? "0.92.2" : "0.90.0");
});

describe("a call", () => {
  test("carries a tone both ways, mutes, swaps the track, and leaves nothing behind", async () => {
    const room = await newRoom({ max_participants: 2 });
    const botId = await joinBot(room);
    const userId = await joinUser(room, 440);
    await eventually(() => call(user, "hear")).toMatchObject({ frequencyHz: expect.closeTo(TONE_HZ, -1) });
    await eventually(async () => (await call<{ rms: number }>(user, "hear")).rms).toBeCloseTo(TONE_RMS, 1);
    await eventually(() => call(bot, "hear")).toMatchObject({ frequencyHz: expect.closeTo(440, -1) });

    expect(await call(user, "participants")).toMatchObject([
      { id: userId, userId: "user-1", userName: "User", local: true, owner: false, state: "playable" },
      { id: botId, userId: "bot-1", userName: "Bot", local: false, owner: true, state: "playable" },
    ]);
    expect(await events(user, "participant-joined")).toMatchObject([{ sessionId: botId, local: false }]);
    await eventually(() => events(user, "track-started")).toContainEqual(
      expect.objectContaining({ sessionId: botId, kind: "audio" }),
    );
    await eventually(() => call<{ local: boolean; audio: boolean }[]>(user, "participants")).toContainEqual(
      expect.objectContaining({ local: false, audio: true }),
    );
    expect(await call(user, "room")).toMatchObject({
      name: room.name,
      config: { max_participants: 2 },
      domainConfig: { max_app_message_size: 4096 },
    });

    await call(bot, "setMic", false);
    await eventually(() => events(user, "track-stopped")).toMatchObject([{ sessionId: botId }]);
    await eventually(async () => (await call<{ rms: number }>(user, "hear")).rms).toBeLessThan(0.001);
    const muted = { id: botId, audio: false, state: "off", hasTrack: true };
    expect(await call(user, "participants")).toContainEqual(expect.objectContaining(muted));
    await call(bot, "setMic", true);
    await call(bot, "setTone", 1320);
    await eventually(() => call(user, "hear")).toMatchObject({ frequencyHz: expect.closeTo(1320, -1) });

    await call(user, "leave");
    await eventually(() => events(bot, "participant-left")).toMatchObject([
      { sessionId: userId, local: false },
    ]);
    await call(bot, "watchLocalTrack");
    await call(bot, "leave");
    expect(await call(bot, "remains")).toMatchObject({ localTrack: "live", connections: 0 });
    await eventually(state).toEqual({ rooms: [{ name: room.name, participants: [] }], sockets: 0 });

    // The same call object again, which loads nothing new.
    const again = await call<{ id: string }>(user, "join", { url: room.url, token: await token(room.name) });
    expect(again.id).toMatch(/^[0-9a-f-]{36}$/);
    await Promise.all([call(user, "destroy"), call(bot, "destroy")]);
    expect(await call(user, "remains")).toMatchObject({ instances: 0, sharedAudio: null });
  });

  test("carries app messages to all and to one, within Daily's limit", async () => {
    const room = await newRoom();
    const botId = await joinBot(room);
    const userId = await joinUser(room);
    await call(user, "send", { label: "rtvi-ai", type: "client-ready" }, "*");
    await eventually(() => events(bot, "app-message")).toMatchObject([
      { data: { label: "rtvi-ai", type: "client-ready" } },
    ]);
    await call(bot, "send", { hello: "user" }, userId);
    await eventually(() => events(user, "app-message")).toMatchObject([{ data: { hello: "user" } }]);
    expect(await events(bot, "app-message")).toHaveLength(1);
    expect(await call(bot, "sendError", "x".repeat(4095))).toMatch(/too large/);
    await call(bot, "send", "x".repeat(4094), botId === userId ? "*" : userId);
    await eventually(() => events(user, "app-message")).toHaveLength(2);
  });

  test("tells levels and the active speaker, with an AudioContext only while somebody asks", async () => {
    const room = await newRoom();
    const botId = await joinBot(room);
    await joinUser(room);
    // The browser knows levels only of what is played, so the user has to listen first.
    await eventually(async () => (await call<{ rms: number }>(user, "hear")).rms).toBeGreaterThan(0.1);
    await eventually(() => events(user, "active-speaker-change")).toMatchObject([
      { activeSpeaker: { peerId: botId } },
    ]);
    expect(await call(bot, "remains")).toMatchObject({ sharedAudio: null });
    await Promise.all([call(bot, "observeLevels"), call(user, "observeLevels")]);
    await eventually(async () => (await events(bot, "local-audio-level")).at(-1)).toMatchObject({
      audioLevel: expect.closeTo(TONE_RMS, 1),
    });
    await eventually(async () =>
      (await events(user, "remote-participants-audio-level")).at(-1),
    ).toMatchObject({ participantsAudioLevel: { [botId]: expect.closeTo(TONE_RMS, 1) } });
    expect((await events(user, "local-audio-level")).at(-1)).toMatchObject({ audioLevel: 0 });
    await call(bot, "destroy");
    expect(await call(bot, "remains")).toMatchObject({ sharedAudio: null });
  });
});

describe("one page", () => {
  test("holds calls in several rooms that hear nothing of each other, with one AudioContext", async () => {
    const [here, there] = [await newRoom(), await newRoom()];
    await joinBot(here);
    await call(bot, "second.create", `${emulator.url}/call-machine`, 440);
    await call(bot, "second.join", { url: there.url, token: await token(there.name) });
    await joinUser(there);
    await eventually(() => call(user, "hear")).toMatchObject({ frequencyHz: expect.closeTo(440, -1) });
    await call(user, "send", { for: "there" }, "*");
    await eventually(() => call(bot, "second.events")).toContainEqual(
      expect.objectContaining({ action: "app-message", data: { for: "there" } }),
    );
    expect(await events(bot, "app-message")).toEqual([]);
    expect(await call(bot, "participants")).toHaveLength(1);

    await Promise.all([call(bot, "observeLevels"), call(bot, "second.observeLevels")]);
    expect(await call(bot, "remains")).toMatchObject({ instances: 2, sharedAudio: { users: 2 } });
    await call(bot, "destroy");
    expect(await call(bot, "remains")).toMatchObject({ instances: 1, sharedAudio: { users: 1 } });
    await call(user, "send", { still: "there" }, "*");
    await eventually(() => call(bot, "second.events")).toContainEqual(
      expect.objectContaining({ action: "app-message", data: { still: "there" } }),
    );
  });
});

describe("the end of a call", () => {
  test("an owner ejects; the ejected one hears an error and then that it left", async () => {
    const room = await newRoom();
    await joinBot(room);
    const userId = await joinUser(room);
    await eventually(() => events(bot, "participant-joined")).toHaveLength(1);
    await call(bot, "eject", userId);
    await eventually(() => events(user, "left-meeting")).toHaveLength(1);
    const order = (await call<Heard[]>(user, "events")).map(({ action }) => action);
    expect(order.slice(-2)).toEqual(["error", "left-meeting"]);
    expect(await events(user, "error")).toMatchObject([{ errorType: "ejected" }]);
    expect(await call(user, "meetingState")).toBe("error");
    expect(await call(user, "remains")).toMatchObject({ connections: 0 });
    await eventually(() => events(bot, "participant-left")).toMatchObject([{ sessionId: userId }]);
  });

  test("who is no owner ejects nobody", async () => {
    const room = await newRoom();
    const botId = await joinBot(room);
    await joinUser(room);
    await call(user, "eject", botId);
    await eventually(() => events(user, "nonfatal-error")).toHaveLength(1);
    expect((await state()).rooms[0]?.participants).toHaveLength(2);
  });

  test("a deleted room, a REST eject and a page that goes away", async () => {
    const room = await newRoom();
    const botId = await joinBot(room);
    await joinUser(room);
    expect(await rest("POST", `/rooms/${room.name}/eject`, { user_ids: ["bot-1"] })).toEqual({
      ejectedIds: [botId],
    });
    await eventually(() => events(bot, "error")).toMatchObject([{ errorType: "ejected" }]);
    await rest("DELETE", `/rooms/${room.name}`);
    await eventually(() => events(user, "error")).toMatchObject([{ errorType: "no-room" }]);

    const next = await newRoom();
    await call(user, "destroy");
    await joinUser(next);
    await user.reload();
    await eventually(async () => (await state()).rooms).toEqual([{ name: next.name, participants: [] }]);
  });

  test("the emulator itself going away is a connection error", async () => {
    const other = await startDailyEmulator({ port: 0 });
    const first = emulator;
    emulator = other;
    try {
      const room = await newRoom();
      await joinUser(room);
      await other.close();
      await eventually(() => events(user, "error")).toMatchObject([{ errorType: "connection-error" }]);
    } finally {
      emulator = first;
      await other.close();
    }
  });
});

describe("a join is refused with Daily's type", () => {
  const join = async (options: { url: string; token?: string }) => {
    await call(user, "create", `${emulator.url}/call-machine`, null);
    const result = await call(user, "join", options);
    await call(user, "destroy");
    return result;
  };

  test("no room, no token, a forged one, another room's, an old one, a full room", async () => {
    const room = await newRoom({ max_participants: 1 });
    const { name, url } = room;
    expect(await join({ url: `${emulator.url}/nowhere`, token: await token("nowhere") })).toEqual({
      errorType: "no-room",
    });
    expect(await join({ url })).toEqual({ errorType: "not-allowed" });
    expect(await join({ url, token: await token(name, {}, "another key") })).toEqual({
      errorType: "not-allowed",
    });
    expect(await join({ url, token: await token("elsewhere") })).toEqual({ errorType: "not-allowed" });
    const past = await new SignJWT({ r: name, d: EMULATED_DAILY.domainId, iat: 1, exp: 2 })
      .setProtectedHeader({ alg: "HS256" })
      .sign(new TextEncoder().encode(EMULATED_DAILY.apiKey));
    expect(await join({ url, token: past })).toEqual({ errorType: "exp-token" });
    await joinBot(room);
    expect(await join({ url, token: await token(name) })).toEqual({ errorType: "meeting-full" });
  });

  test("preAuth says the same before a join", async () => {
    const room = await newRoom();
    await call(user, "create", `${emulator.url}/call-machine`, null);
    const forged = await token(room.name, {}, "another key");
    expect(await call(user, "preAuth", { url: room.url, token: forged })).toBe("not-allowed");
    expect(await call(user, "preAuth", { url: room.url, token: await token(room.name) })).toBe("full");
  });
});

test("a join that is left half way ends both, and the next one works", async () => {
  const room = await newRoom();
  await call(user, "create", `${emulator.url}/call-machine`, null);
  const options = { url: room.url, token: await token(room.name) };
  expect(await call(user, "joinAndLeave", options)).toMatch(/left before the call was joined/);
  await eventually(state).toMatchObject({ sockets: 0 });
  expect(await call(user, "join", options)).toMatchObject({ id: expect.any(String) });
});

test("microphone and camera of startCamera go along into the call", async () => {
  const room = await newRoom();
  await joinBot(room);
  await call(user, "create", `${emulator.url}/call-machine`, null);
  await call(user, "startCamera");
  const { id } = await call<{ id: string }>(user, "join", { url: room.url, token: await token(room.name) });
  await eventually(async () => (await call<{ rms: number }>(bot, "hear")).rms).toBeGreaterThan(0.01);
  await call(user, "setCamera", true);
  await eventually(() => events(bot, "track-started")).toContainEqual(
    expect.objectContaining({ sessionId: id, kind: "video" }),
  );
});

test("a microphone opened by startCamera is reported, and a call object that never joined can be destroyed", async () => {
  await call(user, "create", `${emulator.url}/call-machine`, null);
  expect(await call(user, "startCamera")).toMatchObject({ mic: { kind: "audioinput" }, camera: {} });
  await eventually(() => call(user, "participants")).toMatchObject([
    { local: true, state: "playable", hasTrack: true },
  ]);
  await call(user, "watchLocalTrack");
  await call(user, "destroy");
  expect(await call(user, "remains")).toEqual({
    instances: 0,
    sharedAudio: null,
    localTrack: "ended",
    connections: 0,
  });
});

test("a startCamera that is left while the browser asks fails, and asks no more", async () => {
  await call(user, "create", `${emulator.url}/call-machine`, null);
  expect(await call(user, "startCameraAndLeave")).toEqual({
    outcome: expect.stringMatching(/left before the camera was started/),
    asked: 1,
  });
});

test("a page that has no devices at all is told so, and does not hang", async () => {
  await call(user, "create", `${emulator.url}/call-machine`, null);
  await call(user, "startCameraWithoutDevices");
  expect(await events(user, "camera-error")).toMatchObject([{ errorType: "undefined-mediadevices" }]);
});

test("what is not emulated is refused instead of hanging", async () => {
  const room = await newRoom();
  await joinUser(room);
  await expect(call(user, "cpuLoad")).resolves.toMatch(/not emulated: test-network-connectivity/);
});
