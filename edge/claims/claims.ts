import { DurableObject } from "cloudflare:workers";
import { type ClaimOutcome, claim, type Holder, living, release } from "./holders.ts";

const HOLDERS = "holders";

/**
 * What only so many sessions may have at a time: one object for each user, and one for each room that is not ours.
 * It keeps nothing but who holds it and until when, and nothing at all once nobody does.
 */
export class Claims extends DurableObject<Env> {
  /** What is kept is written before anything is awaited, so that of two who come at once one is second. */
  async claim(holder: Holder, limit: number): Promise<ClaimOutcome> {
    const { holders, outcome } = claim(this.#read(), { holder, limit, now: Date.now() });
    await this.#write(holders);
    return outcome;
  }

  async release(sessionId: string): Promise<void> {
    await this.#write(release(this.#read(), { sessionId, now: Date.now() }));
  }

  /** Somebody did not let go in time. */
  override async alarm(): Promise<void> {
    await this.#write(living(this.#read(), Date.now()));
  }

  #read(): Holder[] {
    return this.ctx.storage.kv.get<Holder[]>(HOLDERS) ?? [];
  }

  async #write(holders: Holder[]): Promise<void> {
    if (holders.length === 0) {
      this.ctx.storage.kv.delete(HOLDERS);
      await this.ctx.storage.deleteAlarm();
      await this.ctx.storage.deleteAll();
      return;
    }
    this.ctx.storage.kv.put(HOLDERS, holders);
    await this.ctx.storage.setAlarm(Math.max(...holders.map(({ expiresAt }) => expiresAt)));
  }
}
