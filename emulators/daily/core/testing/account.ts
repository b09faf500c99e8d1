/** What the tests of rooms and of those in them share: an account on a clock that stands, and people who come. */
import { SignJWT } from "jose";
import { afterEach, beforeEach, expect, vi } from "vitest";
import type { Media, ServerMessage } from "../../signalling-messages.ts";
import { Domain } from "../domain.ts";
import { Faults } from "../faults.ts";
import type { Seat } from "../held-room.ts";
import type { RoomProperties } from "../room-properties.ts";

/** The time at the start of every test, in seconds. */
export const NOW_S = 1_800_000_000;
export const ON: Media = { audio: "on", video: "off" };

const issuer = { apiKey: "the key", domainId: "the domain" };

/** A connection that keeps what it was sent. */
export class FakeWire {
  readonly sent: ServerMessage[] = [];
  closed = false;
  send(message: ServerMessage): void {
    this.sent.push(message);
  }
  close(): void {
    this.closed = true;
  }
  types(): string[] {
    return this.sent.map((message) => message.type);
  }
}

export interface Attendee {
  seat: Seat;
  wire: FakeWire;
}

export class Account {
  readonly faults = new Faults();
  readonly domain = new Domain(issuer, this.faults);

  sign(room: string, claims: Record<string, unknown>): Promise<string> {
    return new SignJWT({ r: room, d: issuer.domainId, iat: NOW_S, ...claims })
      .setProtectedHeader({ alg: "HS256" })
      .sign(new TextEncoder().encode(issuer.apiKey));
  }

  open(name: string, properties: RoomProperties = {}): void {
    expect(this.domain.createRoom({ name, privacy: "private", properties }).ok).toBe(true);
  }

  async join(room: string, claims: Record<string, unknown> = {}, media = ON): Promise<Attendee> {
    const admitted = await this.domain.admit(room, await this.sign(room, claims));
    if (!admitted.ok) throw new Error(`not admitted: ${admitted.error.type}`);
    const wire = new FakeWire();
    const joined = this.domain.join(admitted.admission, { userName: "Given", media }, wire);
    if (!joined.ok) throw new Error(`not joined: ${joined.error.type}`);
    return { seat: joined.seat, wire };
  }

  /** The type of the error that somebody hears who wants to come in. */
  async refusal(room: string, claims: Record<string, unknown> = {}): Promise<string | undefined> {
    const admitted = await this.domain.admit(room, await this.sign(room, claims));
    return admitted.ok ? undefined : admitted.error.type;
  }

  /** The session ids of those in a room. */
  present(room: string): string[] | undefined {
    return this.domain.meeting(room)?.participants.map(({ sessionId }) => sessionId);
  }
}

/** A new account for each test, with timers and `Date` stopped at `NOW_S`. */
export function useAccount(): { readonly current: Account } {
  const held = { current: new Account() };
  beforeEach(() => {
    vi.useFakeTimers({ now: NOW_S * 1000 });
    held.current = new Account();
  });
  afterEach(() => void vi.useRealTimers());
  return held;
}
