import { Hono } from "hono";
import { requestId } from "hono/request-id";
import { ERRORS, ProblemError } from "../protocol/errors.ts";
import { eventsPath } from "../protocol/events.ts";
import { linkPath } from "../protocol/link.ts";
import { authenticate } from "./callers/authenticate.ts";
import { limitStarts } from "./callers/limit-starts.ts";
import { apiHeaders } from "./http/api-headers.ts";
import type { EdgeEnv, Handler } from "./http/context.ts";
import { crossOrigin } from "./http/cross-origin.ts";
import { renderProblem } from "./http/problems.ts";
import { requestLog } from "./http/request-log.ts";
import { requireSettings } from "./http/require-settings.ts";
import { openBotLink } from "./routes/bot-link.ts";
import { clientConfig } from "./routes/client-config.ts";
import { connect } from "./routes/connect.ts";
import { consolePage } from "./routes/console-page.ts";
import { deepHealth } from "./routes/deep-health.ts";
import { openEvents } from "./routes/events.ts";
import { health } from "./routes/health.ts";
import { openApi } from "./routes/openapi.ts";
import { phoneApp } from "./routes/phone-app.ts";
import { startSession, stopSession, viewSession } from "./routes/sessions.ts";

export const app = new Hono<EdgeEnv>();

app.use(requestId(), requestLog, apiHeaders);
app.onError(renderProblem);
app.notFound(({ req }) => {
  throw new ProblemError("not_found", `There is nothing at ${req.method} ${req.path}.`);
});

// Answers even when the settings are wrong: that is when it is needed.
app.on("GET", "/health", deepHealth);
route("/health", { GET: health });

app.use(requireSettings);

// Neither CORS nor a token: browsers know neither for WebSockets. A ticket in the address is the right to it.
route(eventsPath(":id"), { GET: openEvents });

// What clients use. The second address is that of the official examples.
for (const path of ["/api/*", "/start", "/connect", "/client-config", "/openapi.json"])
  app.use(path, crossOrigin);
// `/client-config` is open: it is what tells a page that it needs a token.
for (const path of ["/api/*", "/start", "/connect"]) app.use(path, authenticate);
app.on("POST", ["/api/rtvi/start", "/start", "/connect"], limitStarts);
route("/api/rtvi/start", { POST: startSession });
route("/start", { POST: startSession });
route("/connect", { POST: connect });
route("/api/rtvi/:id", { GET: viewSession });
route("/api/rtvi/:id/stop", { POST: stopSession });
route("/client-config", { GET: clientConfig });
route("/openapi.json", { GET: openApi });

// What bots use.
route(linkPath(":id"), { GET: openBotLink });

// The phone's app in a browser, where it has been built.
for (const path of ["/app", "/app/*"]) route(path, { GET: phoneApp });

// Everything else is the console: files, made at build time.
app.get("*", consolePage);

/** Registers the methods of one path; any other is answered 405, with those that are allowed. */
function route(path: string, methods: Partial<Record<"GET" | "POST", Handler>>): void {
  for (const [method, handler] of Object.entries(methods)) app.on(method, path, handler);
  const allowed = Object.keys(methods).flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
  app.all(path, (c) => {
    c.header("allow", allowed.join(", "));
    const detail = `${ERRORS.method_not_allowed.title} here: ${c.req.method}. Allowed: ${allowed.join(", ")}.`;
    throw new ProblemError("method_not_allowed", detail);
  });
}
