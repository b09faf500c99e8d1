import type { BotOutput } from "./messages.ts";
import { splitSentences } from "./sentences.ts";

/**
 * How far the listener is with an answer: nothing heard yet, being heard, heard to its end, or cut off.
 * Words of a `cut` answer that were not announced yet were not heard either, and are left out.
 */
type Heard = "not-yet" | "now" | "whole" | "cut";

interface Answer {
  generation: number;
  heard: Heard;
  /** No more words will come. */
  ended: boolean;
  /** Words that are no whole sentence yet. */
  rest: string;
  /** Sentences that wait for the bot to be heard. */
  waiting: string[];
  /** Announced as `new`, not yet `completed`. */
  announced: BotOutput[];
}

/**
 * Turns the fragments of the bot's words into `bot-output` segments of a sentence each: `new` once the bot is heard
 * (never before `bot-started-speaking`), `completed` when the answer was played to its end. A sentence of an
 * interrupted answer stays `new`: it was not heard to its end.
 */
export class BotOutputs {
  #answer: Answer | undefined;
  #nextSegment = 1;

  text(generation: number, text: string): BotOutput[] {
    const answer = this.#answerOf(generation);
    const { sentences, rest } = splitSentences(answer.rest + text);
    answer.rest = rest;
    answer.waiting.push(...sentences);
    return this.#outputs(answer);
  }

  /** The listener begins to hear the answer. */
  heard(generation: number): BotOutput[] {
    // An answer that was still queued when the next one got its words must not take those away.
    if (this.#answer && generation < this.#answer.generation) return [];
    const answer = this.#answerOf(generation);
    // The word of its beginning may be late: what was cut off meanwhile stays so.
    if (answer.heard !== "cut") answer.heard = "now";
    return this.#outputs(answer);
  }

  /** The listener hears no more of the answer. */
  silent(generation: number, interrupted: boolean): BotOutput[] {
    if (this.#answer?.generation !== generation) return [];
    this.#answer.heard = interrupted ? "cut" : "whole";
    return this.#outputs(this.#answer);
  }

  /** The model has made the whole answer: its last words are a segment, though no punctuation ends them. */
  generated(generation: number): BotOutput[] {
    if (this.#answer?.generation !== generation) return [];
    finishRest(this.#answer);
    return this.#outputs(this.#answer);
  }

  /** The model has ended the answer. Words to which no audio came are passed on as unspoken. */
  ended(generation: number, interrupted: boolean): BotOutput[] {
    if (this.#answer?.generation !== generation) return [];
    if (interrupted) this.#answer.heard = "cut";
    this.#answer.ended = true;
    return this.#outputs(this.#answer);
  }

  #answerOf(generation: number): Answer {
    if (this.#answer?.generation !== generation) {
      this.#answer = { generation, heard: "not-yet", ended: false, rest: "", waiting: [], announced: [] };
    }
    return this.#answer;
  }

  #outputs(answer: Answer): BotOutput[] {
    if (answer.heard === "cut" || (answer.heard === "not-yet" && !answer.ended)) return [];
    if (answer.ended) finishRest(answer);
    const sentences = answer.waiting.splice(0);
    if (answer.heard === "not-yet") return sentences.map((text) => this.#unspoken(text));
    const announced = sentences.map((text) => this.#announce(text));
    answer.announced.push(...announced);
    return answer.heard === "whole"
      ? [...announced, ...answer.announced.splice(0).map(completed)]
      : announced;
  }

  #announce(text: string): BotOutput {
    return {
      ...this.#segment(text),
      will_be_spoken: true,
      spoken_status: "new",
      spoken_progress: { accumulated_text: "", remaining_text: text },
    };
  }

  #unspoken(text: string): BotOutput {
    return { ...this.#segment(text), will_be_spoken: false };
  }

  #segment(text: string): Pick<BotOutput, "text" | "aggregated_by" | "segment_id"> {
    const segment_id = this.#nextSegment;
    this.#nextSegment += 1;
    return { text, aggregated_by: "sentence", segment_id };
  }
}

/** Takes the words so far for a sentence. */
function finishRest(answer: Answer): void {
  const rest = answer.rest.trim();
  answer.rest = "";
  if (rest) answer.waiting.push(rest);
}

function completed(output: BotOutput): BotOutput {
  return {
    ...output,
    spoken_status: "completed",
    spoken_progress: { accumulated_text: output.text, remaining_text: "" },
  };
}
