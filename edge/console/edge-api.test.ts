import { createServer, type RequestListener, type Server } from "node:http";
import { afterEach, expect, it } from "vitest";
import { createEdgeApi, type EdgeApi } from "./edge-api.ts";
import type { Failure } from "./failure.ts";

let server: Server | undefined;

afterEach(async () => {
  const closing = server;
  server = undefined;
  closing?.closeAllConnections();
  if (closing) await new Promise((resolve) => closing.close(resolve));
});

async function serving(listener: RequestListener): Promise<EdgeApi> {
  const started = createServer(listener);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
  const address = started.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return createEdgeApi({
    base: `http://127.0.0.1:${address.port}/`,
    headers: () => ({ authorization: "Bearer t0" }),
  });
}

function failing(failure: Partial<Failure>) {
  return expect.objectContaining({ failure });
}

it("reads the settings of the page", async () => {
  const config = {
    emulated: { daily: true, gemini: false },
    bundlePathOverride: "http://localhost:8788/call-machine",
    languages: [{ tag: "de-DE", name: "Deutsch" }],
    auth: "none",
    defaultLanguage: "de-DE",
  };
  const api = await serving((request, response) => {
    response.writeHead(request.url === "/client-config" ? 200 : 404).end(JSON.stringify(config));
  });
  expect(await api.config()).toEqual(config);
});

it("stops a session by POST, its id being no part of the path's structure", async () => {
  const seen: string[] = [];
  const api = await serving((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    response.end(JSON.stringify({ sessionId: "a/b", state: "completed", reason: "stopped" }));
  });
  expect(await api.stop("a/b")).toMatchObject({ state: "completed" });
  expect(seen).toEqual(["POST /api/rtvi/a%2Fb/stop Bearer t0"]);
});

it("hands on the sentence of an error reply", async () => {
  const api = await serving((_request, response) => {
    response
      .writeHead(404)
      .end(JSON.stringify({ detail: "No session has this id.", code: "session_not_found" }));
  });
  await expect(api.session("s1")).rejects.toEqual(
    failing({
      ...{ kind: "refused", status: 404, code: "session_not_found" },
      detail: "No session has this id.",
    }),
  );
});

it("takes an error page for what it is", async () => {
  const api = await serving((_request, response) => void response.writeHead(502).end("<h1>Bad gateway</h1>"));
  await expect(api.session("s1")).rejects.toEqual(failing({ kind: "refused", status: 502, detail: "" }));
});

it.each(["<!doctype html>", "{}", ""])("refuses an answer that is not of the protocol: %j", async (body) => {
  const api = await serving((_request, response) => void response.end(body));
  await expect(api.config()).rejects.toEqual(failing({ kind: "unexpected-reply" }));
});

it("tells a service that is not there, or breaks off, from one that refuses", async () => {
  const api = await serving((_request, response) => {
    response.writeHead(200, { "content-length": "100" }).write("{");
    response.socket?.destroy();
  });
  await expect(api.config()).rejects.toEqual(failing({ kind: "unreachable" }));
  server?.close();
  await expect(api.config()).rejects.toEqual(failing({ kind: "unreachable" }));
});
