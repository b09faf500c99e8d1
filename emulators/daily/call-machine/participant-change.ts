import type { Permissions } from "../core/permissions.ts";
import type { MediaKind } from "../signalling-messages.ts";
import { fields } from "./setup.ts";

/** One thing that `updateParticipant` asks for. */
export type ParticipantChange =
  | { what: "eject" }
  | { what: "media"; kind: MediaKind; on: boolean }
  | { what: "permissions"; permissions: Permissions };

/** Reads the properties of `update-participant`; `unknown` are the names of those that are not emulated. */
export function readChanges(properties: unknown): { changes: ParticipantChange[]; unknown: string[] } {
  const changes: ParticipantChange[] = [];
  const unknown: string[] = [];
  for (const [name, value] of Object.entries(fields(properties))) {
    if (value === undefined) continue;
    else if (name === "eject" && value === true) changes.push({ what: "eject" });
    else if (name === "setAudio") changes.push({ what: "media", kind: "audio", on: value === true });
    else if (name === "setVideo") changes.push({ what: "media", kind: "video", on: value === true });
    else if (name === "updatePermissions") {
      changes.push({ what: "permissions", permissions: readPermissions(value) });
    } else unknown.push(name);
  }
  return { changes, unknown };
}

/** daily-js checks them, and makes sets of its lists, which JSON has none of. The emulator checks them again. */
function readPermissions(value: unknown): Permissions {
  const listed = Object.entries(fields(value)).map(([name, permission]) => {
    return [name, permission instanceof Set ? [...permission] : permission];
  });
  return Object.fromEntries(listed) as Permissions; // the emulator ends a connection that sends anything else
}
