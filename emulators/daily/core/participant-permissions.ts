/** What permissions mean. Types alone are imported here: the call machine runs this too, and has no zod in it. */
import type { MediaKind, Participant } from "../signalling-messages.ts";
import type { ADMIN_TASKS, InitialPermissions, ReceivedMedia } from "./permissions.ts";

/** Whoever is hidden sends nothing either: the others neither see nor hear them. */
export function maySend({ hasPresence, canSend }: InitialPermissions, kind: MediaKind): boolean {
  return hasPresence && (canSend === true || (canSend !== false && canSend.includes(kind)));
}

/** The nearest rule that speaks of it decides: for this participant, for this user, for all. Else it may. */
export function mayReceive(
  { canReceive: { byParticipantId, byUserId, base } }: InitialPermissions,
  { from, kind }: { from: Pick<Participant, "sessionId" | "userId">; kind: MediaKind },
): boolean {
  const rules = [byParticipantId?.[from.sessionId], byUserId?.[from.userId], base];
  return rules.map((rule) => allows(rule, kind)).find((allowed) => allowed !== undefined) ?? true;
}

function allows(rule: ReceivedMedia | undefined, kind: MediaKind): boolean | undefined {
  return typeof rule === "object" ? rule[kind] : rule;
}

export function mayAdminister(
  { owner, permissions: { canAdmin } }: Pick<Participant, "owner" | "permissions">,
  task: (typeof ADMIN_TASKS)[number],
): boolean {
  return owner || canAdmin === true || (canAdmin !== false && canAdmin.includes(task));
}
