import { SpokenText } from "../pipeline/spoken-text.ts";
import type { BotOutput } from "./messages.ts";
import { type Segment, Segments } from "./segments.ts";

/** Answers that wait to be heard, one behind the other. Of more, the oldest will not be heard any more. */
const MAX_ANSWERS = 8;

/** `cut`: words of it that were not announced yet were not heard either, and are left out. */
type Making = "open" | "ended" | "cut";

/** `over`: all that there was of it. `read`: it has no voice, and never will. */
type Hearing = "not-yet" | "now" | "over" | "read";

/** A segment that was announced as `new` and is not `completed`. */
interface Announced {
  output: BotOutput;
  segment: Segment;
  /** How many of its characters were told to be spoken. */
  spoken: number;
}

interface Answer {
  generation: number;
  making: Making;
  hearing: Hearing;
  words: SpokenText;
  segments: Segments;
  /** Segments that wait for the bot to be heard. */
  waiting: Segment[];
  announced: Announced[];
}

/**
 * Turns the fragments of the bot's words into `bot-output` segments of a sentence each: `new` once the bot is heard
 * (never before `bot-started-speaking`), `in-progress` as its words are heard, `completed` when the last was. A
 * sentence that was cut off stays at its last progress: the rest of it was not heard.
 */
export class BotOutputs {
  #answers: Answer[] = [];
  #newest = 0;
  #nextSegment = 1;

  /** The newest answer that is being made or heard. */
  get underWay(): number | undefined {
    return this.#answers.findLast(({ making }) => making !== "cut")?.generation;
  }

  /** An answer begins. `read`: none of its audio will be heard. */
  started(generation: number, { read }: { read: boolean }): void {
    const answer = this.#find(generation);
    if (answer && read) answer.hearing = "read";
  }

  /** @returns `undefined` for words that come too late: nobody is to see them */
  text(generation: number, text: string): BotOutput[] | undefined {
    const answer = this.#find(generation);
    if (!answer || answer.making === "cut") return undefined;
    answer.words.addText(text);
    answer.waiting.push(...answer.segments.add(text));
    return this.#outputs(answer);
  }

  audio(generation: number, ms: number): void {
    const answer = this.#find(generation);
    if (answer && answer.making !== "cut" && answer.hearing !== "read") answer.words.addAudio(ms);
  }

  /** The listener begins to hear the answer, or goes on after a pause. */
  heard(generation: number): BotOutput[] {
    const answer = this.#find(generation);
    if (!answer) return [];
    answer.hearing = "now";
    return this.#outputs(answer);
  }

  /** So much of its audio was heard. */
  progress(generation: number, playedMs: number): BotOutput[] {
    const answer = this.#find(generation);
    return answer ? progressOf(answer, playedMs) : [];
  }

  /** The listener hears no more of the answer. Without an interruption, all that there was has been heard. */
  silent(
    generation: number,
    { interrupted, playedMs }: { interrupted: boolean; playedMs: number },
  ): BotOutput[] {
    const answer = this.#find(generation);
    if (!answer) return [];
    answer.hearing = "over";
    const outputs = interrupted ? progressOf(answer, playedMs) : [];
    if (interrupted) answer.making = "cut";
    else outputs.push(...this.#outputs(answer));
    if (answer.making !== "open") this.#forget(answer);
    return outputs;
  }

  /** Nothing more of the answer, nor of older ones, will be heard. How far they were is told by `silent`. */
  interrupted(generation: number): void {
    for (const answer of this.#answers) if (answer.generation <= generation) answer.making = "cut";
  }

  /** The model has made the whole answer: its last words are a segment, though no punctuation ends them. */
  generated(generation: number): BotOutput[] {
    const answer = this.#find(generation);
    if (!answer) return [];
    finish(answer);
    return this.#outputs(answer);
  }

  /** The model has ended the answer. Words to which no audio came are passed on as unspoken. */
  ended(generation: number, interrupted: boolean): BotOutput[] {
    const answer = this.#find(generation);
    if (!answer) return [];
    if (answer.making === "open") answer.making = interrupted ? "cut" : "ended";
    if (answer.making === "ended") finish(answer);
    if (answer.making === "ended" && answer.words.audioMs === 0 && answer.hearing === "not-yet") {
      answer.hearing = "read";
    }
    const outputs = this.#outputs(answer);
    const isAwaited = answer.hearing === "now" || (answer.hearing === "not-yet" && answer.making === "ended");
    if (!isAwaited) this.#forget(answer);
    return outputs;
  }

  /** Begins one that is new; nothing for one that is over. */
  #find(generation: number): Answer | undefined {
    const known = this.#answers.find((answer) => answer.generation === generation);
    if (known || generation <= this.#newest) return known;
    this.#newest = generation;
    const answer: Answer = {
      generation,
      making: "open",
      hearing: "not-yet",
      words: new SpokenText(),
      segments: new Segments(),
      waiting: [],
      announced: [],
    };
    this.#answers = [...this.#answers, answer].slice(-MAX_ANSWERS);
    return answer;
  }

  #forget(answer: Answer): void {
    this.#answers = this.#answers.filter((other) => other !== answer);
  }

  #outputs(answer: Answer): BotOutput[] {
    if (answer.making === "cut" || answer.hearing === "not-yet") return [];
    const segments = answer.waiting.splice(0);
    if (answer.hearing === "read") {
      return segments.map((segment) => ({ ...this.#describe(segment), will_be_spoken: false }));
    }
    const announced = segments.map((segment) => this.#announce(segment));
    answer.announced.push(...announced);
    const outputs = announced.map(({ output }) => output);
    return answer.hearing === "over"
      ? [...outputs, ...answer.announced.splice(0).map((one) => statusOf(one, one.segment.text.length))]
      : outputs;
  }

  #announce(segment: Segment): Announced {
    const output: BotOutput = {
      ...this.#describe(segment),
      will_be_spoken: true,
      spoken_status: "new",
      spoken_progress: { accumulated_text: "", remaining_text: segment.text },
    };
    return { output, segment, spoken: 0 };
  }

  #describe({ text }: Segment): Pick<BotOutput, "text" | "aggregated_by" | "segment_id"> {
    const segment_id = this.#nextSegment;
    this.#nextSegment += 1;
    return { text, aggregated_by: "sentence", segment_id };
  }
}

/** Takes the words so far for a sentence. */
function finish(answer: Answer): void {
  answer.words.complete();
  answer.waiting.push(...answer.segments.finish());
}

/** What is new of the announced segments, with so much of the answer's audio heard. */
function progressOf(answer: Answer, playedMs: number): BotOutput[] {
  const heardTo = answer.words.heard(playedMs).spoken.length;
  const outputs: BotOutput[] = [];
  for (const announced of answer.announced) {
    const { start, end } = announced.segment;
    const spoken = Math.min(heardTo, end) - start;
    if (spoken <= announced.spoken) continue;
    announced.spoken = spoken;
    outputs.push(statusOf(announced, spoken));
  }
  answer.announced = answer.announced.filter(({ segment, spoken }) => spoken < segment.text.length);
  return outputs;
}

function statusOf({ output }: Announced, spoken: number): BotOutput {
  const { text } = output;
  return {
    ...output,
    spoken_status: spoken < text.length ? "in-progress" : "completed",
    spoken_progress: { accumulated_text: text.slice(0, spoken), remaining_text: text.slice(spoken) },
  };
}
