import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { type Client, type Fixture, startFixture, token } from "./test-fixture.ts";

/** Seats that outlive their sockets, by fault and by return. */

let fixture: Fixture;
const CANDIDATE = { kind: "candidate", candidate: "c", sdpMid: "0", sdpMLineIndex: 0 };

beforeEach(async () => {
  fixture = await startFixture();
  await fixture.newRoom("room");
});
afterEach(async () => {
  vi.useRealTimers();
  await fixture.close();
});

const inflict = (fault: Record<string, unknown>) => fixture.rest("POST", "/_emulator/faults", fault);

async function keyOf(client: Client): Promise<string> {
  return (await client.hears("joined")).resume.key;
}

/** A new socket for a seat, whose owner has heard so many messages. */
async function resume(key: string, heard = 0): Promise<Client> {
  const client = await fixture.connect();
  client.say({ type: "resume", key, heard });
  return client;
}

const typesOf = (client: Client) => client.heard.map(({ type }) => type).filter((type) => type !== "ping");

describe("a socket that the emulator cuts", () => {
  test("leaves its seat for the return, which hears what it missed, but for app messages", async () => {
    const [user, other] = [await fixture.join("room"), await fixture.join("room")];
    const [userKey, otherKey] = [await keyOf(user), await keyOf(other)];
    const closed = [user.closed(), other.closed()];
    await inflict({ fault: "dropSignalling" });
    await Promise.all(closed);
    const otherAgain = await resume(otherKey);
    expect(await otherAgain.hears("resumed")).toEqual({ type: "resumed", ok: true, heard: 0 });
    otherAgain.say({ type: "app-message", to: "*", data: "lost" });
    otherAgain.say({ type: "peer-signal", to: user.id, signal: CANDIDATE });
    otherAgain.say({ type: "user-name", userName: "New" });
    // Heard before the cut: that the other has joined.
    const userAgain = await resume(userKey, 1);
    expect((await userAgain.hears("participant-updated")).participant.userName).toBe("New");
    expect(typesOf(userAgain)).toEqual(["resumed", "peer-signal", "participant-updated"]);
  });

  test("hears again what was on its way when the socket broke", async () => {
    const [user, other] = [await fixture.join("room"), await fixture.join("room")];
    await user.hears("participant-joined");
    const key = await keyOf(user);
    const closed = user.closed();
    // Heard by the socket, but not by whoever was behind it.
    const again = await resume(key, 0);
    expect((await again.hears("participant-joined")).participant.sessionId).toBe(other.id);
    await closed;
    expect(await fixture.sockets()).toBe(2);
  });

  test("is told how many of its own messages were heard", async () => {
    const user = await fixture.join("room");
    user.say({ type: "user-data", userData: 2 });
    user.say({ type: "app-message", to: "*", data: "not counted" });
    user.say({ type: "user-name", userName: "Last" });
    await expect.poll(() => fixture.presentNames()).toEqual(["Last"]);
    const again = await resume(await keyOf(user), 0);
    expect(await again.hears("resumed")).toEqual({ type: "resumed", ok: true, heard: 2 });
  });

  test("gives its seat up after the time that it was told", async () => {
    const other = await fixture.join("room");
    const user = await fixture.join("room");
    const { resume: pass } = await user.hears("joined");
    expect(pass.withinMs).toBe(20_000);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    await inflict({ fault: "dropSignalling" });
    const otherAgain = await resume(await keyOf(other), 1);
    await otherAgain.hears("resumed");
    vi.advanceTimersByTime(19_999);
    expect(await fixture.presentIds()).toEqual([other.id, user.id]);
    vi.advanceTimersByTime(1);
    expect((await otherAgain.hears("participant-left")).id).toBe(user.id);
    expect(await fixture.presentIds()).toEqual([other.id]);
    const late = await resume(pass.key);
    expect(await late.hears("resumed")).toEqual({ type: "resumed", ok: false });
  });

  test("hears on its return that it was ejected meanwhile, and is closed", async () => {
    const user = await fixture.join("room", { ud: "user" });
    const key = await keyOf(user);
    await inflict({ fault: "dropSignalling" });
    await fixture.rest("POST", "/v1/rooms/room/eject", { user_ids: ["user"] });
    const again = await resume(key);
    const closed = again.closed();
    expect((await again.hears("fatal")).error.type).toBe("ejected");
    expect(await closed).toBe(1000);
  });

  test("is refused while the fault lasts", async () => {
    await inflict({ fault: "dropSignalling", ms: 3_600_000 });
    await expect(fixture.connect()).rejects.toThrow(/403/);
  });

  test.each([
    ["a key that nobody has", "00000000-0000-4000-8000-000000000000"],
    ["the session id, which everybody in the call knows", "session id"],
  ])("%s takes no seat, and whose it is stays in it", async (_name, wrong) => {
    const user = await fixture.join("room");
    const client = await resume(wrong === "session id" ? user.id : wrong);
    const closed = client.closed();
    expect(await client.hears("resumed")).toEqual({ type: "resumed", ok: false });
    expect(await closed).toBe(1000);
    expect(await fixture.presentIds()).toEqual([user.id]);
    expect(user.socket.readyState).toBe(WebSocket.OPEN);
  });

  test("a count of what was never said ends the seat with its socket, which is not heard any more", async () => {
    const [user, other] = [await fixture.join("room"), await fixture.join("room")];
    const closed = user.closed();
    user.socket.pause();
    const client = await resume(await keyOf(user), 99);
    expect(await client.hears("resumed")).toEqual({ type: "resumed", ok: false });
    expect((await other.hears("participant-left")).id).toBe(user.id);
    user.say({ type: "app-message", to: "*", data: "from beyond" });
    user.say({ type: "session-data", data: { from: "beyond" }, mergeStrategy: "replace" });
    user.socket.resume();
    expect(await closed).toBe(1000);
    expect(typesOf(other)).toEqual(["welcome", "joined", "participant-left"]);
  });
});

describe("a ghost", () => {
  test("stays as long as told when its socket breaks, and leaves at once when it says so", async () => {
    const other = await fixture.join("room");
    const [ghost, leaver] = [await fixture.join("room"), await fixture.join("room")];
    await inflict({ fault: "ghost", ms: 60_000 });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    leaver.say({ type: "leave" });
    expect((await other.hears("participant-left")).id).toBe(leaver.id);
    ghost.socket.terminate();
    await fixture.untilSockets(1);
    vi.advanceTimersByTime(59_999);
    expect(await fixture.presentIds()).toEqual([other.id, ghost.id]);
    vi.advanceTimersByTime(1);
    expect(await fixture.presentIds()).toEqual([other.id]);
  });

  test("is nobody who leaves before they hear that they are in", async () => {
    const other = await fixture.join("room");
    await inflict({ fault: "ghost", ms: 60_000 });
    const hasty = await fixture.connect();
    hasty.say({ type: "hello", room: "room", token: await token("room") });
    await hasty.hears("welcome");
    const closed = hasty.closed();
    hasty.say({ type: "join", media: { audio: "off", video: "off" } });
    hasty.say({ type: "leave" });
    expect(await closed).toBe(1000);
    expect(await fixture.presentIds()).toEqual([other.id]);
  });

  test("is gone with a reset", async () => {
    const ghost = await fixture.join("room");
    await inflict({ fault: "ghost", ms: 60_000 });
    const key = await keyOf(ghost);
    ghost.socket.terminate();
    await fixture.untilSockets(0);
    await fixture.rest("POST", "/_emulator/reset");
    const again = await resume(key);
    expect(await again.hears("resumed")).toEqual({ type: "resumed", ok: false });
  });
});

test("app messages vanish as often as told", async () => {
  const [user, other] = [await fixture.join("room"), await fixture.join("room")];
  await inflict({ fault: "dropAppMessages", count: 1 });
  user.say({ type: "app-message", to: "*", data: 1 });
  user.say({ type: "app-message", to: "*", data: 2 });
  expect((await other.hears("app-message")).data).toBe(2);
});
