import type { StartSignal } from "../../protocol/bot-host.ts";
import type { SigningKey } from "../../protocol/signing.ts";
import type { BotHost, HostAnswer, HostStart, HostStop, Wake } from "./bot-host.ts";
import { type ContainerFleet, type ContainerPlace, containerName } from "./container-fleet.ts";
import { type HostRequest, HttpBotHost } from "./http-bot-host.ts";
import type { Region } from "./regions.ts";
import { wakeHeader } from "./wake.ts";

/** With no more places than this left, the next container is woken, before a caller has to wait for it. */
const SPARE_PLACES = 1;
/** The object answers at once that its container is waking. */
const WAKE_NEXT_MS = 2_000;

/** A bot runtime in a container of Cloudflare's, reached through the object that holds it. */
export class ContainerBotHost implements BotHost {
  readonly id: string;
  readonly region: Region;
  readonly order: number;
  readonly #http: HttpBotHost;
  readonly #next: (() => ContainerBotHost) | undefined;

  constructor(place: ContainerPlace, fleet: ContainerFleet, key: SigningKey) {
    const { region, k } = place;
    this.id = containerName(place);
    this.region = region;
    this.order = k;
    this.#next =
      k < fleet.perRegion ? () => new ContainerBotHost({ region, k: k + 1 }, fleet, key) : undefined;
    this.#http = new HttpBotHost({
      id: this.id,
      region,
      order: k,
      // Nobody resolves it: the object hands the request to its container.
      base: new URL(`http://${this.id}/`),
      key,
      send: (url, request, wake) => this.#send(fleet, { url, request, wake }),
    });
  }

  async start(signal: StartSignal, options: { timeoutMs: number; wake: Wake }): Promise<HostStart> {
    const outcome = await this.#http.start(signal, options);
    if (outcome.kind === "accepted" && outcome.load.capacity - outcome.load.active <= SPARE_PLACES) {
      // Not waited for: this call has its place. It never rejects, and logs what fails.
      void this.#next?.().wake();
    }
    return outcome;
  }

  stop(session: { sessionId: string; attempt: number }, timeoutMs: number): Promise<HostStop> {
    return this.#http.stop(session, timeoutMs);
  }

  /** Wakes no container: one that is asleep is well. */
  health(timeoutMs: number): Promise<HostAnswer> {
    return this.#http.health(timeoutMs);
  }

  /** Has it woken, if it sleeps, without waiting for that. Never rejects. */
  async wake(): Promise<void> {
    await this.#http.health(WAKE_NEXT_MS, { kind: "begin" });
  }

  #send(
    { namespace }: ContainerFleet,
    { url, request, wake }: { url: string; request: HostRequest; wake: Wake },
  ): Promise<Response> {
    // Only the first request to an object decides where it is, and with it its container.
    const object = namespace.getByName(this.id, { locationHint: this.region });
    return object.fetch(url, { ...request, headers: { ...request.headers, ...wakeHeader(wake) } });
  }
}
