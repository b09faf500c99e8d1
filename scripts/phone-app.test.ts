/** The app's files as the edge serves them: the Worker in workerd, as wrangler runs it, before files that are made here. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../test/support/stack.ts";
import { Program } from "./process-group.ts";
import { ROOT } from "./steps.ts";
import { untilOk } from "./until-ok.ts";
import { wranglerDev } from "./wrangler-dev.ts";

const READY_TIMEOUT_MS = 60_000;
const HOOK_TIMEOUT_MS = READY_TIMEOUT_MS + 10_000;
const BUNDLE = "/app/_expo/static/js/web/index-0123.js";

let folder: string;
const edges: Program[] = [];
let url: string;
let unbuiltUrl: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "chat-vrd-app-"));
  await writeFile(join(folder, "empty.env"), "");
  const files = {
    "built/index.html": "the console",
    "built/app/index.html": "the app",
    [`built${BUNDLE}`]: "start()",
    "unbuilt/index.html": "the console",
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  // One after the other: each compiles the Worker first.
  url = await startEdge("built");
  unbuiltUrl = await startEdge("unbuilt");
}, 2 * HOOK_TIMEOUT_MS);

afterAll(async () => {
  await Promise.all(edges.map((edge) => edge.stop()));
  await rm(folder, { recursive: true, force: true });
});

async function startEdge(assets: "built" | "unbuilt"): Promise<string> {
  const port = await freePort();
  const lines: string[] = [];
  const edge = new Program({
    name: assets,
    command: process.execPath,
    args: wranglerDev({
      port,
      vars: { APP_ENV: "development", PUBLIC_URL: `http://127.0.0.1:${port}` },
      more: [
        `--assets=${join(folder, assets)}`,
        `--persist-to=${join(folder, `${assets}-state`)}`,
        `--env-file=${join(folder, "empty.env")}`,
      ],
    }),
    cwd: ROOT,
    env: { PATH: process.env.PATH, WRANGLER_SEND_METRICS: "false" },
    onLine: (line) => lines.push(line),
  });
  edges.push(edge);
  const address = `http://127.0.0.1:${port}`;
  if (!(await untilOk(`${address}/health`, AbortSignal.timeout(READY_TIMEOUT_MS)))) {
    throw new Error(`The edge did not start:\n${lines.join("\n")}`);
  }
  return address;
}

test.each(["/app", "/app/", "/app/index.html", "/app/a/place"])("the app is at %s", async (path) => {
  const response = await fetch(url + path, { redirect: "manual" });
  expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([
    ...[200, "text/html; charset=utf-8", "the app"],
  ]);
  expect(response.headers.get("cache-control")).toContain("must-revalidate");
});

test("its bundle may be kept for ever, its page may reach other services and has the console's fences", async () => {
  const bundle = await fetch(url + BUNDLE);
  expect([bundle.status, bundle.headers.get("cache-control"), await bundle.text()]).toEqual([
    ...[200, "public, max-age=31536000, immutable", "start()"],
  ]);
  const { headers } = await fetch(`${url}/app`);
  const policy = headers.get("content-security-policy")?.split("; ") ?? [];
  expect(policy).toContain("style-src 'self' 'unsafe-inline'");
  expect(policy.find((directive) => directive.startsWith("connect-src"))).toMatch(/ https: wss: http: ws:$/);
  expect(policy.find((directive) => directive.startsWith("script-src"))).not.toContain("unsafe");
  expect(headers.get("permissions-policy")).toContain("microphone=(self)");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
});

test("nothing else becomes the app: not a file that is missing, not the console, not another method", async () => {
  const missing = await fetch(`${url}/app/_expo/static/js/web/index-4567.js`);
  expect([missing.status, missing.headers.get("content-type"), missing.headers.get("cache-control")]).toEqual(
    [...[404, "application/problem+json", "no-store"]],
  );
  expect(await (await fetch(url)).text()).toBe("the console");
  expect((await fetch(`${url}/application`)).status).toBe(404);
  const posted = await fetch(`${url}/app`, { method: "POST" });
  expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  const console = (await fetch(url)).headers.get("content-security-policy");
  expect(console).not.toContain("unsafe-inline");
});

test.each(["/app", "/app/", "/app/a/place"])(
  "where it was not built, %s says how to build it",
  async (path) => {
    const response = await fetch(unbuiltUrl + path);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      code: "not_found",
      detail: expect.stringContaining("npm --prefix mobile run export:web"),
    });
    expect(await (await fetch(unbuiltUrl)).text()).toBe("the console");
  },
);
