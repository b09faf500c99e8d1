import type { ClientConfig } from "../../protocol/session.ts";
import { type Explanation, explain, explainNotice } from "./explain.ts";
import { type CallState, canConnect, canHangUp, type Speaker, type State } from "./state.ts";
import { EMPTY_TRANSCRIPT, type Transcript } from "./transcript.ts";
import { TranscriptView } from "./transcript-view.ts";
import { emulatedLine, meterValue, outcomeLine, stateLine, stateWord } from "./words.ts";

/** The page's elements that the program touches, found once; a missing one is a mistake in index.html. */
export function findElements() {
  return {
    main: find("console", HTMLElement),
    emulated: find("emulated", HTMLElement),
    form: find("controls", HTMLFormElement),
    language: find("language", HTMLSelectElement),
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
    session: find("session", HTMLElement),
    sessionId: find("session-id", HTMLElement),
    outcome: find("outcome", HTMLElement),
  };
}
export type Elements = ReturnType<typeof findElements>;

function find<Type extends HTMLElement>(id: string, type: new () => Type): Type {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`The page has no ${type.name} #${id}`);
  return element;
}

/** Draws states. It keeps nothing of them but what is needed to leave alone what has not changed. */
export class View {
  readonly #elements: Elements;
  readonly #transcript: TranscriptView;
  #config: ClientConfig | undefined;

  constructor(elements: Elements) {
    this.#elements = elements;
    this.#transcript = new TranscriptView(elements.transcript);
  }

  render(state: State): void {
    const { main, connect, hangUp, retry, language } = this.#elements;
    main.dataset.state = stateWord(state);
    setText(this.#elements.state, stateLine(state));
    this.#renderConfig(state);
    this.#moveFocus(state);
    connect.disabled = !canConnect(state);
    hangUp.disabled = !canHangUp(state);
    language.disabled = !canConnect(state);
    retry.hidden = state.phase !== "unavailable";
    this.#renderProblem(problemOf(state));
    this.#renderSpeaker(speakerOf(state));
    this.#renderTranscript(transcriptOf(state));
    this.#renderSession(state);
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
    const { emulated, language, transcript } = this.#elements;
    if (state.config !== this.#config) {
      this.#config = state.config;
      setText(emulated, emulatedLine(state.config));
      language.replaceChildren(...state.config.languages.map(({ tag, name }) => new Option(name, tag)));
    }
    language.value = state.language;
    // So that a screen reader reads it in the right voice.
    transcript.lang = state.language;
  }

  /** A focused button that becomes disabled would drop the focus to the top of the page. */
  #moveFocus(state: State): void {
    const { connect, hangUp } = this.#elements;
    const from = document.activeElement;
    if (canHangUp(state) && from === connect) {
      hangUp.disabled = false;
      hangUp.focus();
    } else if (canConnect(state) && from === hangUp) {
      connect.disabled = false;
      connect.focus();
    }
  }

  #renderProblem(problem: Explanation | undefined): void {
    const elements = this.#elements;
    elements.problem.hidden = problem === undefined;
    if (!problem) return;
    setText(elements.problemTitle, problem.title);
    setText(elements.problemAdvice, problem.advice);
    setText(elements.problemDetail, problem.detail ?? "");
    elements.problemDetail.hidden = problem.detail === undefined;
  }

  #renderSpeaker(speaker: Speaker): void {
    const { userSide, userSpeaking, assistantSide, assistantSpeaking } = this.#elements;
    const user = speaker === "user" || speaker === "both";
    const assistant = speaker === "assistant" || speaker === "both";
    userSide.toggleAttribute("data-speaking", user);
    assistantSide.toggleAttribute("data-speaking", assistant);
    setText(userSpeaking, user ? "speaking" : "");
    setText(assistantSpeaking, assistant ? "speaking" : "");
  }

  #renderTranscript(transcript: Transcript): void {
    const { nothingSaid, dropped } = this.#elements;
    this.#transcript.render(transcript);
    nothingSaid.hidden = !this.#transcript.isEmpty;
    dropped.hidden = transcript.dropped === 0;
    setText(dropped, `${transcript.dropped} earlier lines are no longer shown.`);
  }

  #renderSession(state: State): void {
    const { session, sessionId, outcome } = this.#elements;
    const shown = sessionOf(state);
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

function problemOf(state: State): Explanation | undefined {
  if (state.phase === "unavailable") return explain(state.failure);
  const call = callOf(state);
  if (call.phase === "ended") return call.end.by === "failure" ? explain(call.end.failure) : undefined;
  const notice = call.phase === "connecting" || call.phase === "live" ? call.notice : undefined;
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
      return { id: call.sessionId, outcome: "" };
    case "ended":
      return (
        call.session && { id: call.session.id, outcome: `Session: ${outcomeLine(call.session.outcome)}` }
      );
  }
}
