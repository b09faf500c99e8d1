import { z } from "zod";
import type { RoomPage } from "../../bot-runtime/room/room-page.ts";

/** Of all receivers of a page together, in milliseconds of sound since `watch`. */
export interface Repairs {
  /**
   * Not what was sent: packets were late and WebRTC filled in (the tone fades, by a third every 20 ms), or the
   * browser's playout stood still and nobody fetched what had come (zeros).
   */
  madeUpMs: number;
  /** Added to the sound by filling in and by slowing it down. */
  addedMs: number;
  /** Left out of the sound by speeding it up. */
  removedMs: number;
}

const Stats = z.array(
  z.object({
    id: z.string(),
    timestamp: z.number(),
    totalSamplesReceived: z.number(),
    concealedSamples: z.number(),
    insertedSamplesForDeceleration: z.number(),
    removedSamplesForAcceleration: z.number(),
  }),
);
type Stats = z.infer<typeof Stats>;

const SAMPLES_PER_MS = 48;
/** Samples are counted by tens of milliseconds, so a playout that runs on time may seem this much late. */
const COUNTED_BY_MS = 30;

const KEEP_CONNECTIONS = `{
  globalThis.testConnections = [];
  const Real = RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Real {
    constructor(...args) { super(...args); testConnections.push(this); }
  };
}`;
const READ_STATS = `(async () => {
  const found = [];
  for (const [index, connection] of testConnections.entries()) {
    if (connection.connectionState !== "connected") continue;
    for (const one of (await connection.getStats()).values()) {
      if (one.type === "inbound-rtp" && one.kind === "audio") found.push({ ...one, id: index + one.id });
    }
  }
  return found;
})()`;

/** What WebRTC's own statistics say that it did to the sound on its way, which no code of ours can help. */
export class RoomReceivers {
  readonly #page: RoomPage;

  /** To be called before the calls are joined. */
  static async of(page: RoomPage): Promise<RoomReceivers> {
    await page.evaluate(KEEP_CONNECTIONS);
    return new RoomReceivers(page);
  }

  private constructor(page: RoomPage) {
    this.#page = page;
  }

  /** Returns how to ask what was done since now. */
  async watch(): Promise<() => Promise<Repairs>> {
    const before = new Map((await this.#read()).map((one) => [one.id, one]));
    return async () => {
      const repairs: Repairs = { madeUpMs: 0, addedMs: 0, removedMs: 0 };
      for (const now of await this.#read()) {
        const then = before.get(now.id);
        if (!then) continue;
        const msOf = (name: Exclude<keyof Stats[number], "id" | "timestamp">) =>
          (now[name] - then[name]) / SAMPLES_PER_MS;
        const stalledMs = now.timestamp - then.timestamp - msOf("totalSamplesReceived");
        repairs.madeUpMs += msOf("concealedSamples") + (stalledMs > COUNTED_BY_MS ? stalledMs : 0);
        repairs.addedMs += msOf("concealedSamples") + msOf("insertedSamplesForDeceleration");
        repairs.removedMs += msOf("removedSamplesForAcceleration");
      }
      return repairs;
    };
  }

  async #read(): Promise<Stats> {
    const found = Stats.parse(await this.#page.evaluate(READ_STATS));
    if (found.length === 0) throw new Error("No connection receives audio");
    return found;
  }
}
