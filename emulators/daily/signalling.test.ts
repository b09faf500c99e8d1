import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { type Client, type Fixture, startFixture, token } from "./test-fixture.ts";

let fixture: Fixture;

beforeEach(async () => {
  fixture = await startFixture();
});

afterEach(async () => {
  vi.useRealTimers();
  await fixture.close();
});

test("introduces, relays and tells of the end", async () => {
  await fixture.newRoom("room");
  const bot = await fixture.join("room", { o: true });
  const user = await fixture.join("room");
  expect((await bot.hears("participant-joined")).participant.sessionId).toBe(user.id);
  user.say({ type: "app-message", to: "*", data: { label: "rtvi-ai" } });
  expect(await bot.hears("app-message")).toEqual({
    type: "app-message",
    from: user.id,
    data: { label: "rtvi-ai" },
  });
  const signal = { kind: "candidate", candidate: "c", sdpMid: "0", sdpMLineIndex: 0 };
  bot.say({ type: "peer-signal", to: user.id, signal });
  expect(await user.hears("peer-signal")).toEqual({ type: "peer-signal", from: bot.id, signal });
  user.say({ type: "media", media: { audio: "off", video: "off" } });
  expect((await bot.hears("participant-updated")).participant.media.audio).toBe("off");
  user.say({ type: "eject", id: bot.id });
  expect(await user.hears("denied")).toEqual({ type: "denied", what: "eject" });
  bot.say({ type: "eject", id: user.id });
  expect((await user.hears("fatal")).error.type).toBe("ejected");
  expect(await bot.hears("participant-left")).toEqual({ type: "participant-left", id: user.id });
});

test("what may not be sent is off for all, whatever its sender claims, and the sender is told", async () => {
  await fixture.newRoom("room");
  const other = await fixture.join("room");
  const user = await fixture.join("room", { p: { cs: "v" } });
  expect((await other.hears("participant-joined")).participant.media.audio).toBe("off");
  user.say({ type: "media", media: { audio: "on", video: "on" } });
  expect(await user.hears("denied")).toEqual({ type: "denied", what: "send audio" });
  expect((await other.hears("participant-updated")).participant.media).toEqual({ audio: "off", video: "on" });
});

test("an administrator changes others' permissions and asks for their media; nobody else does", async () => {
  await fixture.newRoom("room");
  const admin = await fixture.join("room", { p: { ca: "p" } });
  const user = await fixture.join("room");
  user.say({ type: "set-permissions", id: admin.id, permissions: { canSend: false } });
  expect(await user.hears("denied")).toEqual({ type: "denied", what: "change permissions" });
  admin.say({ type: "set-permissions", id: user.id, permissions: { hasPresence: false } });
  const { you } = await user.hears("you-updated");
  expect(you.permissions).toMatchObject({ hasPresence: false, canSend: true });
  expect(you.media).toEqual({ audio: "off", video: "off" });
  expect((await admin.hears("participant-updated")).participant.permissions.hasPresence).toBe(false);
  admin.say({ type: "set-media", id: user.id, kind: "audio", on: false });
  expect(await user.hears("media-requested")).toEqual({ type: "media-requested", kind: "audio", on: false });
});

test("an administrator who is no owner switches nobody's microphone on, and demotes no owner", async () => {
  await fixture.newRoom("room");
  const [owner, admin] = [
    await fixture.join("room", { o: true }),
    await fixture.join("room", { p: { ca: "p" } }),
  ];
  const denied = () => admin.heard.filter(({ type }) => type === "denied");
  admin.say({ type: "set-media", id: owner.id, kind: "audio", on: true });
  admin.say({ type: "set-permissions", id: owner.id, permissions: { canAdmin: false } });
  await expect
    .poll(denied)
    .toMatchObject([{ what: "switch another's audio on" }, { what: "change what an owner may administer" }]);
  owner.say({ type: "set-media", id: admin.id, kind: "audio", on: true });
  expect(await admin.hears("media-requested")).toEqual({ type: "media-requested", kind: "audio", on: true });
  expect(owner.heard.map(({ type }) => type)).toEqual(["welcome", "joined", "participant-joined"]);
});

test("user data can be taken back", async () => {
  await fixture.newRoom("room");
  const [user, other] = [await fixture.join("room"), await fixture.join("room")];
  user.say({ type: "user-data", userData: { colour: "red" } });
  user.say({ type: "user-data" });
  const updates = () => other.heard.filter(({ type }) => type === "participant-updated");
  await expect.poll(updates).toMatchObject([{ participant: { userData: { colour: "red" } } }, {}]);
  expect(updates()[1]).not.toHaveProperty("participant.userData");
});

test("session data are for all, kept for who joins later, and bounded", async () => {
  await fixture.newRoom("room");
  const [a, b] = [await fixture.join("room"), await fixture.join("room")];
  a.say({ type: "session-data", data: { one: 1 }, mergeStrategy: "replace" });
  expect((await b.hears("session-data")).data).toEqual({ one: 1 });
  a.say({ type: "session-data", data: { two: "x".repeat(102_385) }, mergeStrategy: "shallow-merge" });
  await a.hears("session-data-too-large");
  const late = await fixture.join("room");
  expect((await late.hears("joined")).sessionData).toEqual({ one: 1 });
});

test("app messages go to several, once to each, and not to their sender", async () => {
  await fixture.newRoom("room");
  const [a, b, c] = [await fixture.join("room"), await fixture.join("room"), await fixture.join("room")];
  a.say({ type: "app-message", to: [b.id, b.id, a.id, "nobody"], data: 1 });
  a.say({ type: "app-message", to: "*", data: 2 });
  await expect.poll(() => c.heard.filter(({ type }) => type === "app-message")).toMatchObject([{ data: 2 }]);
  const heard = (client: Client) => client.heard.filter(({ type }) => type === "app-message");
  await expect.poll(() => heard(b)).toMatchObject([{ data: 1 }, { data: 2 }]);
  expect(heard(a)).toEqual([]);
});

test("a socket that goes takes its participant along at once", async () => {
  await fixture.newRoom("room");
  const bot = await fixture.join("room");
  const user = await fixture.join("room");
  user.socket.terminate();
  expect((await bot.hears("participant-left")).id).toBe(user.id);
  expect(await fixture.sockets()).toBe(1);
});

test.each([
  ["not JSON", "{"],
  ["JSON that is no message", "[1,2]"],
  ["an unknown type", { type: "sing" }],
  ["a resume without a key", { type: "resume", heard: 0 }],
  ["session data that are no object", { type: "session-data", data: [1], mergeStrategy: "replace" }],
  ["an unknown field", { type: "hello", room: "room", admin: true }],
  ["a join before the hello", { type: "join", media: { audio: "on", video: "on" } }],
  ["an app message before the join", { type: "app-message", to: "*", data: 1 }],
  [
    "JSON too deep for JSON.stringify",
    `{"type":"app-message","to":"*","data":${"[".repeat(50_000)}${"]".repeat(50_000)}}`,
  ],
])("%s ends that connection and no other", async (_name, message) => {
  await fixture.newRoom("room");
  const bot = await fixture.join("room");
  const bad = await fixture.connect();
  const closed = bad.closed();
  bad.say(message);
  expect(await closed).toBe(1008);
  expect(bot.socket.readyState).toBe(WebSocket.OPEN);
  expect(await fixture.sockets()).toBe(1);
});

test("binary, an app message over Daily's limit, and a frame over ours end it too", async () => {
  await fixture.newRoom("room");
  const cases: [(client: Client) => void, number][] = [
    [(client) => client.socket.send(Buffer.from([1, 2, 3])), 1008],
    [(client) => client.say({ type: "app-message", to: "*", data: "x".repeat(4095) }), 1008],
    [(client) => client.say("x".repeat(300_000)), 1009],
  ];
  for (const [misbehave, code] of cases) {
    const client = await fixture.join("room");
    const closed = client.closed();
    misbehave(client);
    expect(await closed).toBe(code);
  }
  await expect.poll(fixture.sockets).toBe(0);
});

test("who is cut off for nonsense is gone at once, whether or not the socket agrees to close", async () => {
  await fixture.newRoom("room");
  const bot = await fixture.join("room");
  const user = await fixture.join("room");
  user.socket.pause();
  user.say("{");
  expect((await bot.hears("participant-left")).id).toBe(user.id);
  user.say({ type: "app-message", to: "*", data: "from beyond" });
  const closed = user.closed();
  user.socket.resume();
  await closed;
  expect(bot.heard.filter(({ type }) => type === "app-message")).toEqual([]);
});

test("a second hello while the first is being looked at ends it, and nothing joins", async () => {
  await fixture.newRoom("room");
  const client = await fixture.connect();
  const closed = client.closed();
  const hello = { type: "hello", room: "room", token: await token("room") };
  client.say(hello);
  client.say(hello);
  expect(await closed).toBe(1008);
});

test("a page that has frozen is gone within ten seconds, though its socket is open", async () => {
  await fixture.newRoom("room");
  vi.useFakeTimers({ toFake: ["setInterval", "Date"] });
  const [awake, frozen] = [await fixture.join("room"), await fixture.join("room")];
  frozen.answersPings = false;
  // Half way between two questions, which makes it as long as it can get.
  vi.advanceTimersByTime(1_500);
  frozen.say({ type: "media", media: { audio: "off", video: "off" } });
  await awake.hears("participant-updated");
  for (const pings of [1, 2, 3]) {
    expect(frozen.socket.readyState, `before ping ${pings}`).toBe(WebSocket.OPEN);
    await passPing(awake, pings);
  }
  expect((await awake.hears("participant-left")).id).toBe(frozen.id);
  expect(awake.socket.readyState).toBe(WebSocket.OPEN);
});

test("a clock that jumps, as after a sleep of the machine, sends nobody away", async () => {
  await fixture.newRoom("room");
  vi.useFakeTimers({ toFake: ["setInterval", "Date"] });
  const [one, other] = [await fixture.join("room"), await fixture.join("room")];
  vi.setSystemTime(Date.now() + 3_600_000);
  await passPing(one, 1);
  await passPing(one, 2);
  expect(other.heard.filter(({ type }) => type === "ping")).toHaveLength(2);
  expect(await fixture.sockets()).toBe(2);
});

/** Lets 3 s pass, in which this client is asked for the nth time, and answers. */
async function passPing(client: Client, nth: number): Promise<void> {
  vi.advanceTimersByTime(3_000);
  await client.hears("ping", nth);
  // The pong has been read once the server has answered a later request on its event loop.
  await fixture.sockets();
}
