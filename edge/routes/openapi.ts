import type { EdgeContext } from "../http/context.ts";
import { openApiDocument } from "../openapi/document.ts";

/** The document as text, by the address that it names: made once, when it is first asked for. */
const made = new Map<string, string>();

/** `GET /openapi.json` */
export function openApi(c: EdgeContext): Response {
  const { publicUrl } = c.get("settings");
  const text = made.get(publicUrl) ?? JSON.stringify(openApiDocument({ publicUrl }));
  // An isolate has one address; only tests have more.
  made.clear();
  made.set(publicUrl, text);
  return c.body(text, 200, { "content-type": "application/json" });
}
