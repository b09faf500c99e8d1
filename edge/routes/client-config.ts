import { LANGUAGE_TAGS, LANGUAGES } from "../../protocol/languages.ts";
import type { ClientConfig } from "../../protocol/session.ts";
import type { EdgeContext } from "../http/context.ts";

/** `GET /client-config`: what a page must know before it starts a session. */
export function clientConfig(c: EdgeContext): Response {
  const { daily, gemini, production, defaultLanguage, access } = c.get("settings");
  const { callMachineUrl } = daily;
  const config: ClientConfig = {
    emulated: { daily: daily.emulated, gemini: !production && !gemini.configured },
    auth: access.anonymous ? "none" : "bearer",
    ...(callMachineUrl === undefined ? {} : { bundlePathOverride: callMachineUrl }),
    languages: LANGUAGE_TAGS.map((tag) => ({ tag, name: LANGUAGES[tag] })),
    defaultLanguage,
  };
  return c.json(config);
}
