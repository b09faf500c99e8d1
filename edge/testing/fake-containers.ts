import {
  type HostHealth,
  type StartAccepted,
  StartSignal,
  type StopAccepted,
} from "../../protocol/bot-host.ts";
import { DEV_SIGNING_KEY } from "../../protocol/development.ts";
import { asProblem, ProblemError } from "../../protocol/errors.ts";
import { createRequestVerifier, publicKeys } from "../../protocol/signing.ts";
import type { ContainerFleet } from "../fleet/container-fleet.ts";
import { type ContainerEngine, HostedContainer } from "../fleet/hosted-container.ts";
import type { Region } from "../fleet/regions.ts";

const PORT = 8080;
const SIGTERM = 15;
/** Where nobody says how long, it is up to the platform: not long. */
const PLATFORMS_OWN_INACTIVITY_MS = 60_000;

/**
 * The bot runtime of one boot, behind its HTTP contract: what is not signed, was used before or is no start signal is
 * refused, as by the real one.
 */
class FakeRuntime {
  readonly calls = new Map<string, StartSignal>();
  readonly seen: Request[] = [];
  readonly #verify = createRequestVerifier(publicKeys(DEV_SIGNING_KEY));
  readonly #capacity: number;
  status: HostHealth["status"] = "ok";
  draining = false;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  async answer(request: Request): Promise<Response> {
    this.seen.push(request);
    try {
      return await this.#route(request);
    } catch (error) {
      const problem = asProblem(error);
      return Response.json(problem.toProblem(), { status: problem.status });
    }
  }

  async #route(request: Request): Promise<Response> {
    const { method, headers } = request;
    const { pathname, search } = new URL(request.url);
    const load = () => ({ active: this.calls.size, capacity: this.#capacity });
    if (method === "GET" && pathname === "/health") {
      const health: HostHealth = { ...load(), status: this.status, draining: this.draining };
      return Response.json(health, { status: this.status === "down" ? 503 : 200 });
    }
    const body = await request.text();
    await this.#verify(headers.get("authorization") ?? undefined, {
      method,
      path: `${pathname}${search}`,
      body,
    });
    if (method === "POST" && pathname === "/sessions") {
      const signal = StartSignal.parse(JSON.parse(body));
      const { sessionId, attempt } = signal;
      if (this.draining) throw new ProblemError("draining", "It is shutting down.");
      if (!this.calls.has(sessionId) && this.calls.size >= this.#capacity) {
        throw new ProblemError("no_capacity", "All places are taken.");
      }
      this.calls.set(sessionId, signal);
      const accepted: StartAccepted = { ...load(), sessionId, attempt };
      return Response.json(accepted, { status: 202 });
    }
    const sessionId = /^\/sessions\/([\w-]{1,64})$/.exec(pathname)?.[1];
    if (method === "DELETE" && sessionId !== undefined) {
      const stopped = this.calls.delete(sessionId);
      const gone: StopAccepted = { ...load(), stopped };
      return Response.json(gone);
    }
    throw new ProblemError("not_found", `There is nothing at ${method} ${pathname}.`);
  }
}

/** What the platform gives an object for its container, and refuses as the platform does. */
class FakeEngine implements ContainerEngine {
  /** From the start until the runtime listens. */
  bootMs = 0;
  /** `false`: its process ignores signals. */
  obeys = true;
  /** Why the next start comes to nothing. */
  failure: Error | undefined;
  readonly starts: ContainerStartupOptions[] = [];
  runtime: FakeRuntime | undefined;
  /** Not listening on its port, or stuck. */
  deaf = false;
  /** It takes connections, and answers nothing. */
  stuck = false;
  /** Its runtime has no browser at first. */
  bornDown = false;
  #inactivityMs = PLATFORMS_OWN_INACTIVITY_MS;
  #heardAt = 0;
  #ended = Promise.withResolvers<void>();

  /** One that heard nothing for too long is ended, calls or no calls. */
  get running(): boolean {
    if (this.runtime && Date.now() - this.#heardAt > this.#inactivityMs) this.#end();
    return this.runtime !== undefined;
  }

  start(options: ContainerStartupOptions): void {
    if (this.running) throw new Error("start() cannot be called on a container that is already running.");
    this.starts.push(options);
    this.#ended = Promise.withResolvers();
    this.runtime = new FakeRuntime(Number(options.env?.BOT_CAPACITY));
    if (this.bornDown) this.runtime.status = "down";
    this.#inactivityMs = PLATFORMS_OWN_INACTIVITY_MS;
    this.#heardAt = Date.now();
    const failure = this.failure;
    this.deaf = failure !== undefined || this.bootMs > 0;
    if (failure) setTimeout(() => this.#end(failure), this.bootMs);
    else if (this.deaf) setTimeout(() => this.#listen(), this.bootMs);
  }

  monitor(): Promise<void> {
    if (!this.running) throw new Error("monitor() cannot be called on a container that is not running.");
    return this.#ended.promise;
  }

  signal(signo: number): void {
    if (!this.running) throw new Error("signal() cannot be called on a container that is not running.");
    if (signo === SIGTERM && this.obeys) this.#end();
    else if (this.runtime) this.runtime.draining = true;
  }

  async destroy(): Promise<void> {
    if (this.running) this.#end();
  }

  async setInactivityTimeout(durationMs: number | bigint): Promise<void> {
    if (!this.running) throw new Error("setInactivityTimeout() needs a container that is running.");
    this.#inactivityMs = Number(durationMs);
  }

  getTcpPort(port: number): { fetch(request: Request): Promise<Response> } {
    return {
      fetch: async (request) => {
        if (!request.url.startsWith("http://")) throw new Error("a container port speaks no https");
        if (!this.running || !this.runtime) throw new Error("there is no container instance to connect to");
        this.#heardAt = Date.now();
        if (port !== PORT || this.deaf) throw new Error("the container is not listening");
        return this.stuck ? silence(request.signal) : this.runtime.answer(request);
      },
    };
  }

  /** Its process ends by itself. */
  crash(): void {
    this.#end(new Error("Container exited with unexpected exit code: 1"));
  }

  #listen(): void {
    this.deaf = false;
  }

  #end(error?: Error): void {
    this.runtime = undefined;
    if (error) this.#ended.reject(error);
    else this.#ended.resolve();
  }
}

/** Until whoever asked gives up. */
function silence(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => reject(signal.reason));
  return promise;
}

/** One object with its container, as the platform keeps it. */
export class FakeObject {
  readonly engine = new FakeEngine();
  readonly #kept = new Map<string, unknown>();
  readonly #name: string;
  readonly #fleet: () => ContainerFleet | undefined;
  readonly locationHint: Region;
  alarmAt: number | undefined;
  /** The headers of what it was asked. */
  readonly asked: Headers[] = [];
  #hosted: HostedContainer;

  constructor(name: string, locationHint: Region, fleet: () => ContainerFleet | undefined) {
    this.#name = name;
    this.locationHint = locationHint;
    this.#fleet = fleet;
    this.#hosted = this.#make();
  }

  fetch(url: string, init: RequestInit): Promise<Response> {
    // An object need not hear that its caller gave up.
    const { signal, ...rest } = init;
    const request = new Request(url, rest);
    this.asked.push(request.headers);
    const answer = this.#hosted.fetch(request);
    return signal ? Promise.race([answer, silence(signal)]) : answer;
  }

  /** The platform made the object anew, as at every deploy. What it kept, and its container, are there. */
  renew(): void {
    this.#hosted = this.#make();
  }

  /** Its alarm, if one is set. */
  async ring(): Promise<boolean> {
    if (this.alarmAt === undefined) return false;
    this.alarmAt = undefined;
    await this.#hosted.alarm();
    return true;
  }

  kept(): unknown[] {
    return [...this.#kept.values()];
  }

  #make(): HostedContainer {
    const kv = {
      // What is kept has the type that it was put with.
      get: <Value>(key: string) => structuredClone(this.#kept.get(key)) as Value | undefined,
      put: <Value>(key: string, value: Value) => void this.#kept.set(key, structuredClone(value)),
      delete: (key: string) => this.#kept.delete(key),
    };
    return new HostedContainer({
      hostId: this.#name,
      container: this.engine,
      storage: {
        kv,
        getAlarm: async () => this.alarmAt ?? null,
        setAlarm: async (at) => {
          this.alarmAt = at;
        },
      },
      fleet: this.#fleet,
    });
  }
}

/** A deployment with containers: the objects are ours, what they drive is not Cloudflare's. */
export class FakeContainers {
  readonly objects = new Map<string, FakeObject>();
  readonly fleet: ContainerFleet;

  constructor(given: Partial<Pick<ContainerFleet, "regions" | "perRegion" | "capacity">> = {}) {
    const { capacity = 2 } = given;
    this.fleet = {
      regions: ["weur", "enam"],
      perRegion: 2,
      ...given,
      capacity,
      environment: { APP_ENV: "production", BOT_CAPACITY: String(capacity) },
      namespace: { getByName: (name, { locationHint }) => this.#object(name, locationHint) },
    };
  }

  /** By its name; it has to have been asked for something. */
  get(name: string): FakeObject {
    const object = this.objects.get(name);
    if (!object) throw new Error(`${name} was never asked for anything`);
    return object;
  }

  /** The names of those that run. */
  running(): string[] {
    return [...this.objects].filter(([, { engine }]) => engine.running).map(([name]) => name);
  }

  /** Has it exist, asleep, so that a test can set how it will boot. */
  prepare(name: string, region: Region): FakeObject {
    return this.#object(name, region);
  }

  #object(name: string, locationHint: Region): FakeObject {
    const object = this.objects.get(name) ?? new FakeObject(name, locationHint, () => this.fleet);
    this.objects.set(name, object);
    return object;
  }
}
