import { createExecutionContext, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { DEV_SIGNING_KEY } from "../../protocol/development.ts";
import { app } from "../app.ts";
import { DeepHealth } from "../routes/health-reply.ts";
import type { Session } from "../session/session.ts";
import type { StartCommand } from "../session/start.ts";
import { useCapturedLogs } from "../testing/captured-logs.ts";
import { ORIGIN, problemOf } from "../testing/edge-client.ts";
import { FakeContainers } from "../testing/fake-containers.ts";
import { useFakeUpstreams } from "../testing/fake-upstreams.ts";
import { redeploy } from "../testing/redeploy.ts";
import { startSignal } from "../testing/start-signal.ts";
import { botHosts, findBotHost } from "./bot-hosts.ts";
import { type Dispatch, dispatch } from "./dispatch.ts";
import { KnownHosts } from "./known-hosts.ts";
import type { Region } from "./regions.ts";

const fakes = useFakeUpstreams();
const logs = useCapturedLogs();

const addresses = [
  { url: "https://bots-us.example.com", region: "enam" },
  { url: "https://bots-eu.example.com", region: "weur" },
] as const;

/** A Worker and its sessions, all of them with these settings. */
function deployment(settings: Partial<Record<string, string>>) {
  const given = { ...env, ...settings };
  const inSession = <Value>(id: string, work: (session: Session) => Promise<Value>) =>
    runInDurableObject(env.SESSIONS.getByName(id), (session) => {
      redeploy(session, given);
      return work(session);
    });
  const SESSIONS = {
    getByName: (id: string) => ({
      start: (command: StartCommand) => inSession(id, (session) => session.start(command)),
      view: (caller: StartCommand["caller"]) => inSession(id, async (session) => session.view(caller)),
      stop: (caller: StartCommand["caller"]) => inSession(id, (session) => session.stop(caller)),
    }),
  };
  return (path: string, init: RequestInit = {}) =>
    app.fetch(new Request(`${ORIGIN}${path}`, init), { ...given, SESSIONS }, createExecutionContext());
}

describe("the hosts of a deployment", () => {
  const { fleet } = new FakeContainers({ regions: ["weur", "oc"], perRegion: 2 });
  const signingKey = DEV_SIGNING_KEY;
  const ids = (given: Parameters<typeof botHosts>[0]["fleet"]) =>
    botHosts({ fleet: given, signingKey }).map(({ id, region, order }) => [id, region, order]);

  test("are those at addresses alone, where there are any", () => {
    expect(ids({ addresses: [...addresses], containers: fleet })).toEqual([
      ["bots-us.example.com", "enam", 0],
      ["bots-eu.example.com", "weur", 0],
    ]);
  });

  test("are else so many containers in each region, one after the other", () => {
    expect(ids({ addresses: [], containers: fleet })).toEqual([
      ["bot-weur-1", "weur", 1],
      ["bot-weur-2", "weur", 2],
      ["bot-oc-1", "oc", 1],
      ["bot-oc-2", "oc", 2],
    ]);
  });

  test("are none where nothing is said", () => {
    expect(ids({ addresses: [], containers: undefined })).toEqual([]);
  });

  test.each([
    ["bots-eu.example.com", "bots-eu.example.com"],
    ["bot-weur-1", "bot-weur-1"],
    // One that is not among the settings any more may hold calls all the same.
    ["bot-sam-17", "bot-sam-17"],
    ["bots-of-others.example.com", undefined],
    ["bot-atlantis-1", undefined],
    ["bot-weur-1x", undefined],
  ])("are found by the id that a session keeps: %s", (id, found) => {
    const settings = { fleet: { addresses: [...addresses], containers: fleet }, signingKey };
    expect(findBotHost(settings, id)?.id).toBe(found);
  });

  test("are found among containers only where there are any", () => {
    expect(
      findBotHost({ fleet: { addresses: [], containers: undefined }, signingKey }, "bot-weur-1"),
    ).toBeUndefined();
  });

  test("at an address win over a container of the same name", () => {
    const settings = {
      fleet: { addresses: [{ url: "http://bot-weur-1", region: undefined }], containers: fleet },
      signingKey,
    };
    expect(findBotHost(settings, "bot-weur-1")?.order).toBe(0);
  });
});

describe("a fleet of containers", () => {
  let containers: FakeContainers;
  let known: KnownHosts;

  beforeEach(() => {
    containers = new FakeContainers({ regions: ["weur", "enam", "oc"], perRegion: 2, capacity: 3 });
    known = new KnownHosts();
  });

  const send = (sessionId: string, near: Region): Promise<Dispatch> =>
    dispatch(
      botHosts({ fleet: { addresses: [], containers: containers.fleet }, signingKey: DEV_SIGNING_KEY }),
      startSignal({ sessionId }),
      { near, known },
    );
  const to = (hostId: string) => ({ kind: "accepted", hostId });

  test("that is all asleep has one woken, near the caller, and the call waits for it", async () => {
    expect(await send("a", "eeur")).toEqual(to("bot-weur-1"));
    expect(containers.running()).toEqual(["bot-weur-1"]);
  });

  test("fills one container before the next, which is awake by then", async () => {
    expect(await send("a", "weur")).toEqual(to("bot-weur-1"));
    expect(await send("b", "weur")).toEqual(to("bot-weur-1"));
    await vi.waitFor(() => expect(containers.running()).toEqual(["bot-weur-1", "bot-weur-2"]));
    expect(await send("c", "weur")).toEqual(to("bot-weur-1"));
    expect(await send("d", "weur")).toEqual(to("bot-weur-2"));
  });

  test("that is full in one region takes calls in the next one", async () => {
    for (const id of ["a", "b", "c", "d", "e", "f"]) await send(id, "weur");
    expect(await send("g", "weur")).toEqual(to("bot-enam-1"));
  });

  test("takes the call where a container is awake, while the near one wakes for those after", async () => {
    containers = new FakeContainers({ regions: ["wnam", "enam"], capacity: 3 });
    await send("a", "enam");
    containers.prepare("bot-wnam-1", "wnam").engine.bootMs = 200;
    expect(await send("b", "wnam")).toEqual(to("bot-enam-1"));
    await vi.waitFor(async () => expect(await send("c", "wnam")).toEqual(to("bot-wnam-1")));
  });
});

test("a caller's whereabouts decide which host the session asks first", async () => {
  const call = deployment({ BOT_RUNTIME_URL: "oc=http://bots.test/oc, eeur=http://bots.test/eu" });
  for (const continent of ["EU", "OC", "AF"] as const) {
    expect((await call("/start", { method: "POST", cf: { continent } })).status).toBe(201);
  }
  expect(fakes.host.map(({ path }) => path)).toEqual(["/eu/sessions", "/oc/sessions", "/eu/sessions"]);
});

describe.each([
  ["no place where bots run", { BOT_RUNTIME_URL: ",", BOT_CONTAINERS: undefined }, "not_configured"],
  // As under `wrangler dev` without Docker.
  ["containers and nothing to run them", { BOT_RUNTIME_URL: "", CONTAINER_REGIONS: "weur" }, "degraded"],
] as const)("a deployment with %s", (_, settings, check) => {
  const call = deployment(settings);
  const start = () => call("/start", { method: "POST" });

  test("refuses starts for now, and makes nothing that stays", async () => {
    const response = await start();
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).not.toBeNull();
    expect(await problemOf(response)).toMatchObject({ code: "no_capacity", retryable: true });
    await vi.waitFor(() => expect(fakes.daily.at(-1)?.method).toBe("DELETE"));
    expect(fakes.host).toEqual([]);
  });

  test("says so in its health, cheap and deep", async () => {
    await start();
    const degraded = { status: "degraded", checks: { botHosts: check } };
    expect(await (await call("/health")).json()).toMatchObject(degraded);
    const { asked, ...deep } = DeepHealth.parse(await (await call("/health?deep=1")).json());
    expect(deep).toMatchObject(degraded);
    expect(asked.botHosts.map(({ status }) => status)).toEqual(check === "degraded" ? ["down", "down"] : []);
  });

  test("answers everything else", async () => {
    expect((await call("/client-config")).status).toBe(200);
    expect((await call("/openapi.json")).status).toBe(200);
    expect((await call(`/api/rtvi/${"0".repeat(32)}`)).status).toBe(404);
    expect(logs.text()).not.toContain('"level":"error"');
  });
});
