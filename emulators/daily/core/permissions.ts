import { z } from "zod";

/** Media that can be sent and received, and what can be administered. The names are daily-js's. */
export const MEDIA = ["video", "audio", "screenVideo", "screenAudio", "customVideo", "customAudio"] as const;
export const ADMIN_TASKS = ["participants", "streaming", "transcription"] as const;

/** Participants or custom tracks that one rule names: as many as a room takes by default. */
const MAX_RULES = 200;

function boundedRecord<Value extends z.ZodType>(value: Value) {
  return z.record(z.string(), value).refine((rules) => Object.keys(rules).length <= MAX_RULES, {
    message: `must have at most ${MAX_RULES} entries`,
  });
}

function listOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.array(z.enum(values)).refine((list) => new Set(list).size === list.length, {
    message: "must name each only once",
  });
}

const flag = z.boolean().optional();
const tracks = boundedRecord(z.boolean()).optional();

const ReceivedMedia = z.union([
  z.boolean(),
  z.strictObject({
    video: flag,
    audio: flag,
    screenVideo: flag,
    screenAudio: flag,
    customVideo: tracks,
    customAudio: tracks,
  }),
]);
export type ReceivedMedia = z.output<typeof ReceivedMedia>;

const CanReceive = z.strictObject({
  base: ReceivedMedia.optional(),
  byUserId: boundedRecord(ReceivedMedia).optional(),
  byParticipantId: boundedRecord(ReceivedMedia).optional(),
});

/**
 * `permissions` of a room or a meeting token, as the REST API takes them (docs.daily.co/openapi.json 1.1.1, schema
 * `permissions`; the inside of `canReceive` by the types of daily-js 0.92.2).
 */
export const Permissions = z.strictObject({
  hasPresence: flag,
  canSend: z.union([z.boolean(), listOf(MEDIA)]).optional(),
  canReceive: CanReceive.optional(),
  canAdmin: z.union([z.boolean(), listOf(ADMIN_TASKS)]).optional(),
});
export type Permissions = z.output<typeof Permissions>;

/** What a participant may do when it joins: every permission decided. */
export type InitialPermissions = { [Name in keyof Permissions]-?: NonNullable<Permissions[Name]> };

const OWNER: InitialPermissions = {
  hasPresence: true,
  canSend: true,
  canReceive: { base: true },
  canAdmin: true,
};

interface PermissionSources {
  owner: boolean;
  token: Permissions | undefined;
  room: { permissions?: Permissions | undefined; owner_only_broadcast?: boolean | undefined };
}

/**
 * Owners may do everything. For the others each permission is the token's, else the room's, else they send and receive
 * everything and administer nothing. Where only owners broadcast, the others send nothing unless their token, which
 * is the nearer setting, lets them.
 */
export function initialPermissions({ owner, token, room }: PermissionSources): InitialPermissions {
  if (owner) return OWNER;
  const { permissions } = room;
  const roomCanSend = room.owner_only_broadcast ? false : permissions?.canSend;
  return {
    hasPresence: token?.hasPresence ?? permissions?.hasPresence ?? true,
    canSend: token?.canSend ?? roomCanSend ?? true,
    canReceive: token?.canReceive ?? permissions?.canReceive ?? { base: true },
    canAdmin: token?.canAdmin ?? permissions?.canAdmin ?? false,
  };
}
