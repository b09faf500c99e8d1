import { z } from "zod";
import { Permissions } from "./permissions.ts";
import { JsonObject, Lang, Recording, RoomName } from "./property-types.ts";
import { durationSeconds, unixSeconds } from "./unix-seconds.ts";

/** Daily's limit that holds unless an account has agreed on more. */
const MAX_PARTICIPANTS = 200;
/** Daily's limit for the address of a hook, in characters. */
const MAX_HOOK_CHARS = 255;
/** Daily's limit for the templates of file names, in characters. */
const MAX_TEMPLATE_CHARS = 1024;
/** For names and addresses that Daily gives no limit for, in characters. */
const MAX_TEXT_CHARS = 2048;

const flag = z.boolean().optional();
const text = z.string().max(MAX_TEXT_CHARS);
const template = z.string().max(MAX_TEMPLATE_CHARS).optional();

const REGIONS = [
  "af-south-1",
  "ap-northeast-2",
  "ap-southeast-1",
  "ap-southeast-2",
  "ap-south-1",
  "eu-central-1",
  "eu-west-2",
  "sa-east-1",
  "us-east-1",
  "us-west-2",
] as const;

const bucket = {
  bucket_name: text.optional(),
  bucket_region: text.optional(),
  assume_role_arn: text.optional(),
  allow_api_access: flag,
};

const Sip = z.strictObject({
  display_name: text,
  sip_mode: z.literal("dial-in"),
  video: flag,
  num_endpoints: z.int().positive().optional(),
  force_digit_only_username: flag,
  codecs: z
    .strictObject({
      audio: z.array(z.enum(["OPUS", "G722", "PCMU", "PCMA"])).optional(),
      video: z.array(z.enum(["H264", "VP8"])).optional(),
    })
    .optional(),
  provider: z.literal("daily").optional(),
});

const DialoutConfig = z.strictObject({
  allow_room_start: flag,
  dialout_geo: z.enum(REGIONS).optional(),
  max_idle_timeout_sec: z.number().nonnegative().optional(),
});

const StreamingEndpoint = z.strictObject({
  name: text,
  type: z.enum(["rtmp", "hls"]),
  rtmp_config: JsonObject.optional(),
  hls_config: JsonObject.optional(),
});

/**
 * The room properties that Daily documents: docs.daily.co/openapi.json 1.1.1, schema `room-properties`, and
 * `owner_only_broadcast`, which only the description of May 2026 has (github.com/daily-co/daily-ruby, 287e077). A name
 * that is not here is refused: a misspelt `eject_at_room_exp` that goes unnoticed would leave rooms open.
 */
export const RoomProperties = z.strictObject({
  nbf: unixSeconds.optional(),
  exp: unixSeconds.optional(),
  max_participants: z.int().min(1).max(MAX_PARTICIPANTS).optional(),
  eject_at_room_exp: flag,
  eject_after_elapsed: durationSeconds.optional(),
  enforce_unique_user_ids: flag,
  start_video_off: flag,
  start_audio_off: flag,
  enable_knocking: flag,
  owner_only_broadcast: flag,
  permissions: Permissions.optional(),

  // Taken, checked and shown, but nothing here acts on them.
  auto_transcription_settings: JsonObject.optional(),
  dialout_config: DialoutConfig.optional(),
  disable_rtmp_geo_fallback: flag,
  enable_adaptive_simulcast: flag,
  enable_advanced_chat: flag,
  enable_breakout_rooms: flag,
  enable_chat: flag,
  enable_cpu_warning_notifications: flag,
  enable_dialout: flag,
  enable_emoji_reactions: flag,
  enable_hand_raising: flag,
  enable_hidden_participants: flag,
  enable_live_captions_ui: flag,
  enable_mesh_sfu: flag,
  enable_multiparty_adaptive_simulcast: flag,
  enable_network_ui: flag,
  enable_noise_cancellation_ui: flag,
  enable_people_ui: flag,
  enable_pip_ui: flag,
  enable_prejoin_ui: flag,
  enable_raw_tracks_transcoded_audio: z
    .enum([
      "aac",
      "wav",
      "wav-48k",
      "wav-48k-stereo",
      "wav-48k-mono",
      "wav-44k1",
      "wav-44k1-stereo",
      "wav-44k1-mono",
      "",
    ])
    .optional(),
  enable_recording: Recording.optional(),
  enable_screenshare: flag,
  enable_shared_chat_history: flag,
  enable_terse_logging: flag,
  enable_transcription_storage: flag,
  enable_video_processing_ui: flag,
  experimental_optimize_large_calls: flag,
  geo: z.enum(REGIONS).optional(),
  lang: Lang.optional(),
  meeting_join_hook: z.string().max(MAX_HOOK_CHARS).optional(),
  recordings_bucket: z.strictObject({ ...bucket, allow_streaming_from_bucket: flag }).optional(),
  recordings_template: template,
  rtmp_geo: z.enum(["us-west-2", "eu-central-1", "ap-south-1"]).optional(),
  sfu_switchover: z.number().positive().optional(),
  sip: Sip.optional(),
  streaming_endpoints: z.array(StreamingEndpoint).optional(),
  transcription_bucket: z.strictObject(bucket).optional(),
  transcription_template: template,
});
export type RoomProperties = z.output<typeof RoomProperties>;

/** What Daily documents as the default of a property. */
const DEFAULTS: Partial<Record<keyof RoomProperties, unknown>> = {
  max_participants: MAX_PARTICIPANTS,
  enable_screenshare: true,
  enable_video_processing_ui: true,
  enable_chat: false,
  enable_shared_chat_history: true,
  start_video_off: false,
  start_audio_off: false,
  eject_at_room_exp: false,
  enable_advanced_chat: false,
  enable_hidden_participants: false,
  sfu_switchover: 0.5,
  enable_adaptive_simulcast: true,
  enable_multiparty_adaptive_simulcast: false,
  enforce_unique_user_ids: false,
  lang: "en",
  disable_rtmp_geo_fallback: false,
  enable_terse_logging: false,
  enable_transcription_storage: false,
  enable_dialout: false,
  owner_only_broadcast: false,
};

/** Only what differs from the defaults, which is all that Daily shows of a room ("List rooms" in its reference). */
export function withoutDefaults(properties: RoomProperties): Partial<RoomProperties> {
  const shown = Object.entries(properties).filter(
    ([name, value]) => value !== undefined && DEFAULTS[name as keyof RoomProperties] !== value, // a parsed object has no other keys
  );
  return Object.fromEntries(shown);
}

const Privacy = z.enum(["public", "private"]);

/** Body of `POST /rooms`. Daily's default for `privacy` is public. */
export const CreateRoom = z.strictObject({
  name: RoomName.optional(),
  privacy: Privacy.default("public"),
  properties: RoomProperties.default({}),
});
export type CreateRoom = z.output<typeof CreateRoom>;

/** Body of `POST /rooms/:name`. What is not named stays as it is. */
export const UpdateRoom = z.strictObject({
  privacy: Privacy.optional(),
  properties: RoomProperties.optional(),
});
export type UpdateRoom = z.output<typeof UpdateRoom>;
