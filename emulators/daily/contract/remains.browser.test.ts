import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { eventually, type Phone, type Phones, RELEASES, type Room, startPhones } from "./phones.ts";

/** Nothing of a call stays behind in its page, however it ended and however often there was one. */

let phones: Phones;

beforeAll(async () => {
  phones = await startPhones();
});
afterEach(() => phones.hangUp());
afterAll(() => phones?.close());

/** The emulator's call machine, with a signalling that takes every socket and says nothing. */
async function startSilentSignalling(emulatorUrl: string) {
  const server = createServer((request, response) => {
    const answer = async () => {
      const bundle = await fetch(`${emulatorUrl}${request.url}`);
      response.writeHead(bundle.status, {
        "content-type": "text/javascript",
        "access-control-allow-origin": "*",
      });
      response.end(await bundle.text());
    };
    answer().catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  const sockets = new WebSocketServer({ server });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  return {
    url: `http://127.0.0.1:${port}`,
    async close(): Promise<void> {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The counts of a page as they are at rest; the first AudioContext of the page's own tones is among them. */
async function atRest(phone: Phone): Promise<Record<string, number>> {
  await phone.do("destroy");
  return phone.remains();
}

async function callWithEverything(release: (typeof RELEASES)[number], room: Room) {
  const phone = await phones.joined(release, room, { audioSource: true, videoSource: true });
  await phone.do("startLocalAudioLevelObserver", 100);
  await phone.do("startRemoteParticipantsAudioLevelObserver", 100);
  return phone;
}

describe.each(RELEASES)("with the %s release", (release) => {
  // Twenty times with one release, since it is the call machine's doing and not daily-js's.
  const rounds = release === "newer" ? 20 : 3;

  test(`four participants, one of which joined ${rounds} times, leave what was there before`, async () => {
    const room = await phones.newRoom();
    // The first call of a page loads and makes what stays for all later ones.
    const start = await atRest(await callWithEverything(release, room));
    expect(start).toMatchObject({
      instances: 0,
      connections: 0,
      sockets: 0,
      devices: 0,
      sharedAudioUsers: 0,
    });

    const microphone = { audioSource: true };
    const four = await Promise.all([
      callWithEverything(release, room),
      ...[2, 3, 4].map(() => phones.joined(release, room, microphone)),
    ]);
    const [again] = four;
    for (const phone of four) {
      await eventually(async () => (await phone.events("network-connection")).length).toBeGreaterThanOrEqual(
        4,
      );
    }
    expect(await four[0]?.remains()).toMatchObject({ connections: 12, sockets: 4, devices: 5 });
    for (let n = 0; n < rounds; n += 1) {
      await again?.do("leave");
      await eventually(() => again?.remains()).toMatchObject({ connections: 6, sockets: 3, devices: 3 });
      expect(await again?.do("join", { url: room.url, token: await phones.token(room) })).toHaveProperty(
        "value",
      );
    }
    const left = await Promise.all(four.map((phone) => phone.do("destroy")));
    expect(left).toEqual([{}, {}, {}, {}]);
    await eventually(() => four[0]?.remains()).toEqual(start);
    await eventually(() => phones.state()).toMatchObject({ sockets: 0 });
  });

  test.each<[string, (phone: Phone, room: Room) => Promise<unknown>]>([
    [
      "an ejection",
      (_phone, room) => phones.rest("POST", `/rooms/${room.name}/eject`, { user_ids: ["user"] }),
    ],
    ["a deleted room", (_phone, room) => phones.rest("DELETE", `/rooms/${room.name}`)],
    ["a leave", (phone) => phone.do("leave")],
    [
      "a leave while the signalling tries to return",
      async (phone) => {
        await phones.inflict({ fault: "dropSignalling", ms: 3_600_000 });
        // Not the last of them: the way to the other participant may be found after this.
        await eventually(() => phone.events("network-connection")).toContainEqual(
          expect.objectContaining({ type: "signaling", event: "interrupted" }),
        );
        await phone.do("leave");
      },
    ],
  ])("%s leaves nothing that runs", async (_name, end) => {
    const start = await atRest(await callWithEverything(release, await phones.newRoom()));
    const room = await phones.newRoom();
    await phones.joined(release, room, { page: "other" });
    const phone = await phones.joined(release, room, { audioSource: true, claims: { ud: "user" } });
    await phone.do("startLocalAudioLevelObserver", 100);
    await end(phone, room);
    await eventually(() => phone.events("left-meeting")).toHaveLength(1);
    await phone.do("destroy");
    await eventually(() => phone.remains()).toEqual(start);
  });

  test("a join that is left half way leaves nothing, and the next one works", async () => {
    const room = await phones.newRoom();
    const start = await atRest(await callWithEverything(release, room));
    const phone = await phones.phone(release);
    const options = { url: room.url, token: await phones.token(room) };
    await phone.do("load");
    await phone.start("join", options);
    await phone.do("leave");
    await eventually(() => phones.state()).toMatchObject({ sockets: 0 });
    expect(await phone.do("join", options)).toHaveProperty("value");
    await phone.do("destroy");
    await eventually(() => phone.remains()).toEqual(start);
  });

  test("a preAuth that is left while nobody answers closes its socket", async () => {
    const silent = await startSilentSignalling(phones.emulator.url);
    try {
      const dailyConfig = { bundlePathOverride: `${silent.url}/call-machine` };
      const phone = await phones.phone(release, { dailyConfig });
      await phone.do("load");
      const before = await phone.remains();
      await phone.start("preAuth", { url: `${silent.url}/room` });
      await eventually(() => phone.remains()).toMatchObject({ sockets: 1 });
      await phone.do("leave");
      // The answer's time limit is over too, and with it nothing is left that runs.
      expect(await phone.remains()).toMatchObject({ sockets: 0, timeouts: before.timeouts ?? 0 });
    } finally {
      await silent.close();
    }
  });

  test("a startCamera that is left while the browser asks opens nothing, and asks no more", async () => {
    const phone = await phones.phone(release);
    await phone.page.evaluate("phones.holdPrompt()");
    await phone.start("startCamera", { audioSource: true, videoSource: true });
    await eventually(() => phone.page.evaluate("phones.promptsAsked()")).toBe(1);
    await phone.do("leave");
    await phone.page.evaluate("phones.answerPrompt()");
    await eventually(() => phone.remains()).toMatchObject({ devices: 0 });
    expect(await phone.page.evaluate("phones.promptsAsked()")).toBe(1);
  });

  test("a track of the app's own is neither stopped nor disabled", async () => {
    const room = await phones.newRoom();
    const phone = await phones.joined(release, room, { audioSource: { $tone: 440 } });
    await phone.ask("watchLocalTrack");
    await phone.do("setLocalAudio", false);
    expect(await phone.ask("watchedTrack")).toBe("live");
    await phone.do("leave");
    expect(await phone.ask("watchedTrack")).toBe("live");
  });
});
