import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import type { RoomLogEvent } from "../log-events.ts";
import { BridgeServer } from "./bridge-server.ts";
import { MAX_MESSAGE_BYTES } from "./limits.ts";

const FILES = ["index.html", "page.js", "audio.worklet.js", "socket.webworker.js"];

let folder: string;
let server: BridgeServer;
let events: RoomLogEvent[];
let clients: WebSocket[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "bridge-test-"));
  await Promise.all(FILES.map((name) => writeFile(join(folder, name), `the ${name}`)));
  await writeFile(join(folder, "secrets.txt"), "not for pages");
  events = [];
  clients = [];
  server = await BridgeServer.start({ assetsFolder: folder, log: (event) => events.push(event) });
});

afterEach(async () => {
  for (const client of clients) client.terminate();
  await server.close();
  await rm(folder, { recursive: true });
});

interface Reply {
  status: number;
  body: string;
}

function get(path: string, options: { host?: string; method?: string } = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { hostname, port, host } = new URL(server.origin);
    const headers = { host: options.host ?? host };
    const sent = request({ hostname, port, path, method: options.method ?? "GET", headers }, (response) => {
      let body = "";
      response.on("data", (chunk) => {
        body += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on("error", reject).end();
  });
}

/** The status of an upgrade that was refused, or "open". */
function dial(url: string, headers: Record<string, string> = {}): Promise<number | "open"> {
  const client = new WebSocket(url.replace(/^http/, "ws"), {
    headers: { origin: server.origin, ...headers },
  });
  clients.push(client);
  return new Promise((resolve) => {
    client.on("open", () => resolve("open"));
    client.on("unexpected-response", (_, response) => resolve(response.statusCode ?? 0));
    client.on("error", () => undefined);
  });
}

function pathOf(url: string): string {
  return new URL(url).pathname;
}

function refusals(): string[] {
  return events.flatMap((event) => (event.event === "bridge.refused" ? [event.reason] : []));
}

describe("files", () => {
  it("are served below the page's secret, whatever the query", async () => {
    const path = pathOf(server.admit(() => {}).url);
    expect(await get(path)).toEqual({ status: 200, body: "the index.html" });
    expect(await get(`${path}?slots=8`)).toEqual({ status: 200, body: "the index.html" });
    for (const name of FILES) expect(await get(path + name)).toEqual({ status: 200, body: `the ${name}` });
  });

  it("are the page's own and no others", async () => {
    const path = pathOf(server.admit(() => {}).url);
    for (const name of ["secrets.txt", "../secrets.txt", "%2e%2e/secrets.txt", "x/index.html"]) {
      expect((await get(path + name)).status).not.toBe(200);
    }
  });

  it("need the secret", async () => {
    server.admit(() => {});
    for (const path of ["/", "/index.html", "//", `/${"A".repeat(43)}/`]) {
      expect((await get(path)).status).toBe(403);
    }
    expect(refusals()).toEqual(["secret", "secret", "secret", "secret"]);
  });

  it("need our own host name, so that no foreign name can point here", async () => {
    const path = pathOf(server.admit(() => {}).url);
    const { port } = new URL(server.origin);
    for (const host of ["evil.example", `localhost:${port}`, "127.0.0.1"]) {
      expect((await get(path, { host })).status).toBe(403);
    }
    expect(refusals()).toEqual(["host", "host", "host"]);
  });

  it("are only read", async () => {
    const path = pathOf(server.admit(() => {}).url);
    expect((await get(path, { method: "POST" })).status).toBe(403);
  });

  it("are gone when the page's right is revoked", async () => {
    const { url, revoke } = server.admit(() => {});
    revoke();
    expect((await get(pathOf(url))).status).toBe(403);
  });
});

describe("the socket", () => {
  it("opens for the page, uncompressed", async () => {
    const opened = vi.fn();
    const { url } = server.admit(opened);
    expect(await dial(`${url}socket`)).toBe("open");
    await vi.waitFor(() => expect(opened).toHaveBeenCalledOnce());
    expect(clients[0]?.extensions).toBe("");
  });

  it("goes to the page that it belongs to", async () => {
    const [first, second] = [vi.fn(), vi.fn()];
    server.admit(first);
    const { url } = server.admit(second);
    await dial(`${url}socket`);
    await vi.waitFor(() => expect(second).toHaveBeenCalledOnce());
    expect(first).not.toHaveBeenCalled();
  });

  it.each<[string, (url: string) => Promise<number | "open">, string]>([
    ["a wrong secret", (url) => dial(`${url.slice(0, -2)}x/socket`), "secret"],
    ["no secret", () => dial(`${server.origin}/socket`), "secret"],
    ["another path", (url) => dial(`${url}index.html`), "secret"],
    ["another origin", (url) => dial(`${url}socket`, { origin: "https://evil.example" }), "origin"],
    ["another port's origin", (url) => dial(`${url}socket`, { origin: "http://127.0.0.1:1" }), "origin"],
    ["another host name", (url) => dial(`${url}socket`, { host: "evil.example" }), "host"],
  ])("is refused to %s", async (_, attempt, reason) => {
    const opened = vi.fn();
    expect(await attempt(server.admit(opened).url)).toBe(403);
    expect(refusals()).toEqual([reason]);
    expect(opened).not.toHaveBeenCalled();
  });

  it("is refused to a program without an origin", async () => {
    const { url } = server.admit(() => {});
    const client = new WebSocket(`${url.replace(/^http/, "ws")}socket`);
    clients.push(client);
    await new Promise((resolve) => client.once("error", resolve));
    expect(refusals()).toEqual(["origin"]);
  });

  it("opens once per page", async () => {
    const { url } = server.admit(() => {});
    expect(await dial(`${url}socket`)).toBe("open");
    expect(await dial(`${url}socket`)).toBe(403);
    expect(refusals()).toEqual(["used"]);
  });

  it("ends when the page's right is revoked", async () => {
    const { url, revoke } = server.admit(() => {});
    await dial(`${url}socket`);
    const closed = new Promise((resolve) => clients[0]?.once("close", resolve));
    revoke();
    await closed;
  });

  it("takes no message larger than its bound", async () => {
    const errors: Error[] = [];
    const { url } = server.admit((socket) => socket.on("error", (error) => errors.push(error)));
    await dial(`${url}socket`);
    clients[0]?.send(Buffer.alloc(MAX_MESSAGE_BYTES + 1));
    await vi.waitFor(() => expect(errors).toMatchObject([{ code: "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH" }]));
  });

  it("survives a connection that breaks in the middle of its upgrade", async () => {
    const { url } = server.admit(() => {});
    const { port, host } = new URL(server.origin);
    const raw = connect(Number(port), "127.0.0.1");
    raw.on("error", () => undefined);
    raw.write(
      `GET ${pathOf(url)}socket HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`,
    );
    raw.resetAndDestroy();
    await vi.waitFor(async () => expect(await get(pathOf(url))).toMatchObject({ status: 200 }));
  });

  it("never puts a secret into the log", async () => {
    const { url } = server.admit(() => {});
    const secret = pathOf(url).slice(1, -1);
    await get(pathOf(url), { host: "evil.example" });
    await dial(`${url}socket`, { origin: "https://evil.example" });
    expect(events.length).toBeGreaterThan(0);
    expect(JSON.stringify(events)).not.toContain(secret);
  });
});

it("does not start without the page's files", async () => {
  await rm(join(folder, "page.js"));
  await expect(BridgeServer.start({ assetsFolder: folder, log: () => {} })).rejects.toThrow("page.js");
});
