/** The page at `/`: talk to the assistant, and see what becomes of the session. */
import { type Language, resolveLanguage } from "../../protocol/languages.ts";
import type { ClientConfig } from "../../protocol/session.ts";
import { Call } from "./call.ts";
import { ClientPool } from "./client.ts";
import { createEdgeApi } from "./edge-api.ts";
import { asFailure } from "./failure.ts";
import { settle } from "./settle.ts";
import { type CallEnd, canConnect, type Event, INITIAL_STATE, next, type State } from "./state.ts";
import { findElements, View } from "./view.ts";

const elements = findElements();
const view = new View(elements);
const api = createEdgeApi(location.href);
const startUrl = new URL("/api/rtvi/start", location.href);

let state: State = INITIAL_STATE;
let pool: ClientPool | undefined;
let call: Call | undefined;

function dispatch(event: Event): void {
  const changed = next(state, event);
  if (changed === state) return;
  state = changed;
  view.render(state);
}

async function load(): Promise<void> {
  try {
    const config = await api.config();
    pool = new ClientPool(config.bundlePathOverride);
    dispatch({ type: "loaded", config, language: preferredLanguage(config) });
  } catch (error) {
    dispatch({ type: "load-failed", failure: asFailure(error) });
  }
}

/** The first of the browser's languages that the service speaks. */
function preferredLanguage({ languages, defaultLanguage }: ClientConfig): Language {
  const offered = new Set(languages.map(({ tag }) => tag));
  const wanted = navigator.languages.map(resolveLanguage);
  return wanted.find((tag) => tag !== undefined && offered.has(tag)) ?? defaultLanguage;
}

function connect(): void {
  if (!pool || state.phase !== "open" || !canConnect(state)) return;
  dispatch({ type: "connect-pressed" });
  const from = pool;
  const client = from.take();
  let sessionId: string | undefined;
  const started = new Call({
    client,
    api,
    startUrl,
    language: state.language,
    level: (side, value) => view.level(side, value),
    emit(event) {
      if (event.type === "session-started") sessionId = event.sessionId;
      dispatch(event);
      if (event.type !== "ended" || sessionId === undefined) return;
      void follow(sessionId, isOurs(event.end));
    },
  });
  call = started;
  void started.done.then(({ reusable }) => {
    if (call === started) call = undefined;
    if (reusable) from.giveBack(client);
  });
}

/** What the assistant or Daily ended has its reason at the service, which a stop from here would overwrite. */
function isOurs(end: CallEnd): boolean {
  if (end.by !== "failure") return end.by === "user";
  return end.failure.kind === "ready-timeout" || end.failure.kind === "microphone";
}

async function follow(sessionId: string, stop: boolean): Promise<void> {
  const outcome = await settle({ api, sessionId, stop });
  dispatch({ type: "outcome", sessionId, outcome });
}

elements.form.addEventListener("submit", (event) => {
  event.preventDefault();
  connect();
});
elements.hangUp.addEventListener("click", () => call?.hangUp());
elements.retry.addEventListener("click", () => {
  dispatch({ type: "loading" });
  void load();
});
elements.language.addEventListener("change", () => {
  const language = resolveLanguage(elements.language.value);
  if (language) dispatch({ type: "language-chosen", language });
});
// The request to stop outlives the page; without it the session would wait for a caller who cannot come back.
addEventListener("pagehide", () => call?.hangUp());

void load();
