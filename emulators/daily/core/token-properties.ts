import { z } from "zod";
import { MAX_USER_ID_CHARS } from "../../../protocol/user-id.ts";
import { MinifiedPermissions, minify } from "./minified-permissions.ts";
import { Permissions } from "./permissions.ts";
import { JsonObject, Lang, Recording, RoomName } from "./property-types.ts";
import { durationSeconds, unixSeconds } from "./unix-seconds.ts";

/** Daily names no limit for names; this one is the emulator's, in characters. */
const MAX_NAME_CHARS = 256;
/** Nor for addresses, in characters. */
const MAX_URL_CHARS = 2048;

const flag = z.boolean().optional();
const userName = z.string().max(MAX_NAME_CHARS).optional();
const url = z.string().max(MAX_URL_CHARS).optional();
const userId = z
  .string()
  .max(MAX_USER_ID_CHARS, `must be at most ${MAX_USER_ID_CHARS} characters`)
  .optional();

/** What `POST /meeting-tokens` takes (docs.daily.co/openapi.json 1.1.1, schema `properties`). */
export const TokenProperties = z.strictObject({
  room_name: RoomName.optional(),
  nbf: unixSeconds.optional(),
  exp: unixSeconds.optional(),
  user_id: userId,
  user_name: userName,
  is_owner: flag,
  permissions: Permissions.optional(),
  eject_at_token_exp: flag,
  eject_after_elapsed: durationSeconds.optional(),
  start_video_off: flag,
  start_audio_off: flag,
  knocking: flag,

  // Taken, checked and shown, but nothing here acts on them.
  auto_start_transcription: flag,
  close_tab_on_exit: flag,
  enable_live_captions_ui: flag,
  enable_prejoin_ui: flag,
  enable_recording: Recording.optional(),
  enable_recording_ui: flag,
  enable_screenshare: flag,
  enable_terse_logging: flag,
  lang: Lang.optional(),
  redirect_on_meeting_exit: url,
  start_cloud_recording: flag,
  start_cloud_recording_opts: JsonObject.optional(),
});
export type TokenProperties = z.output<typeof TokenProperties>;

/**
 * The claims of a token (docs.daily.co, "Self-signing meeting tokens"). One that is not here is refused: a misspelt `ejt`
 * would go unnoticed, and its holder would stay.
 */
export const Claims = z.strictObject({
  /** The domain's id. */
  d: z.string(),
  iat: unixSeconds,
  /** The room's name. Without it a token opens every room of the domain. */
  r: RoomName.optional(),
  nbf: unixSeconds.optional(),
  exp: unixSeconds.optional(),
  /** User id, user name, owner, permissions. */
  ud: userId,
  u: userName,
  o: flag,
  p: MinifiedPermissions.optional(),
  /** Eject at the token's expiry; eject so many seconds after joining. */
  ejt: flag,
  eje: durationSeconds.optional(),
  /** Start with video off, with audio off. */
  vo: flag,
  ao: flag,
  /** Has to knock in spite of the token. */
  k: flag,

  ast: flag,
  ctoe: flag,
  er: Recording.optional(),
  erui: flag,
  ij: flag,
  mjh: url,
  rome: url,
  sr: flag,
  sro: JsonObject.optional(),
  ss: flag,
  uil: Lang.optional(),
  // Daily documents these three without a short name; here they go by the long one.
  enable_live_captions_ui: flag,
  enable_prejoin_ui: flag,
  enable_terse_logging: flag,
});
export type Claims = z.output<typeof Claims>;

/** The claim that stands for each property. */
const CLAIMS = {
  room_name: "r",
  nbf: "nbf",
  exp: "exp",
  user_id: "ud",
  user_name: "u",
  is_owner: "o",
  permissions: "p",
  eject_at_token_exp: "ejt",
  eject_after_elapsed: "eje",
  start_video_off: "vo",
  start_audio_off: "ao",
  knocking: "k",
  auto_start_transcription: "ast",
  close_tab_on_exit: "ctoe",
  enable_live_captions_ui: "enable_live_captions_ui",
  enable_prejoin_ui: "enable_prejoin_ui",
  enable_recording: "er",
  enable_recording_ui: "erui",
  enable_screenshare: "ss",
  enable_terse_logging: "enable_terse_logging",
  lang: "uil",
  redirect_on_meeting_exit: "rome",
  start_cloud_recording: "sr",
  start_cloud_recording_opts: "sro",
} as const satisfies Record<keyof TokenProperties, keyof Claims>;

/** The payload of a token with these properties, but for `d` and `iat`. */
export function claimsOf({ permissions, ...properties }: TokenProperties): Record<string, unknown> {
  const claims = Object.entries(properties).map(([name, value]) => [
    CLAIMS[name as keyof typeof CLAIMS], // a parsed object has no other keys
    value,
  ]);
  return { ...Object.fromEntries(claims), ...(permissions ? { p: minify(permissions) } : {}) };
}

/** The other way round: what a token says, by the long names. */
export function propertiesOf(claims: Claims): Record<string, unknown> {
  const properties = Object.entries(CLAIMS).map(([name, claim]) => [name, claims[claim]]);
  return Object.fromEntries(properties.filter(([, value]) => value !== undefined));
}
