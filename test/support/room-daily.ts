import { SignJWT } from "jose";
import { z } from "zod";
import { type DailyEmulator, startDailyEmulator } from "../../emulators/daily/server.ts";
import { EMULATED_DAILY } from "../../protocol/development.ts";

const Room = z.object({ name: z.string(), url: z.url() });
const State = z.object({
  rooms: z.array(z.object({ name: z.string(), participants: z.array(z.object({ user_id: z.string() })) })),
});

/** A Daily emulator with what a test of rooms asks of it. */
export class RoomDaily {
  readonly #emulator: DailyEmulator;
  #rooms = 0;

  static async start(): Promise<RoomDaily> {
    return new RoomDaily(await startDailyEmulator({ port: 0 }));
  }

  private constructor(emulator: DailyEmulator) {
    this.#emulator = emulator;
  }

  get callMachineUrl(): string {
    return `${this.#emulator.url}/call-machine`;
  }

  async createRoom(properties: Record<string, unknown> = {}): Promise<{ name: string; url: string }> {
    const name = `room-${++this.#rooms}`;
    const reply = await this.#rest("POST", "/rooms", { name, privacy: "private", properties });
    return Room.parse(await reply.json());
  }

  /** Has something go wrong, as in docs/emulators.md. */
  async inflict(fault: { fault: string; [option: string]: unknown }): Promise<void> {
    const reply = await fetch(`${this.#emulator.url}/_emulator/faults`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(fault),
    });
    if (!reply.ok) throw new Error(`${fault.fault}: ${reply.status} ${await reply.text()}`);
  }

  async eject(room: string, userId: string): Promise<void> {
    await this.#rest("POST", `/rooms/${room}/eject`, { user_ids: [userId] });
  }

  /** A meeting token as the edge signs them; `overrides` go over its claims. */
  token(
    room: string,
    userId: string,
    overrides: Record<string, unknown> = {},
    key: string = EMULATED_DAILY.apiKey,
  ) {
    const now = Math.floor(Date.now() / 1000);
    const claims = { r: room, d: EMULATED_DAILY.domainId, ud: userId, u: userId, o: true };
    return new SignJWT({ ...claims, iat: now, exp: now + 600, ...overrides })
      .setProtectedHeader({ alg: "HS256" })
      .sign(new TextEncoder().encode(key));
  }

  /** User ids of who is in a room now. */
  async present(room: string): Promise<string[]> {
    const reply = await fetch(`${this.#emulator.url}/_emulator/state`);
    const { rooms } = State.parse(await reply.json());
    return rooms.find(({ name }) => name === room)?.participants.map(({ user_id }) => user_id) ?? [];
  }

  close(): Promise<void> {
    return this.#emulator.close();
  }

  async #rest(method: string, path: string, body: unknown): Promise<Response> {
    const reply = await fetch(`${this.#emulator.url}/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${EMULATED_DAILY.apiKey}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`);
    return reply;
  }
}
