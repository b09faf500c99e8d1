/**
 * What the browser tests share: an emulator of their own, one Chromium, and pages of the two releases of daily-js
 * that matter: the newer one is what the bot runs, the older one what the official transport brings along.
 */
import { accessSync, constants, existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { build } from "esbuild";
import { SignJWT } from "jose";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { expect } from "vitest";
import { EMULATED_DAILY } from "../../../protocol/development.ts";
import { findBuilt } from "../find-built.ts";
import { type DailyEmulator, type DailyEmulatorOptions, startDailyEmulator } from "../server.ts";
import { type Participant, Phone } from "./phone.ts";

export type { Answer, Phone } from "./phone.ts";

const modules = join(import.meta.dirname, "../../../node_modules");
const NEWER = join(modules, "@daily-co/daily-js/dist/daily-esm.js");
const NESTED = join(modules, "@pipecat-ai/daily-transport/node_modules/@daily-co/daily-js/dist/daily-esm.js");

const DAILY_JS = { newer: NEWER, older: existsSync(NESTED) ? NESTED : NEWER } as const;
export type Release = keyof typeof DAILY_JS;

/** For `describe.each`: every release of daily-js that is here. */
export const RELEASES: Release[] = existsSync(NESTED) ? ["newer", "older"] : ["newer"];

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--autoplay-policy=no-user-gesture-required",
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  // Candidates exist without any network interface, and none is hidden behind mDNS.
  "--allow-loopback-in-peer-connection",
  // Nothing but this machine: what daily-js reports to its makers goes nowhere.
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
];

/** Longer than anything takes on a busy machine. */
const PATIENCE_MS = 10_000;

/** Waits for it; the machine may be busy with other tests. */
export const eventually = <Value>(probe: () => Value) =>
  expect.poll(probe, { timeout: PATIENCE_MS, interval: 20 });

export interface Room {
  name: string;
  url: string;
}

export type Phones = Awaited<ReturnType<typeof startPhones>>;

export async function startPhones(options: Partial<DailyEmulatorOptions> = {}) {
  if (!findBuilt("call-machine")) {
    throw new Error("Run `npm run build` first: the call machine is not built.");
  }
  const emulator = await startDailyEmulator({ port: 0, ...options });
  const site = await startSite();
  const browser = await chromium.launch({ executablePath: findChromium(), args: FLAGS });
  const context = await browser.newContext();
  await context.grantPermissions(["microphone", "camera"]);
  return new Setting({ emulator, site, browser, context });
}

interface SettingParts {
  emulator: DailyEmulator;
  site: Server;
  browser: Browser;
  context: BrowserContext;
}

/** An emulator with pages around it. */
class Setting {
  readonly emulator: DailyEmulator;
  readonly #parts: SettingParts;
  readonly #pages = new Map<string, Promise<Page>>();
  readonly #phones: Phone[] = [];
  #rooms = 0;

  constructor(parts: SettingParts) {
    this.#parts = parts;
    this.emulator = parts.emulator;
  }

  get callMachineUrl(): string {
    return `${this.emulator.url}/call-machine`;
  }

  /** The page of this release. All phones of a release are in one page, unless another is named. */
  page(release: Release, name = "page"): Promise<Page> {
    const key = `${release}/${name}`;
    const known = this.#pages.get(key);
    if (known) return known;
    const opened = this.#open(release);
    this.#pages.set(key, opened);
    return opened;
  }

  async #open(release: Release): Promise<Page> {
    const page = await this.#parts.context.newPage();
    const { port } = this.#parts.site.address() as AddressInfo; // it listens on a port
    await page.goto(`http://127.0.0.1:${port}/${release}`);
    return page;
  }

  /** A call object, which is destroyed by `hangUp`. */
  async phone(
    release: Release,
    { page = "page", ...options }: { page?: string } & Record<string, unknown> = {},
  ): Promise<Phone> {
    const phone = new Phone(await this.page(release, page), `phone-${this.#phones.length}`);
    this.#phones.push(phone);
    const { dailyConfig, ...rest } = options;
    const config = { bundlePathOverride: this.callMachineUrl, ...(dailyConfig as object | undefined) };
    await phone.ask("create", { ...rest, dailyConfig: config });
    return phone;
  }

  /** One that is in the room already, with its session id. `claims` are those of its token. */
  async joined(
    release: Release,
    room: Room,
    { claims = {}, join: joining = {}, ...options }: Joining = {},
  ): Promise<Phone & { id: string }> {
    const phone = await this.phone(release, options);
    const answer = await phone.do("join", {
      url: room.url,
      token: await this.token(room, claims),
      ...joining,
    });
    const { local } = (answer.value ?? {}) as { local?: Participant };
    if (!local) throw new Error(`The join failed: ${JSON.stringify(answer)}`);
    return Object.assign(phone, { id: local.session_id });
  }

  async rest(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const response = await fetch(`${this.emulator.url}/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${EMULATED_DAILY.apiKey}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return (await response.json()) as Record<string, unknown>; // each test asserts on what it reads
  }

  async newRoom(properties: Record<string, unknown> = {}): Promise<Room> {
    const name = `room-${++this.#rooms}`;
    const { url } = await this.rest("POST", "/rooms", { name, privacy: "private", properties });
    return { name, url: String(url) };
  }

  token(room: Room, claims: Record<string, unknown> = {}, key: string = EMULATED_DAILY.apiKey) {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ r: room.name, d: EMULATED_DAILY.domainId, iat: now, exp: now + 3600, ...claims })
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .sign(new TextEncoder().encode(key));
  }

  async inflict(fault: Record<string, unknown>): Promise<void> {
    const response = await fetch(`${this.emulator.url}/_emulator/faults`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(fault),
    });
    if (!response.ok) throw new Error(await response.text());
  }

  async state() {
    const response = await fetch(`${this.emulator.url}/_emulator/state`);
    return (await response.json()) as {
      rooms: { name: string; participants: { session_id: string }[] }[];
      sockets: number;
    };
  }

  /** Who is in a room, by session id. */
  async present(room: Room): Promise<string[]> {
    const { rooms } = await this.state();
    return rooms.find(({ name }) => name === room.name)?.participants.map((each) => each.session_id) ?? [];
  }

  /** After each test: destroys every call object, gives the devices back, clears the emulator. */
  async hangUp(): Promise<void> {
    await Promise.all(this.#phones.splice(0).map((phone) => phone.ask("destroy")));
    const pages = await Promise.all(this.#pages.values());
    await Promise.all(pages.map((page) => page.evaluate("phones.restoreDevices()")));
    await fetch(`${this.emulator.url}/_emulator/reset`, { method: "POST" });
  }

  async close(): Promise<void> {
    await this.#parts.browser.close();
    await this.emulator.close();
    await new Promise((resolve) => this.#parts.site.close(resolve));
  }
}

interface Joining extends Record<string, unknown> {
  claims?: Record<string, unknown>;
  /** More properties of the join. */
  join?: Record<string, unknown>;
  page?: string;
}

async function startSite(): Promise<Server> {
  const bundles = await Promise.all([bundlePhone("newer"), bundlePhone("older")]);
  const scripts: Record<string, string> = { "/newer.js": bundles[0], "/older.js": bundles[1] };
  const site = createServer((request, response) => {
    const path = request.url ?? "/";
    const script = scripts[path];
    response.writeHead(200, { "content-type": script ? "text/javascript" : "text/html" });
    response.end(script ?? `<!doctype html><meta charset="utf-8"><script src="${path}.js"></script>`);
  });
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  return site;
}

async function bundlePhone(release: Release): Promise<string> {
  const built = await build({
    entryPoints: [join(import.meta.dirname, "../call-machine/phone.page.ts")],
    bundle: true,
    write: false,
    format: "iife",
    alias: { "@daily-co/daily-js": DAILY_JS[release] },
  });
  return built.outputFiles[0]?.text ?? "";
}

/** `CHROMIUM_PATH`, which `npm test` sets, or the first of the usual names in `PATH`. */
function findChromium(): string {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH;
  const names = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
  if (!found) throw new Error("No Chromium was found. Set CHROMIUM_PATH.");
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
