/** The page at `/`: talk to the assistant, and see what becomes of the session. */
// First: it has to be set before any schema is made.
import "./zod-without-eval.ts";

import { type Language, resolveLanguage } from "../../protocol/languages.ts";
import type { ClientConfig, SessionView } from "../../protocol/session.ts";
import { Call } from "./call.ts";
import { type CallRecord, EMPTY_RECORD, nextRecord } from "./call-record.ts";
import type { ClientPool } from "./client.ts";
import { createEdgeApi } from "./edge-api.ts";
import { EventLog } from "./event-log.ts";
import { asFailure, FailureError } from "./failure.ts";
import { LogView } from "./log-view.ts";
import { MicrophonePicker } from "./microphone-picker.ts";
import { isOpen, PushToTalk } from "./push-to-talk.ts";
import { SessionWatch } from "./session-watch.ts";
import { settle } from "./settle.ts";
import { type CallEnd, canConnect, type Event, INITIAL_STATE, next, type State } from "./state.ts";
import { listenToTalkControls } from "./talk-controls.ts";
import { findElements, View } from "./view.ts";
import { stateWord } from "./words.ts";

const elements = findElements();
const view = new View(elements);
const api = createEdgeApi({ base: location.href, headers: authorization });
const startUrl = new URL("/api/rtvi/start", location.href);

const log: EventLog = new EventLog({ onAdded: () => logView.changed() });
const logView = new LogView(log, {
  ...{ details: elements.log, count: elements.logCount, kind: elements.logKind, text: elements.logText },
  ...{ copy: elements.logCopy, clear: elements.logClear, said: elements.logSaid },
  entries: elements.logEntries,
});

const talk = new PushToTalk((changed) => {
  call?.setMicrophoneOpen(isOpen(changed));
  render();
});
const microphones = new MicrophonePicker(elements.microphone, (id) => call?.chooseMicrophone(id));

let state: State = INITIAL_STATE;
let record: CallRecord = EMPTY_RECORD;
let pool: ClientPool | undefined;
let call: Call | undefined;
let watch: SessionWatch | undefined;

function dispatch(event: Event): void {
  const before = { state, record };
  state = next(state, event);
  record = nextRecord(record, event, performance.now());
  if (stateWord(state) !== stateWord(before.state)) log.add("page", stateWord(state));
  if (state !== before.state || record !== before.record) render();
}

function render(): void {
  view.render({ state, talk: talk.talk, record });
}

async function load(): Promise<void> {
  try {
    // The larger part of this page by far: asked for beside the settings, so that the page itself stands at once.
    const [config, { ClientPool }] = await Promise.all([api.config(), loadClient()]);
    pool = new ClientPool(config.bundlePathOverride);
    log.add("service", "client-config", config);
    dispatch({ type: "loaded", config, language: preferredLanguage(config) });
  } catch (error) {
    const failure = asFailure(error);
    log.add("service", "unavailable", failure);
    dispatch({ type: "load-failed", failure });
  }
}

async function loadClient(): Promise<typeof import("./client.ts")> {
  try {
    return await import("./client.ts");
  } catch (cause) {
    throw new FailureError({ kind: "unreachable" }, { cause });
  }
}

/** The first of the browser's languages that the service speaks. */
function preferredLanguage({ languages, defaultLanguage }: ClientConfig): Language {
  const offered = new Set(languages.map(({ tag }) => tag));
  const wanted = navigator.languages.map(resolveLanguage);
  return wanted.find((tag) => tag !== undefined && offered.has(tag)) ?? defaultLanguage;
}

/** Of the token that was typed in, where the service asks for one. It is kept nowhere but in its field. */
function authorization(): Record<string, string> {
  const token = elements.token.value.trim();
  return token === "" ? {} : { authorization: `Bearer ${token}` };
}

function connect(): void {
  if (!pool || state.phase !== "open" || !canConnect(state)) return;
  dispatch({ type: "connect-pressed" });
  const from = pool;
  const client = from.take();
  const started = new Call({
    ...{ client, api, startUrl, headers: authorization(), device: window },
    language: state.language,
    persona: elements.persona.value.trim(),
    microphoneOpen: isOpen(talk.talk),
    microphoneId: microphones.chosenId,
    level: (side, value) => view.level(side, value),
    trace: (kind, name, data) => log.add(kind, name, data),
    emit: (event) => {
      dispatch(event);
      follow(event);
    },
  });
  call = started;
  void started.done.then(({ reusable }) => {
    if (call === started) call = undefined;
    if (reusable) from.giveBack(client);
  });
}

/** What a call's event asks of the rest of the page. */
function follow(event: Event): void {
  switch (event.type) {
    case "microphone-ready":
      void microphones.refresh();
      break;
    case "session-started": {
      const { sessionId } = event;
      log.add("service", "session", { sessionId });
      watch = new SessionWatch({ api, sessionId, seen: (seen) => onSeen(sessionId, seen) });
      break;
    }
    case "bot-ready":
    case "assistant-heard":
      watch?.nudge();
      break;
    case "ended": {
      watch?.close();
      watch = undefined;
      talk.reset();
      log.add("page", "call ended", event.end);
      const sessionId = state.phase === "open" && state.call.phase === "ended" && state.call.session?.id;
      if (sessionId) void settleSession(sessionId, isOurs(event.end));
    }
  }
}

/** What the assistant or Daily ended has its reason at the service, which a stop from here would overwrite. */
function isOurs(end: CallEnd): boolean {
  if (end.by !== "failure") return end.by === "user";
  return end.failure.kind === "ready-timeout" || end.failure.kind === "microphone";
}

async function settleSession(sessionId: string, stop: boolean): Promise<void> {
  const outcome = await settle({ api, sessionId, stop, seen: (seen) => onSeen(sessionId, seen) });
  log.add("service", "outcome", outcome);
  dispatch({ type: "outcome", sessionId, outcome });
}

function onSeen(sessionId: string, { timeline }: SessionView): void {
  const call = state.phase === "open" ? state.call : undefined;
  // The next call may have begun while the last session was still being looked at.
  const current = call?.phase === "ended" ? call.session?.id : call && "sessionId" in call && call.sessionId;
  if (current === sessionId) dispatch({ type: "session-seen", sessionId, timeline });
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
listenToTalkControls(
  { mode: elements.pushMode, button: elements.talk, label: elements.talkLabel, hint: elements.talkHint },
  talk,
);
// The request to stop outlives the page; without it the session would wait for a caller who cannot come back.
addEventListener("pagehide", () => call?.hangUp());

render();
void load();
