/** Why a device cannot be had, in the words of daily-js's `camera-error`. */
export type CameraProblem = { msg: string } & (
  | { type: "permissions"; blockedBy: "user" | "browser"; blockedMedia: Kind[] }
  | { type: "not-found"; missingMedia: Kind[] }
  | { type: "constraints"; reason: "invalid"; failedMedia: Kind[] }
  | { type: "mic-in-use" | "cam-in-use" | "cam-mic-in-use" }
  | { type: "undefined-mediadevices" | "unknown" }
);

export type Kind = "audio" | "video";

/** A failure of `getUserMedia`, by the name of its DOMException. */
export function cameraProblem(
  kind: Kind,
  { name, message }: { name: string; message: string },
): CameraProblem {
  const msg = message || name;
  switch (name) {
    case "NotAllowedError":
      // Chromium says "Permission denied by system" when it is not the user who refused.
      return {
        type: "permissions",
        blockedBy: /system/i.test(message) ? "browser" : "user",
        blockedMedia: [kind],
        msg,
      };
    case "SecurityError":
      return { type: "permissions", blockedBy: "browser", blockedMedia: [kind], msg };
    case "NotFoundError":
      return { type: "not-found", missingMedia: [kind], msg };
    case "OverconstrainedError":
      return { type: "constraints", reason: "invalid", failedMedia: [kind], msg };
    case "NotReadableError":
    case "AbortError":
      return { type: kind === "audio" ? "mic-in-use" : "cam-in-use", msg };
    default:
      return { type: "unknown", msg };
  }
}

/** What is wrong with both at once, as one where daily-js has a word for it. */
export function combined(audio: CameraProblem, video: CameraProblem): CameraProblem[] {
  const { msg } = audio;
  const both: Kind[] = ["audio", "video"];
  if (audio.type === "permissions" && video.type === "permissions" && audio.blockedBy === video.blockedBy) {
    return [{ type: "permissions", blockedBy: audio.blockedBy, blockedMedia: both, msg }];
  }
  if (audio.type === "not-found" && video.type === "not-found") {
    return [{ type: "not-found", missingMedia: both, msg }];
  }
  if (audio.type === "constraints" && video.type === "constraints") {
    return [{ type: "constraints", reason: "invalid", failedMedia: both, msg }];
  }
  if (audio.type === "mic-in-use" && video.type === "cam-in-use") return [{ type: "cam-mic-in-use", msg }];
  // A page without devices at all has no more to say of the second kind.
  return audio.type === "undefined-mediadevices" ? [audio] : [audio, video];
}

/** The `blocked` part of a daily-js track state. */
export function blockedBy(problem: CameraProblem | undefined): object {
  switch (problem?.type) {
    case "permissions":
      return { byPermissions: true };
    case "mic-in-use":
    case "cam-in-use":
    case "cam-mic-in-use":
      return { byDeviceInUse: true };
    default:
      return { byDeviceMissing: true };
  }
}
