import { HostHealth } from "../../protocol/bot-host.ts";
import { describeError } from "../../protocol/log.ts";
import { log } from "../log-events.ts";
import { abortAfter, pause } from "../timing.ts";
import type { Wake } from "./bot-host.ts";
import { type Care, LOOK_MS, nextCare, type Seen } from "./container-care.ts";
import type { ContainerFleet } from "./container-fleet.ts";
import { WAKE_HEADER, wakeOf } from "./wake.ts";

/** Where the image listens. */
const PORT = 8080;
const SIGTERM = 15;
/**
 * The platform ends a container that heard nothing for so long. Each look is a request, so this comes to pass only if
 * nobody looks any more, and then it is what ends the costs.
 */
const INACTIVITY_MS = 10 * 60_000;
/** From the start of a container until its bot runtime answers. What takes longer is left to the looks. */
const BOOT_MS = 30_000;
const BOOT_POLL_MS = 150;
/** `/health` costs the bot runtime nothing: slower than this it is not well. */
const HEALTH_MS = 2_000;
/** Longer than any caller waits for the answer to a request that is handed on. */
const HAND_ON_MS = 10_000;
/** For an object that was made anew, to see whether its container is as well as the one before it left it. */
const PROBE_MS = 1_000;

const CARE = "care";

/** What is used of `ctx.container`. */
export interface ContainerEngine
  extends Pick<Container, "running" | "start" | "monitor" | "signal" | "destroy" | "setInactivityTimeout"> {
  getTcpPort(port: number): { fetch(request: Request): Promise<Response> };
}

/** What is used of an object's storage. */
export interface ContainerStorage {
  kv: Pick<SyncKvStorage, "get" | "put" | "delete">;
  getAlarm(): Promise<number | null>;
  setAlarm(at: number): Promise<void>;
}

export interface HostedContainerOptions {
  /** Of the host, for the log. */
  hostId: string;
  /** `undefined` where there is no container engine, as under `wrangler dev` without Docker. */
  container: ContainerEngine | undefined;
  storage: ContainerStorage;
  /** `undefined`: the settings are refused, or have no containers. Asked for anew at each boot. */
  fleet(): Pick<ContainerFleet, "capacity" | "environment"> | undefined;
}

/** Where a container stands for one request. */
type Standing = "awake" | "asleep" | "waking" | "nowhere";

/**
 * One container, woken by the first call that is sent to it and ended when it had none for a while. To the outside it
 * is a bot host like any other, which answers for its container while that is not there.
 */
export class HostedContainer {
  readonly #options: HostedContainerOptions;
  /** Whether its bot runtime has answered, since this instance exists and it last booted. */
  #ready = false;
  /** Resolves to whether it has become ready. Never rejects. */
  #waking: Promise<boolean> | undefined;
  /** Start signals that were handed on. */
  #starts = 0;
  #startsUnderWay = 0;

  constructor(options: HostedContainerOptions) {
    this.#options = options;
    if (options.container?.running) this.#watch(options.container);
  }

  async fetch(request: Request): Promise<Response> {
    const { container } = this.#options;
    const standing = container ? await this.#standing(container, wakeOf(request.headers)) : "nowhere";
    if (standing !== "awake" || !container) return this.#answerFor(request, standing);
    if (request.method !== "POST") return this.#handOn(container, request);
    if (this.#care()?.kind === "draining") return refusal("draining");
    this.#starts += 1;
    this.#startsUnderWay += 1;
    try {
      return await this.#handOn(container, request);
    } finally {
      this.#startsUnderWay -= 1;
    }
  }

  /**
   * Looks after the container while it runs. The looks keep it awake as well: in a call it hears nothing from us
   * otherwise, and the platform would take it for idle.
   */
  async alarm(): Promise<void> {
    try {
      await this.#look();
    } catch (error) {
      this.#log("container.look_failed", error);
      await this.#lookAgainIn(LOOK_MS);
    }
  }

  async #standing(container: ContainerEngine, wake: Wake): Promise<Standing> {
    const ran = container.running;
    if (ran && this.#ready) return "awake";
    if (!ran && wake.kind === "never") return "asleep";
    const isFirst = this.#waking === undefined;
    this.#waking ??= this.#wake(container).finally(() => {
      this.#waking = undefined;
    });
    // One that ran before anybody of this instance asked is most likely ready.
    const patienceMs = wake.kind === "wait" ? wake.ms : ran && isFirst ? PROBE_MS : 0;
    return (await within(patienceMs, this.#waking)) ? "awake" : "waking";
  }

  /** Boots it unless it runs, and waits until its bot runtime can take calls. */
  async #wake(container: ContainerEngine): Promise<boolean> {
    const startedAt = Date.now();
    try {
      if (!container.running && !this.#boot(container)) return false;
      // One that is due stays: else callers that keep asking for a container that is ill would put off its end.
      if ((await this.#options.storage.getAlarm()) === null) await this.#lookAgainIn(LOOK_MS);
      await container.setInactivityTimeout(INACTIVITY_MS);
      while (container.running && Date.now() - startedAt < BOOT_MS) {
        const health = await this.#health(container);
        if (health && health.status !== "down") {
          this.#ready = true;
          const { hostId } = this.#options;
          log({ event: "container.awake", hostId, ms: Date.now() - startedAt });
          return true;
        }
        await pause(BOOT_POLL_MS);
      }
    } catch (error) {
      this.#log("container.wake_failed", error);
    }
    return false;
  }

  #boot(container: ContainerEngine): boolean {
    const fleet = this.#options.fleet();
    if (!fleet) return false;
    this.#ready = false;
    container.start({ enableInternet: true, env: fleet.environment });
    this.#watch(container);
    this.#options.storage.kv.put<Care>(CARE, { kind: "busy" });
    return true;
  }

  /** Somebody has to ask how it ended, or its end is an unhandled rejection and `running` never changes. */
  #watch(container: ContainerEngine): void {
    const { hostId } = this.#options;
    void container
      .monitor()
      .then(
        () => log({ event: "container.ended", hostId }),
        (error: unknown) => this.#log("container.ended", error),
      )
      .finally(() => {
        this.#ready = false;
      });
  }

  async #handOn(container: ContainerEngine, request: Request): Promise<Response> {
    const headers = new Headers(request.headers);
    headers.delete(WAKE_HEADER);
    // An object need not hear that its caller gave up. A start that hangs in a stuck container would count as under way
    // for ever, and so keep that container.
    using deadline = abortAfter(HAND_ON_MS);
    const { signal } = deadline;
    try {
      return await container.getTcpPort(PORT).fetch(new Request(request, { headers, signal }));
    } catch (error) {
      // Once only: the request is signed for one use, and may have arrived.
      this.#ready = false;
      throw error;
    }
  }

  async #look(): Promise<void> {
    const { container, storage } = this.#options;
    if (!container?.running) {
      storage.kv.delete(CARE);
      return;
    }
    await container.setInactivityTimeout(INACTIVITY_MS);
    const startsBefore = this.#starts;
    const health = await this.#health(container);
    // Nothing is awaited between this and the decision: no call may be handed to a container that is told to end.
    const isAsked = this.#startsUnderWay > 0 || this.#starts !== startsBefore;
    const seen: Seen = isAsked ? { kind: "busy" } : seenIn(health);
    const { care, act, lookAgainMs } = nextCare(this.#care(), seen, Date.now());
    storage.kv.put<Care>(CARE, care);
    if (act === "end") container.signal(SIGTERM);
    if (act !== "none") log({ event: "container.told_to_end", hostId: this.#options.hostId, how: act });
    await this.#lookAgainIn(lookAgainMs);
    if (act === "destroy") await container.destroy();
  }

  async #health(container: ContainerEngine): Promise<HostHealth | undefined> {
    using deadline = abortAfter(HEALTH_MS);
    try {
      const request = new Request(`http://${this.#options.hostId}/health`, { signal: deadline.signal });
      const response = await container.getTcpPort(PORT).fetch(request);
      return HostHealth.safeParse(await response.json()).data;
    } catch {
      // It does not listen yet, or not any more, or is stuck: for whoever asks, all the same.
      return undefined;
    }
  }

  /** What a bot host that holds no call would say. */
  #answerFor(request: Request, standing: Standing): Response {
    if (request.method === "GET") {
      const capacity = this.#options.fleet()?.capacity ?? 0;
      // One that is booting is well; of one that did not answer the looks either, nothing good is known.
      const isIll = standing === "waking" && this.#care()?.kind === "ill";
      const health: HostHealth =
        standing === "nowhere" || isIll
          ? { status: "down", active: 0, capacity: 0, draining: false }
          : { status: "ok", active: 0, capacity, draining: false };
      return Response.json(health, { status: health.status === "down" ? 503 : 200 });
    }
    // Of one that is waking it is not known whether it was asleep, or its object was made anew in the midst of calls.
    if (request.method === "DELETE" && standing !== "waking") return refusal("session_not_found", 404);
    return refusal(standing === "nowhere" ? "no_capacity" : standing);
  }

  #care(): Care | undefined {
    return this.#options.storage.kv.get<Care>(CARE);
  }

  #lookAgainIn(ms: number): Promise<void> {
    return this.#options.storage.setAlarm(Date.now() + ms);
  }

  #log(event: "container.ended" | "container.wake_failed" | "container.look_failed", error: unknown): void {
    log({ event, level: "warn", hostId: this.#options.hostId, error: describeError(error) });
  }
}

function seenIn(health: HostHealth | undefined): Seen {
  if (!health) return { kind: "ill" };
  if (health.active > 0) return { kind: "busy" };
  return { kind: health.status === "down" ? "ill" : "idle" };
}

function refusal(code: string, status = 503): Response {
  return Response.json({ code }, { status });
}

/** What it resolves to, or `false` when that takes too long. */
async function within(ms: number, outcome: Promise<boolean>): Promise<boolean> {
  if (ms <= 0) return false;
  using deadline = abortAfter(ms);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  deadline.signal.addEventListener("abort", () => resolve(false));
  // Awaited here: the timer goes with this function.
  return await Promise.race([outcome, promise]);
}
