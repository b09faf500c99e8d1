import type { CreateRoom, RoomProperties, UpdateRoom } from "./room-properties.ts";

/** A room as the account holds it. */
export interface Room {
  id: string;
  name: string;
  privacy: "public" | "private";
  /** Milliseconds since the epoch. */
  createdAtMs: number;
  config: RoomProperties;
}

const NAME_BYTES = 10;

/** A room as asked for, with a random name where none was given. */
export function newRoom({ name, privacy, properties }: CreateRoom): Room {
  const bytes = crypto.getRandomValues(new Uint8Array(NAME_BYTES));
  return {
    id: crypto.randomUUID(),
    name: name ?? [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
    privacy,
    createdAtMs: Date.now(),
    config: properties,
  };
}

/** The room with what was asked for changed, and the rest as it was. */
export function updated(room: Room, { privacy = room.privacy, properties = {} }: UpdateRoom): Room {
  return { ...room, privacy, config: { ...room.config, ...properties } };
}

/** Daily counts an expired room as deleted, though a join still hears `exp-room` rather than `no-room`. */
export function isExpired({ config }: Room): boolean {
  return config.exp !== undefined && Date.now() >= config.exp * 1000;
}
