import { z } from "zod";
import { ADMIN_TASKS, MEDIA, type Permissions, type ReceivedMedia } from "./permissions.ts";

/**
 * Permissions as a token's claim `p` holds them: with short names, and lists as text with commas. From
 * docs.daily.co, "Self-signing meeting tokens", and from `toMinifiedJSONObject` in daily-js 0.92.2.
 */

const SHORT_MEDIA = {
  video: "v",
  audio: "a",
  screenVideo: "sv",
  screenAudio: "sa",
  customVideo: "cv",
  customAudio: "ca",
} as const;
const SHORT_TASKS = { participants: "p", streaming: "s", transcription: "t" } as const;

/** `"v,a"` as `["video", "audio"]`; the empty text is an empty list. */
function listOf<Long extends string>(longs: readonly Long[], shorts: Record<Long, string>) {
  const byShort = new Map<string, Long>(longs.map((long) => [shorts[long], long]));
  return z.string().transform((text, context) => {
    const names = text === "" ? [] : text.split(",");
    const list = names.map((short) => byShort.get(short)).filter((long) => long !== undefined);
    if (list.length !== names.length || new Set(list).size !== list.length) {
      context.addIssue({ code: "custom", message: `must be some of ${[...byShort.keys()].join(",")}` });
    }
    return list;
  });
}

const flag = z.boolean().optional();
const tracks = z.record(z.string(), z.boolean()).optional();

const ShortReceivedMedia = z.union([
  z.boolean(),
  z
    .strictObject({ v: flag, a: flag, sv: flag, sa: flag, cv: tracks, ca: tracks })
    .transform(({ v, a, sv, sa, cv, ca }): ReceivedMedia => {
      return { video: v, audio: a, screenVideo: sv, screenAudio: sa, customVideo: cv, customAudio: ca };
    }),
]);

const ShortCanReceive = z
  .strictObject({
    b: ShortReceivedMedia.optional(),
    u: z.record(z.string(), ShortReceivedMedia).optional(),
    p: z.record(z.string(), ShortReceivedMedia).optional(),
  })
  .transform(({ b, u, p }) => ({ base: b, byUserId: u, byParticipantId: p }));

/** The claim, read as the long names. */
export const MinifiedPermissions = z
  .strictObject({
    hp: flag,
    cs: z.union([z.boolean(), listOf(MEDIA, SHORT_MEDIA)]).optional(),
    cr: ShortCanReceive.optional(),
    ca: z.union([z.boolean(), listOf(ADMIN_TASKS, SHORT_TASKS)]).optional(),
  })
  .transform(
    ({ hp, cs, cr, ca }): Permissions => ({ hasPresence: hp, canSend: cs, canReceive: cr, canAdmin: ca }),
  );

/** The long names as the claim. What is undefined vanishes with `JSON.stringify`. */
export function minify({ hasPresence, canSend, canReceive, canAdmin }: Permissions): Record<string, unknown> {
  return {
    hp: hasPresence,
    cs: Array.isArray(canSend) ? canSend.map((medium) => SHORT_MEDIA[medium]).join(",") : canSend,
    cr: canReceive && {
      b: canReceive.base === undefined ? undefined : minifyMedia(canReceive.base),
      u: canReceive.byUserId && minifyRules(canReceive.byUserId),
      p: canReceive.byParticipantId && minifyRules(canReceive.byParticipantId),
    },
    ca: Array.isArray(canAdmin) ? canAdmin.map((task) => SHORT_TASKS[task]).join(",") : canAdmin,
  };
}

function minifyRules(rules: Record<string, ReceivedMedia>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(rules).map(([id, media]) => [id, minifyMedia(media)]));
}

function minifyMedia(media: ReceivedMedia): unknown {
  if (typeof media === "boolean") return media;
  return Object.fromEntries(MEDIA.map((medium) => [SHORT_MEDIA[medium], media[medium]]));
}
