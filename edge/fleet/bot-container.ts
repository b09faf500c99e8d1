import { DurableObject } from "cloudflare:workers";
import { loadSettings } from "../settings.ts";
import { HostedContainer } from "./hosted-container.ts";

/** The object that a container of Cloudflare's belongs to. One container each, which takes several calls. */
export class BotContainer extends DurableObject<Env> {
  readonly #hosted: HostedContainer;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#hosted = new HostedContainer({
      hostId: ctx.id.name ?? ctx.id.toString(),
      container: ctx.container,
      storage: ctx.storage,
      fleet: () => {
        const loaded = loadSettings(this.env);
        return loaded.kind === "valid" ? loaded.settings.fleet.containers : undefined;
      },
    });
  }

  override fetch(request: Request): Promise<Response> {
    return this.#hosted.fetch(request);
  }

  override alarm(): Promise<void> {
    return this.#hosted.alarm();
  }
}
