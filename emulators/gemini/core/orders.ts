import type { AnswerKind } from "./answer.ts";
import type { FrameStyle } from "./frames.ts";
import { type Pace, USUAL_PACE } from "./pace.ts";

/**
 * How an answer comes out. `silent`: as usual, but not a sound in it. `empty`: the end of a turn, and nothing before.
 * `refused`: so, and the end says why.
 */
export type TurnFault = "silent" | "empty" | "refused";

/** Sound of an answer that was cut off, sent although it was. */
export interface Tail {
  /** What had not been sent yet, or the last of what had. */
  of: "late" | "duplicate";
  chunks: number;
  /** Which of the two words on the end of the turn it follows. */
  after: "interrupted" | "turnComplete";
}

export const DEMO: AnswerKind = { kind: "demo" };

/** What was ordered of one session. It counts from the next turn on. */
export class Orders {
  answer: AnswerKind;
  pace: Pace;
  /** Whether what the user says interrupts and is answered. */
  heedsSpeech: boolean;
  /** Instead of the way of the session's model. */
  frameStyle: FrameStyle | undefined;
  readonly #turns = { silent: 0, empty: 0, refused: 0 };
  #tails: Tail[] = [];

  constructor({
    answer = DEMO,
    pace = USUAL_PACE,
    heedsSpeech = true,
  }: {
    answer?: AnswerKind;
    pace?: Pace;
    heedsSpeech?: boolean;
  } = {}) {
    this.answer = answer;
    this.pace = pace;
    this.heedsSpeech = heedsSpeech;
  }

  spoilTurns(fault: TurnFault, count: number): void {
    this.#turns[fault] = count;
  }

  /** What is wrong with the answer that begins now. */
  takeTurnFault(): TurnFault | undefined {
    const fault = (["refused", "empty", "silent"] as const).find((one) => this.#turns[one] > 0);
    if (fault) this.#turns[fault]--;
    return fault;
  }

  /** The latest takes the place of one of its kind. */
  addTail(tail: Tail): void {
    this.#tails = [...this.#tails.filter(({ of }) => of !== tail.of), tail];
  }

  /** @param available how many pieces of sound there are of each kind; a tail waits until there is one for it */
  takeTail(available: Record<Tail["of"], number>): Tail | undefined {
    const tail = this.#tails.find(({ of }) => available[of] > 0);
    this.#tails = this.#tails.filter((one) => one !== tail);
    return tail;
  }

  /** Everything is as usual again. */
  reset(): void {
    this.answer = DEMO;
    this.pace = USUAL_PACE;
    this.heedsSpeech = true;
    this.frameStyle = undefined;
    this.#turns.silent = 0;
    this.#turns.empty = 0;
    this.#turns.refused = 0;
    this.#tails = [];
  }
}
