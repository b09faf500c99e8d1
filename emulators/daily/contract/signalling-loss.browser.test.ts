import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Participant } from "./phone.ts";
import { eventually, type Phones, RELEASES, startPhones } from "./phones.ts";

/** Signalling that breaks and comes back, participants that linger, and messages that vanish. */

let phones: Phones;
/** All signalling is cut, and stays away until it is mended; which also cuts, and takes the next socket again. */
const CUT = { fault: "dropSignalling", ms: 3_600_000 };
const MENDED = { fault: "dropSignalling", ms: 0 };
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
    await phones.inflict(CUT);
    await eventually(() => signalling(phone)).toEqual(["connected", "interrupted"]);
    expect(await other.hear()).toMatchObject(FREQUENCY);
    expect(await phones.present(room)).toEqual([other.id, phone.id]);
    await phone.do("setUserName", "Renamed meanwhile");
    await phone.do("sendAppMessage", { lost: true });
    await phones.inflict(MENDED);
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
    await phones.inflict(MENDED);
    await eventually(() => other.hear(phone.id)).toMatchObject(FREQUENCY);
  });

  test("who is ejected while the signalling is away hears it on the return", async () => {
    const room = await phones.newRoom();
    const phone = await phones.joined(release, room, { claims: { ud: "away" } });
    await phones.inflict(CUT);
    await phones.rest("POST", `/rooms/${room.name}/eject`, { user_ids: ["away"] });
    expect(await phone.events("error")).toEqual([]);
    await phones.inflict(MENDED);
    await eventually(() => phone.events("error")).toMatchObject([{ error: { type: "ejected" } }]);
  });

  test("a call can be left while the signalling is away", async () => {
    const room = await phones.newRoom();
    const phone = await phones.joined(release, room);
    await phones.inflict(CUT);
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
    // An interruption and no end: the app may wait for it.
    const states = (await other.events("participant-updated")).map(({ participant }) => {
      return (participant as Participant).tracks.audio?.state;
    });
    expect(states).toContain("interrupted");
    expect(await phone.events("nonfatal-error")).toEqual([]);
    expect(await other.events("nonfatal-error")).toEqual([]);
  });

  // For how long exactly is tested without a browser, by a clock that stands still.
  test("a ghost: a page that goes without a leave stays for the others, until it is ejected", async () => {
    const room = await phones.newRoom();
    await phones.inflict({ fault: "ghost", ms: 3_600_000 });
    const other = await phones.joined(release, room);
    const phone = await phones.joined(release, room, { page: "ghost", claims: { ud: "ghost" } });
    await eventually(() => other.participant(phone.id)).toBeDefined();
    await phone.page.reload();
    await eventually(() => phones.state()).toMatchObject({ sockets: 1 });
    expect(await phones.present(room)).toEqual([other.id, phone.id]);
    expect(await other.events("participant-left")).toEqual([]);
    await phones.rest("POST", `/rooms/${room.name}/eject`, { user_ids: ["ghost"] });
    await eventually(() => other.events("participant-left")).toHaveLength(1);
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
