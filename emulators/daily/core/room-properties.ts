import { z } from "zod";
import { durationSeconds, unixSeconds } from "./unix-seconds.ts";

/** Daily: at most 128 characters of these. */
const RoomName = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,128}$/, "must be 1 to 128 of the characters A-Z a-z 0-9 _ -");

const flag = z.boolean();
/** Taken and kept, but nothing here acts on it. */
const kept = z.unknown();

/**
 * The room properties that Daily documents (docs.daily.co, "Create room"). A name that is not here is refused:
 * a misspelt `eject_at_room_exp` that goes unnoticed would leave rooms open.
 */
const RoomProperties = z.strictObject({
  nbf: unixSeconds.optional(),
  exp: unixSeconds.optional(),
  max_participants: z.int().min(1).max(1000).optional(),
  eject_at_room_exp: flag.optional(),
  eject_after_elapsed: durationSeconds.optional(),
  enforce_unique_user_ids: flag.optional(),
  start_video_off: flag.optional(),
  start_audio_off: flag.optional(),

  audio_only: flag.optional(),
  auto_start_transcription: flag.optional(),
  auto_transcription_settings: kept.optional(),
  dialout_config: kept.optional(),
  disable_rtmp_geo_fallback: flag.optional(),
  enable_adaptive_simulcast: flag.optional(),
  enable_advanced_chat: flag.optional(),
  enable_breakout_rooms: flag.optional(),
  enable_chat: flag.optional(),
  enable_cpu_warning_notifications: flag.optional(),
  enable_dialin: flag.optional(),
  enable_dialout: flag.optional(),
  enable_emoji_reactions: flag.optional(),
  enable_hand_raising: flag.optional(),
  enable_hidden_participants: flag.optional(),
  enable_knocking: flag.optional(),
  enable_live_captions_ui: flag.optional(),
  enable_mesh_sfu: flag.optional(),
  enable_multiparty_adaptive_simulcast: flag.optional(),
  enable_network_ui: flag.optional(),
  enable_noise_cancellation_ui: flag.optional(),
  enable_people_ui: flag.optional(),
  enable_pip_ui: flag.optional(),
  enable_prejoin_ui: flag.optional(),
  enable_raw_tracks_transcoded_audio: kept.optional(),
  enable_recording: kept.optional(),
  enable_screenshare: flag.optional(),
  enable_shared_chat_history: flag.optional(),
  enable_terse_logging: flag.optional(),
  enable_transcription_storage: flag.optional(),
  enable_video_processing_ui: flag.optional(),
  experimental_optimize_large_calls: flag.optional(),
  geo: z.string().optional(),
  lang: z.string().optional(),
  meeting_join_hook: z.string().optional(),
  owner_only_broadcast: flag.optional(),
  permissions: kept.optional(),
  recordings_bucket: kept.optional(),
  recordings_template: z.string().optional(),
  rtmp_geo: z.string().optional(),
  sfu_switchover: z.number().optional(),
  signaling_impl: z.string().optional(),
  sip: kept.optional(),
  streaming_endpoints: kept.optional(),
  transcription_bucket: kept.optional(),
  transcription_template: z.string().optional(),
});
export type RoomProperties = z.output<typeof RoomProperties>;

/** Body of `POST /rooms`. Daily's default for `privacy` is public. */
export const CreateRoom = z.strictObject({
  name: RoomName.optional(),
  privacy: z.enum(["public", "private"]).default("public"),
  properties: RoomProperties.default({}),
});
export type CreateRoom = z.output<typeof CreateRoom>;

/** Daily takes at most 100 of each. */
const MAX_EJECTED_AT_ONCE = 100;

/** Body of `POST /rooms/:name/eject`. */
export const EjectRequest = z.strictObject({
  ids: z.array(z.string()).max(MAX_EJECTED_AT_ONCE).default([]),
  user_ids: z.array(z.string()).max(MAX_EJECTED_AT_ONCE).default([]),
  ban: flag.optional(),
});
export type EjectRequest = z.output<typeof EjectRequest>;
