import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually, type Phones, RELEASES, startPhones } from "./phones.ts";

/** Signalling that breaks and comes back, participants that linger, and messages that vanish. */

let phones: Phones;
const FREQUENCY = { frequencyHz: expect.closeTo(440, -1) };

beforeAll(async () => {
  phones = await startPhones();
});
afterEach(() => phones.hangUp());
afterAll(() => phones?.close());

describe.each(RELEASES)("with the %s release", (release) => {
  const signalling = async (phone: Awaited<ReturnType<Phones["joined"]>>) => {
    const events = (await phone.events("network-connection")).filter(({ type }) => type === "signaling");
    return events.map(({ event }) => event);
  };

  test("signalling that returns: the media go on, nobody leaves, and what was said meanwhile arrives", async () => {
    const room = await phones.newRoom();
    const other = await phones.joined(release, room);
    const phone = await phones.joined(release, room, { audioSource: { $tone: 440 } });
    await eventually(() => other.hear()).toMatchObject(FREQUENCY);
    await phones.inflict({ fault: "dropSignalling", ms: 400 });
    await eventually(() => signalling(phone)).toEqual(["connected", "interrupted"]);
    expect(await other.hear()).toMatchObject(FREQUENCY);
    expect(await phones.present(room)).toEqual([other.id, phone.id]);
    await phone.do("setUserName", "Renamed meanwhile");
    await phone.do("sendAppMessage", { lost: true });
    for (const each of [phone, other]) {
      await eventually(() => signalling(each)).toEqual(["connected", "interrupted", "connected"]);
    }
    await eventually(() => other.participant(phone.id)).toMatchObject({ user_name: "Renamed meanwhile" });
    await phone.do("sendAppMessage", { lost: false });
    await eventually(() => other.events("app-message")).toMatchObject([{ data: { lost: false } }]);
    expect(await other.events("participant-left")).toEqual([]);
    expect(await other.hear()).toMatchObject(FREQUENCY);
  });

  test("a newcomer whose negotiation is interrupted is heard after all", async () => {
    const room = await phones.newRoom();
    const other = await phones.joined(release, room);
    const phone = await phones.joined(release, room, { audioSource: { $tone: 440 } });
    await phones.inflict({ fault: "dropSignalling", ms: 0 });
    await eventually(() => other.hear(phone.id)).toMatchObject(FREQUENCY);
  });

  test("who is ejected while the signalling is away hears it on the return", async () => {
    const room = await phones.newRoom();
    const phone = await phones.joined(release, room, { claims: { ud: "away" } });
    await phones.inflict({ fault: "dropSignalling", ms: 300 });
    await phones.rest("POST", `/rooms/${room.name}/eject`, { user_ids: ["away"] });
    await eventually(() => phone.events("error")).toMatchObject([{ error: { type: "ejected" } }]);
  });

  test("a call can be left while the signalling is away", async () => {
    const room = await phones.newRoom();
    const phone = await phones.joined(release, room);
    await phones.inflict({ fault: "dropSignalling", ms: 3_600_000 });
    await eventually(() => signalling(phone)).toEqual(["connected", "interrupted"]);
    expect(await phone.do("leave")).toEqual({});
    expect(await phone.remains()).toMatchObject({ connections: 0, sockets: 0 });
    expect(await phone.events("error")).toEqual([]);
  });

  test("a connection between two that fails is restarted by the one who had offered it", async () => {
    const room = await phones.newRoom();
    const other = await phones.joined(release, room, { page: "other end", audioSource: { $tone: 880 } });
    const phone = await phones.joined(release, room, { audioSource: { $tone: 440 } });
    await eventually(() => other.hear()).toMatchObject(FREQUENCY);
    const names = () => Promise.all([phone, other].map(({ page }) => page.evaluate("phones.iceNames()[0]")));
    const [before, beforeOther] = await names();
    // Both ends notice; only one of them may act, or their offers would meet half way.
    await Promise.all([phone, other].map(({ page }) => page.evaluate("phones.failConnections()")));
    await eventually(names).not.toContain(before);
    await eventually(names).not.toContain(beforeOther);
    await eventually(() => other.hear()).toMatchObject(FREQUENCY);
    expect(await phone.events("nonfatal-error")).toEqual([]);
    expect(await other.events("nonfatal-error")).toEqual([]);
  });

  test("a ghost: a page that goes without a leave stays for the others as long as told", async () => {
    const room = await phones.newRoom();
    await phones.inflict({ fault: "ghost", ms: 500 });
    const other = await phones.joined(release, room);
    const phone = await phones.joined(release, room, { page: "ghost" });
    await eventually(() => other.participant(phone.id)).toBeDefined();
    const before = Date.now();
    await phone.page.reload();
    expect(await phones.present(room)).toEqual([other.id, phone.id]);
    await eventually(() => other.events("participant-left")).toHaveLength(1);
    expect(Date.now() - before).toBeGreaterThanOrEqual(490);
  });

  test("who leaves is no ghost", async () => {
    const room = await phones.newRoom();
    await phones.inflict({ fault: "ghost", ms: 3_600_000 });
    const other = await phones.joined(release, room);
    const phone = await phones.joined(release, room);
    await phone.do("leave");
    await eventually(() => other.events("participant-left")).toHaveLength(1);
  });

  test("app messages that vanish: as many as told, and no more", async () => {
    const room = await phones.newRoom();
    const [other, phone] = [await phones.joined(release, room), await phones.joined(release, room)];
    await phones.inflict({ fault: "dropAppMessages", count: 2 });
    for (const n of [1, 2, 3, 4]) await phone.do("sendAppMessage", { n });
    await eventually(() => other.events("app-message")).toMatchObject([
      { data: { n: 3 } },
      { data: { n: 4 } },
    ]);
  });
});
