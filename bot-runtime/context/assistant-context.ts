import { OUTPUT_SAMPLE_RATE } from "../pipeline/audio.ts";
import type { Frame } from "../pipeline/frame.ts";
import type { Direction, Processor, Push } from "../pipeline/processor.ts";
import { SpokenText } from "../pipeline/spoken-text.ts";
import type { Conversation, ConversationEntry } from "./conversation.ts";

/** An answer longer than this is cut with a mark: no model talks for so long without a word of the user. */
const MAX_ANSWER_CHARS = 16_000;
const CUT_MARK = " […]";
/** Answers that wait to be heard, one behind the other. The oldest of more are taken for over. */
const MAX_WAITING = 8;

/** `cut`: words that still come for it were not heard by anybody. */
type Making = "open" | "ended" | "cut";

/** `over`: all of it that there was. More may follow, if it is still being made. */
type Hearing = { kind: "not-yet" } | { kind: "now"; asOf: number } | { kind: "over" };

interface Answer {
  generation: number;
  /** Epoch milliseconds of its beginning. */
  at: number;
  words: SpokenText;
  making: Making;
  hearing: Hearing;
  /** How much of its audio was heard, at the room's last word about it. */
  playedMs: number;
}

/** Gathers the words of each answer, as far as they were heard. */
export class AssistantContext implements Processor {
  readonly name = "AssistantContext";
  readonly #conversation: Conversation;
  /** By generation. */
  #answers: Answer[] = [];

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
    conversation.addSource(() => this.#answers.flatMap((answer) => entryOf(answer, Date.now()) ?? []));
  }

  process(frame: Frame, direction: Direction, push: Push): void {
    this.#heed(frame);
    push(frame, direction);
  }

  /** What the end of the session cuts off was interrupted by it. */
  stop(): void {
    for (const answer of this.#answers) {
      if (answer.hearing.kind !== "over" || answer.making === "open") answer.making = "cut";
    }
    this.#finish(this.#answers);
  }

  #heed(frame: Frame): void {
    switch (frame.type) {
      case "answer-started":
        this.#begin(frame.generation);
        return;
      case "answer-text":
        this.#with(frame.generation, (answer) => addText(answer, frame.text));
        return;
      case "answer-audio":
        this.#with(frame.generation, ({ making, words }) => {
          if (making !== "cut") words.addAudio((frame.pcm.length * 1_000) / OUTPUT_SAMPLE_RATE);
        });
        return;
      case "answer-generated":
        this.#with(frame.generation, ({ words }) => words.complete());
        return;
      case "answer-interrupted":
        this.#cut(frame.generation);
        return;
      case "answer-ended":
        this.#with(frame.generation, (answer) => this.#end(answer, frame.interrupted));
        return;
      case "bot-started-speaking":
        this.#finish(this.#answers.filter(({ generation }) => generation < frame.generation));
        this.#with(frame.generation, (answer) => hear(answer, answer.playedMs));
        return;
      case "bot-heard":
        this.#with(frame.generation, (answer) => hear(answer, frame.playedMs));
        return;
      case "bot-stopped-speaking":
        this.#with(frame.generation, (answer) => this.#stopped(answer, frame));
    }
  }

  #with(generation: number, then: (answer: Answer) => void): void {
    const answer = this.#answers.find((one) => one.generation === generation);
    if (answer) then(answer);
  }

  #begin(generation: number): void {
    const waiting = this.#answers.length + 1 - MAX_WAITING;
    if (waiting > 0) this.#finish(this.#answers.slice(0, waiting));
    const at = Date.now();
    this.#conversation.answerBeganAt = at;
    this.#answers.push({
      generation,
      at,
      words: new SpokenText(),
      making: "open",
      hearing: { kind: "not-yet" },
      playedMs: 0,
    });
  }

  /** Also those before it. How far it was heard is told by the room, which may take a moment. */
  #cut(generation: number): void {
    this.#conversation.answerBeganAt = undefined;
    const cut = this.#answers.filter((answer) => answer.generation <= generation);
    for (const answer of cut) {
      answer.making = "cut";
      if (answer.hearing.kind === "now") this.#conversation.expect("assistant", answer.at);
    }
    this.#finish(cut.filter(({ hearing }) => hearing.kind === "over"));
  }

  #end(answer: Answer, interrupted: boolean): void {
    if (answer.making === "open") answer.making = interrupted ? "cut" : "ended";
    if (answer.making === "ended") answer.words.complete();
    if (answer.hearing.kind === "over" || answer.words.audioMs === 0) this.#finish([answer]);
  }

  #stopped(
    answer: Answer,
    { playedMs, interrupted }: Extract<Frame, { type: "bot-stopped-speaking" }>,
  ): void {
    answer.hearing = { kind: "over" };
    // Without an interruption, all of the audio that had come was heard.
    answer.playedMs = interrupted ? playedMs : answer.words.audioMs;
    if (interrupted) answer.making = "cut";
    if (answer.making !== "open") this.#finish([answer]);
  }

  #finish(answers: readonly Answer[]): void {
    for (const answer of [...answers]) {
      this.#answers = this.#answers.filter((other) => other !== answer);
      const entry = entryOf(answer, Date.now());
      if (entry) this.#conversation.add(entry);
      else this.#conversation.settle("assistant");
    }
  }
}

function addText({ making, words }: Answer, text: string): void {
  const room = MAX_ANSWER_CHARS - words.text.length;
  if (making === "cut" || room <= 0) return;
  words.addText(text.length < room ? text : text.slice(0, room) + CUT_MARK);
}

function hear(answer: Answer, playedMs: number): void {
  answer.playedMs = playedMs;
  answer.hearing = { kind: "now", asOf: Date.now() };
}

/** An answer as far as it was heard; nothing if no word was. One without any audio is read: all of it, or nothing. */
function entryOf(answer: Answer, now: number): ConversationEntry | undefined {
  const { at, words, making, hearing } = answer;
  const isRead = words.audioMs === 0 && making === "ended";
  const { spoken, remaining } = isRead
    ? { spoken: words.text, remaining: "" }
    : words.upTo(playedMs(answer, now));
  const text = spoken.trim();
  if (!text) return undefined;
  const isAll = words.isComplete || (making === "open" && hearing.kind === "over");
  return { role: "assistant", text, at, ...(isAll && !remaining.trim() ? {} : { interrupted: true }) };
}

/** Of its audio; between two reports of the room, by the clock. */
function playedMs({ hearing, playedMs, words }: Answer, now: number): number {
  if (hearing.kind !== "now") return playedMs;
  return Math.min(playedMs + now - hearing.asOf, words.audioMs);
}
