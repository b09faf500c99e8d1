import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  type Answer,
  eventually,
  type Phone,
  type Phones,
  RELEASES,
  type Release,
  type Room,
  startPhones,
} from "./phones.ts";

/** Every fatal error that daily-js knows and the emulator raises. */

let phones: Phones;
const seconds = () => Math.floor(Date.now() / 1000);

beforeAll(async () => {
  phones = await startPhones({ resumeWithinMs: 300 });
});
afterEach(() => phones.hangUp());
afterAll(() => phones?.close());

/** A join that fails; nothing of it may be left. */
async function refused(release: Release, options: { url: string; token?: string }): Promise<Answer> {
  const phone = await phones.phone(release);
  const answer = await phone.do("join", options);
  expect((await phone.events()).slice(-2).map(({ action }) => action)).toEqual(["error", "left-meeting"]);
  expect(await phone.do("meetingState")).toEqual({ value: "error" });
  expect(await phone.remains()).toMatchObject({ connections: 0, sockets: 0, devices: 0 });
  return answer;
}

const refusal = (type: string): Answer => ({
  error: expect.objectContaining({
    action: "error",
    errorMsg: expect.any(String),
    error: expect.objectContaining({ type }),
  }),
});

interface Joined {
  participants: { local: { joined_at: string; will_eject_at: string } };
}

/** The end of a call, whose last events are these and which leaves nothing. */
async function ended(phone: Phone, type: string): Promise<void> {
  await eventually(() => phone.events("left-meeting")).toHaveLength(1);
  expect((await phone.events()).slice(-2)).toMatchObject([
    { action: "error", errorMsg: expect.any(String), error: { type, msg: expect.any(String) } },
    { action: "left-meeting" },
  ]);
  expect(await phone.do("meetingState")).toEqual({ value: "error" });
  expect(await phone.remains()).toMatchObject({ connections: 0, sockets: 0, devices: 0 });
  // daily-js asks nothing more of the machine after an error, and must not wait for it either.
  expect(await phone.do("leave")).toEqual({});
}

describe.each(RELEASES)("with the %s release", (release) => {
  describe("a join is refused", () => {
    const join = (options: { url: string; token?: string }) => refused(release, options);

    test("no-room: there is none of this name", async () => {
      const nowhere = { name: "nowhere", url: `${phones.emulator.url}/nowhere` };
      const token = await phones.token(nowhere);
      expect(await join({ url: nowhere.url, token })).toMatchObject(refusal("no-room"));
    });

    test("end-of-life: Daily serves this daily-js no longer; by order, and the next join is let in", async () => {
      const room = await phones.newRoom();
      await phones.inflict({ fault: "endOfLife" });
      const token = await phones.token(room);
      expect(await join({ url: room.url, token })).toMatchObject(refusal("end-of-life"));
      expect((await phones.joined(release, room)).id).toEqual(expect.any(String));
    });

    test("no-room: a room that is late is not there yet, and later it is", async () => {
      await phones.inflict({ fault: "roomLate", ms: 3_600_000 });
      const room = await phones.newRoom();
      const token = await phones.token(room);
      expect(await join({ url: room.url, token })).toMatchObject(refusal("no-room"));
      await phones.inflict({ fault: "roomLate", ms: 0 });
      expect((await phones.joined(release, room)).id).toEqual(expect.any(String));
    });

    test.each<[string, (room: Room) => Promise<{ token?: string }>]>([
      ["no token", async () => ({})],
      [
        "a token signed with another key",
        async (room) => ({ token: await phones.token(room, {}, "another key") }),
      ],
      [
        "another room's token",
        async (room) => ({ token: await phones.token({ ...room, name: "elsewhere" }) }),
      ],
      ["another domain's token", async (room) => ({ token: await phones.token(room, { d: "another" }) })],
      ["what is no token at all", async () => ({ token: "nonsense" })],
    ])("not-allowed: %s", async (_name, token) => {
      const room = await phones.newRoom();
      expect(await join({ url: room.url, ...(await token(room)) })).toMatchObject(refusal("not-allowed"));
    });

    test("not-allowed: there is no lobby, also where knocking is enabled", async () => {
      const room = await phones.newRoom({ enable_knocking: true });
      expect(await join({ url: room.url })).toMatchObject(refusal("not-allowed"));
    });

    test("nbf-token and exp-token: too early and too late for the token", async () => {
      const room = await phones.newRoom();
      const [early, late] = [{ nbf: seconds() + 60 }, { iat: seconds() - 120, exp: seconds() - 60 }];
      const { url } = room;
      expect(await join({ url, token: await phones.token(room, early) })).toMatchObject(refusal("nbf-token"));
      expect(await join({ url, token: await phones.token(room, late) })).toMatchObject(refusal("exp-token"));
    });

    test("nbf-room: too early for the room", async () => {
      const room = await phones.newRoom({ nbf: seconds() + 60 });
      expect(await join({ url: room.url, token: await phones.token(room) })).toMatchObject(
        refusal("nbf-room"),
      );
    });

    test("meeting-full: one more than the room takes", async () => {
      const room = await phones.newRoom({ max_participants: 1 });
      await phones.joined(release, room);
      const token = await phones.token(room);
      const phone = await phones.phone(release);
      expect(await phone.do("join", { url: room.url, token })).toMatchObject(refusal("meeting-full"));
    });

    test("connection-error: signalling cannot be reached, with the details of it", async () => {
      const room = await phones.newRoom();
      const phone = await phones.phone(release);
      await phone.do("load");
      await phones.inflict({ fault: "dropSignalling", ms: 3_600_000 });
      const answer = await phone.do("join", { url: room.url, token: await phones.token(room) });
      expect(answer).toMatchObject(refusal("connection-error"));
      expect(answer).toMatchObject({
        error: { error: { details: { on: "join", uri: expect.stringMatching(/^ws:.*\/signalling$/) } } },
      });
    });
  });

  describe("a call ends", () => {
    test("ejected: by an owner", async () => {
      const room = await phones.newRoom();
      const owner = await phones.joined(release, room, { claims: { o: true } });
      const phone = await phones.joined(release, room, { page: "ejected", audioSource: true });
      await owner.do("updateParticipant", phone.id, { eject: true });
      await ended(phone, "ejected");
      await eventually(() => owner.events("participant-left")).toMatchObject([
        { participant: { session_id: phone.id } },
      ]);
    });

    test("ejected: by the REST API", async () => {
      const room = await phones.newRoom();
      const phone = await phones.joined(release, room, { claims: { ud: "somebody" } });
      const ejected = await phones.rest("POST", `/rooms/${room.name}/eject`, { user_ids: ["somebody"] });
      expect(ejected).toEqual({ ejectedIds: [phone.id] });
      await ended(phone, "ejected");
    });

    test("no-room: the room is deleted", async () => {
      const room = await phones.newRoom();
      const phone = await phones.joined(release, room);
      await phones.rest("DELETE", `/rooms/${room.name}`);
      await ended(phone, "no-room");
    });

    test("connection-error: signalling is lost and does not return, with the details of it", async () => {
      const room = await phones.newRoom();
      const phone = await phones.joined(release, room);
      await phones.inflict({ fault: "dropSignalling", ms: 3_600_000 });
      await ended(phone, "connection-error");
      expect(await phone.last("error")).toMatchObject({
        error: { details: { on: "reconnect", sourceError: { type: "SignallingLost" } } },
      });
    });
  });

  test("an error reaches the app though daily-js's report of it to its makers reaches nobody", async () => {
    const phone = await phones.phone(release);
    const failed: string[] = [];
    phone.page.on("requestfailed", (request) => failed.push(new URL(request.url()).hostname));
    const nowhere = { name: "nowhere", url: `${phones.emulator.url}/nowhere` };
    const answer = await phone.do("join", { url: nowhere.url, token: await phones.token(nowhere) });
    expect(answer).toMatchObject({ error: { error: { type: "no-room" } } });
    await eventually(() => failed).toContainEqual(expect.stringMatching(/\.sentry\.io$/));
    expect(await phone.events("error")).toHaveLength(1);
  });
});

// Whole seconds pass in these, and the release of daily-js makes no difference to time.
describe("when the time has come", () => {
  test("exp-room: nobody joins any more", async () => {
    const room = await phones.newRoom();
    await phones.rest("POST", `/rooms/${room.name}`, { properties: { exp: seconds() } });
    const answer = await refused("newer", { url: room.url, token: await phones.token(room) });
    expect(answer).toMatchObject(refusal("exp-room"));
  });

  test("exp-room: the room expires and ejects", async () => {
    const room = await phones.newRoom();
    const phone = await phones.joined("newer", room);
    const properties = { exp: seconds() + 1, eject_at_room_exp: true };
    await phones.rest("POST", `/rooms/${room.name}`, { properties });
    await ended(phone, "exp-room");
  });

  test("exp-token: the token expires and ejects", async () => {
    const room = await phones.newRoom();
    const phone = await phones.phone("newer");
    await phone.do("load");
    // Time enough for the join on a busy machine, and no more.
    const token = await phones.token(room, { exp: seconds() + 4, ejt: true });
    expect(await phone.do("join", { url: room.url, token })).toHaveProperty("value");
    await ended(phone, "exp-token");
  });

  test("ejected: so many seconds after the join, which the participant knows", async () => {
    const phone = await phones.joined("newer", await phones.newRoom({ eject_after_elapsed: 1 }));
    const joined = (await phone.last("joined-meeting")) as unknown as Joined;
    const { joined_at, will_eject_at } = joined.participants.local;
    expect((Date.parse(will_eject_at) - Date.parse(joined_at)) / 1000).toBeCloseTo(1, 1);
    await ended(phone, "ejected");
  });
});
