import type { ClientConfig } from "../../protocol/session.ts";
import type { CallRecord } from "./call-record.ts";
import { sideNotes } from "./emulation.ts";
import { explain, explainEnd, explainNotice, type Message } from "./explain.ts";
import { LatencyView } from "./latency-view.ts";
import { MAX_PERSONA_CHARS, PERSONAS } from "./personas.ts";
import { isOpen, type Talk } from "./push-to-talk.ts";
import { type CallState, canConnect, canHangUp, type Speaker, type State } from "./state.ts";
import { renderTalk } from "./talk-controls.ts";
import { TimelineView } from "./timeline-view.ts";
import { EMPTY_TRANSCRIPT, type Transcript } from "./transcript-lines.ts";
import { TranscriptView } from "./transcript-view.ts";
import { isHeard, meterValue, outcomeLine, stateLine, stateWord } from "./words.ts";

/** The page's elements that the program touches, found once; a missing one is a mistake in index.html. */
export function findElements() {
  return {
    main: find("console", HTMLElement),
    emulated: find("emulated", HTMLElement),
    form: find("controls", HTMLFormElement),
    language: find("language", HTMLSelectElement),
    microphone: find("microphone", HTMLSelectElement),
    tokenField: find("token-field", HTMLElement),
    token: find("token", HTMLInputElement),
    persona: find("persona", HTMLInputElement),
    personas: find("personas", HTMLDataListElement),
    pushMode: find("push-mode", HTMLInputElement),
    talk: find("talk", HTMLButtonElement),
    talkLabel: find("talk-label", HTMLElement),
    talkHint: find("talk-hint", HTMLElement),
    connect: find("connect", HTMLButtonElement),
    hangUp: find("hangup", HTMLButtonElement),
    retry: find("retry", HTMLButtonElement),
    state: find("state", HTMLElement),
    problem: find("problem", HTMLElement),
    problemTitle: find("problem-title", HTMLElement),
    problemAdvice: find("problem-advice", HTMLElement),
    problemDetail: find("problem-detail", HTMLElement),
    userSide: find("user-side", HTMLElement),
    userSpeaking: find("user-speaking", HTMLElement),
    micLevel: find("mic-level", HTMLMeterElement),
    assistantSide: find("assistant-side", HTMLElement),
    assistantSpeaking: find("assistant-speaking", HTMLElement),
    botLevel: find("bot-level", HTMLMeterElement),
    transcript: find("transcript", HTMLElement),
    nothingSaid: find("nothing-said", HTMLElement),
    dropped: find("dropped", HTMLElement),
    noSession: find("no-session", HTMLElement),
    session: find("session", HTMLElement),
    sessionId: find("session-id", HTMLElement),
    outcome: find("outcome", HTMLElement),
    noTimeline: find("no-timeline", HTMLElement),
    timeline: find("timeline", HTMLElement),
    noLatency: find("no-latency", HTMLElement),
    latency: find("latency", HTMLElement),
    emulation: find("emulation", HTMLElement),
    emulationList: find("emulation-list", HTMLElement),
    log: find("log", HTMLDetailsElement),
    logCount: find("log-count", HTMLElement),
    logKind: find("log-kind", HTMLSelectElement),
    logText: find("log-text", HTMLInputElement),
    logCopy: find("log-copy", HTMLButtonElement),
    logClear: find("log-clear", HTMLButtonElement),
    logSaid: find("log-said", HTMLElement),
    logEntries: find("log-entries", HTMLElement),
  };
}
export type Elements = ReturnType<typeof findElements>;

function find<Type extends HTMLElement>(id: string, type: new () => Type): Type {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`The page has no ${type.name} #${id}`);
  return element;
}

export interface Shown {
  state: State;
  talk: Talk;
  record: CallRecord;
}

/** Draws states. It keeps nothing of them but what is needed to leave alone what has not changed. */
export class View {
  readonly #elements: Elements;
  readonly #transcript: TranscriptView;
  readonly #timeline: TimelineView;
  readonly #latency: LatencyView;
  #config: ClientConfig | undefined;
  /** "Try again" was pressed and is gone, and nothing can be pressed in its place yet. */
  #owesFocus = false;

  constructor(elements: Elements) {
    this.#elements = elements;
    this.#transcript = new TranscriptView(elements.transcript);
    this.#timeline = new TimelineView(elements.timeline);
    this.#latency = new LatencyView(elements.latency);
    elements.persona.maxLength = MAX_PERSONA_CHARS;
    elements.personas.append(...PERSONAS.map((persona) => new Option(persona)));
  }

  render({ state, talk, record }: Shown): void {
    const { main, connect, hangUp, retry, language, persona } = this.#elements;
    main.dataset.state = stateWord(state);
    this.#elements.state.setAttribute("aria-live", isHeard(state) ? "off" : "polite");
    setText(this.#elements.state, stateLine(state, talk));
    this.#renderConfig(state);
    this.#moveFocus(state, talk);
    connect.disabled = !canConnect(state);
    hangUp.disabled = !canHangUp(state);
    language.disabled = !canConnect(state);
    persona.disabled = !canConnect(state);
    retry.hidden = state.phase !== "unavailable";
    this.#returnFocus(state);
    this.#renderMessage(messageOf(state));
    this.#renderSpeaker(state, talk);
    this.#renderTalk(state, talk);
    this.#renderTranscript(transcriptOf(state));
    this.#renderSession(state);
    this.#elements.noTimeline.hidden = this.#timeline.render(record);
    this.#elements.noLatency.hidden = this.#latency.render(record.turns);
    if (canConnect(state)) {
      this.level("user", 0);
      this.level("assistant", 0);
    }
  }

  /** @param level Daily's, 0 to 1. */
  level(side: "user" | "assistant", level: number): void {
    const meter = side === "user" ? this.#elements.micLevel : this.#elements.botLevel;
    meter.value = meterValue(level);
  }

  #renderConfig(state: State): void {
    if (state.phase !== "open") return;
    const { language, transcript } = this.#elements;
    if (state.config !== this.#config) {
      this.#config = state.config;
      this.#elements.tokenField.hidden = state.config.auth === "none";
      this.#renderEmulation(state.config);
      language.replaceChildren(...state.config.languages.map(({ tag, name }) => new Option(name, tag)));
    }
    language.value = state.language;
    // So that a screen reader reads it in the right voice.
    transcript.lang = state.language;
  }

  /** A focused button that is disabled or hidden would drop the focus to the top of the page. */
  #moveFocus(state: State, talk: Talk): void {
    const { connect, hangUp, retry, talk: talkButton } = this.#elements;
    const from = document.activeElement;
    if (canHangUp(state) && from === connect) {
      hangUp.disabled = false;
      hangUp.focus();
    } else if (canConnect(state) && (from === hangUp || from === talkButton)) {
      connect.disabled = false;
      connect.focus();
    } else if (isTalkShown(state, talk) && talkButton.hidden && from === hangUp) {
      // The focus came here from Connect. The space bar is for talking now, and would end the call instead.
      talkButton.hidden = false;
      talkButton.focus();
    } else if (state.phase === "loading" && from === retry) {
      this.#owesFocus = true;
    }
  }

  #returnFocus(state: State): void {
    if (!this.#owesFocus || state.phase === "loading") return;
    this.#owesFocus = false;
    const { connect, retry } = this.#elements;
    // Unless the reader has gone elsewhere meanwhile.
    if (document.activeElement === document.body) (state.phase === "open" ? connect : retry).focus();
  }

  #renderEmulation(config: ClientConfig): void {
    const { emulated, emulation, emulationList } = this.#elements;
    const notes = sideNotes(config);
    const chips = notes.map((note) => {
      const chip = document.createElement("span");
      chip.className = "chip";
      chip.toggleAttribute("data-emulated", note.emulated);
      chip.textContent = `${note.side}: ${note.emulated ? "emulated" : "real"}`;
      return chip;
    });
    // A space between, for what reads the text and not the layout.
    emulated.replaceChildren(...chips.flatMap((chip) => [chip, " "]));
    emulation.hidden = !notes.some((note) => note.emulated);
    const list = notes.flatMap(({ side, emulated: isEmulated, meaning }) => {
      const [term, description] = [document.createElement("dt"), document.createElement("dd")];
      term.textContent = `${side} is ${isEmulated ? "emulated" : "real"}`;
      description.textContent = meaning;
      return [term, description];
    });
    emulationList.replaceChildren(...list);
  }

  #renderMessage(message: Message | undefined): void {
    const elements = this.#elements;
    elements.problem.hidden = message === undefined;
    if (!message) return;
    elements.problem.dataset.tone = message.tone;
    elements.problem.setAttribute("role", message.tone === "trouble" ? "alert" : "status");
    setText(elements.problemTitle, message.title);
    setText(elements.problemAdvice, message.advice);
    setText(elements.problemDetail, message.detail ?? "");
    elements.problemDetail.hidden = message.detail === undefined;
  }

  #renderSpeaker(state: State, talk: Talk): void {
    const { userSide, userSpeaking, assistantSide, assistantSpeaking } = this.#elements;
    const speaker = speakerOf(state);
    const user = speaker === "user" || speaker === "both";
    const assistant = speaker === "assistant" || speaker === "both";
    userSide.toggleAttribute("data-speaking", user);
    assistantSide.toggleAttribute("data-speaking", assistant);
    const muted = canHangUp(state) && !isOpen(talk);
    setText(userSpeaking, muted ? "muted" : user ? "speaking" : "");
    setText(assistantSpeaking, assistant ? "speaking" : "");
  }

  #renderTalk(state: State, talk: Talk): void {
    const { pushMode: mode, talk: button, talkLabel: label, talkHint: hint } = this.#elements;
    renderTalk({ mode, button, label, hint }, talk, isTalkShown(state, talk));
  }

  #renderTranscript(transcript: Transcript): void {
    const { nothingSaid, dropped } = this.#elements;
    this.#transcript.render(transcript);
    nothingSaid.hidden = !this.#transcript.isEmpty;
    dropped.hidden = transcript.dropped === 0;
    setText(dropped, `${transcript.dropped} earlier lines are no longer shown.`);
  }

  #renderSession(state: State): void {
    const { noSession, session, sessionId, outcome } = this.#elements;
    const shown = sessionOf(state);
    noSession.hidden = shown !== undefined;
    session.hidden = shown === undefined;
    setText(sessionId, shown?.id ?? "");
    setText(outcome, shown?.outcome ?? "");
  }
}

/** Writes only what differs: a live region announces what is written, changed or not. */
function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

function callOf(state: State): CallState {
  return state.phase === "open" ? state.call : { phase: "idle" };
}

function isTalkShown(state: State, talk: Talk): boolean {
  return talk.mode === "push" && callOf(state).phase === "live";
}

function messageOf(state: State): Message | undefined {
  if (state.phase === "unavailable") return { tone: "trouble", ...explain(state.failure) };
  const call = callOf(state);
  if (call.phase === "ended") return explainEnd(call.end, call.session?.outcome);
  const notice = call.phase === "connecting" || call.phase === "live" ? call.notices.at(-1) : undefined;
  return notice && explainNotice(notice);
}

function speakerOf(state: State): Speaker {
  const call = callOf(state);
  return call.phase === "live" ? call.speaker : "nobody";
}

function transcriptOf(state: State): Transcript {
  const call = callOf(state);
  return call.phase === "live" || call.phase === "ended" ? call.transcript : EMPTY_TRANSCRIPT;
}

function sessionOf(state: State): { id: string; outcome: string } | undefined {
  const call = callOf(state);
  switch (call.phase) {
    case "idle":
    case "starting":
      return undefined;
    case "connecting":
    case "live":
      return { id: call.sessionId, outcome: "running" };
    case "ended":
      return call.session && { id: call.session.id, outcome: outcomeLine(call.session.outcome) };
  }
}
