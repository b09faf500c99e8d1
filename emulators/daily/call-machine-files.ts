import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ProblemError } from "../../protocol/errors.ts";
import { findBuilt } from "./find-built.ts";
import { problemReply, type Reply } from "./http.ts";

const CALL_MACHINE = "call-machine-object-bundle.js";
const CALL_MACHINE_FILES: Record<string, string> = {
  [CALL_MACHINE]: "text/javascript; charset=utf-8",
  [`${CALL_MACHINE}.map`]: "application/json",
};

/** daily-js fetches this from whatever origin its page has; those of other machines were refused before. */
const FOR_EVERY_ORIGIN = { "access-control-allow-origin": "*" };

/** A file of the call machine by its name. Read at each request, so that a rebuilt one is served without a restart. */
export async function callMachineFile(name: string): Promise<Reply> {
  const contentType = Object.hasOwn(CALL_MACHINE_FILES, name) ? CALL_MACHINE_FILES[name] : undefined;
  if (!contentType) return notFound("The call machine has no such file.");
  const folder = findBuilt("call-machine");
  const text = folder && (await readFile(join(folder, name)).catch(() => undefined));
  if (!text) return notFound("The call machine is not built: run `npm run build`.");
  const headers = {
    ...FOR_EVERY_ORIGIN,
    "cross-origin-resource-policy": "cross-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
  };
  return { status: 200, headers, body: { text, contentType } };
}

function notFound(detail: string): Reply {
  const reply = problemReply(new ProblemError("not_found", detail));
  return { ...reply, headers: { ...reply.headers, ...FOR_EVERY_ORIGIN } };
}
