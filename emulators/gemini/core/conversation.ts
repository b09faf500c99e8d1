import type { Language } from "../../../protocol/languages.ts";
import type { AnswerKind, Cause } from "./answer.ts";
import type { RealtimeInput } from "./client-message.ts";
import type { Close } from "./closes.ts";
import { Delivery, type Step } from "./delivery.ts";
import { Hearing } from "./hearing.ts";
import { durationMs, OUTPUT_RATE_HZ } from "./pcm.ts";
import type { Recording } from "./recording.ts";
import { Repetition } from "./repetition.ts";
import type { ContentMessage } from "./server-message.ts";
import type { ClientContent } from "./setup.ts";
import type { Tool } from "./setup-tools.ts";
import { Speaker, type SpeakerOptions } from "./speaker.ts";
import { addTokens, audioTokens, type TokenCount, textTokens, usageOf } from "./tokens.ts";
import { ToolDesk } from "./tool-desk.ts";
import type { OrderedCall, ToolCalls, ToolResponse } from "./tools.ts";
import {
  type ActiveTurn,
  LISTENING,
  MAX_RECENT_CHUNKS,
  newTurn,
  stopPhase,
  type Turn,
  tailOf,
} from "./turn.ts";
import type { SpeechEvent } from "./user-audio.ts";

/** What a fault can wait for: the first sound of an answer, a call of the client's functions. */
export type Moment = "duringAnswer" | "duringTool";

export interface ConversationOptions extends SpeakerOptions {
  language: Language;
  /** What the session knows already, which is more than nothing when it resumes another. */
  context: TokenCount;
  received: Recording;
  /** While it is, the session cannot be resumed: an answer is under way, or a function has not answered. */
  busyChanged(busy: boolean): void;
  happened(moment: Moment): void;
}

/** Who speaks when, after the setup: hears the user, answers, calls functions, and lets itself be interrupted. */
export class Conversation {
  readonly #options: ConversationOptions;
  readonly #hearing: Hearing;
  readonly #speaker: Speaker;
  readonly #tools: ToolDesk;
  readonly #interruptible: boolean;
  readonly #repetition = new Repetition();
  #turn: Turn = LISTENING;
  /** Until the user's speech interrupts. */
  #polite: NodeJS.Timeout | undefined;
  #busy = false;
  #context: TokenCount;
  #turns = 0;
  #interruptions = 0;

  constructor(options: ConversationOptions) {
    const { setup, language, phrases, received, send, personality, random } = options;
    this.#options = options;
    this.#context = options.context;
    this.#interruptible = setup.realtimeInputConfig?.activityHandling !== "NO_INTERRUPTION";
    const idsOptional = options.rules.toolIdsOptional;
    this.#tools = new ToolDesk({ tools: setup.tools, personality, random, idsOptional });
    this.#speaker = new Speaker(options);
    this.#hearing = new Hearing({
      setup,
      language,
      phrases,
      received,
      send,
      say: (content) => this.#speaker.say([content]),
      heard: (event) => this.#userDid(event),
    });
  }

  /** Answers begun so far, and how many turns were interrupted. */
  get turns(): number {
    return this.#turns;
  }
  get interruptions(): number {
    return this.#interruptions;
  }
  get context(): TokenCount {
    return this.#context;
  }
  get toolCalls(): ToolCalls {
    return this.#tools.calls;
  }

  is(moment: Moment): boolean {
    if (moment === "duringTool") return this.#tools.isPending;
    return this.#turn.kind === "active" && this.#turn.phase.kind === "answering";
  }

  input(input: RealtimeInput): void {
    switch (input.kind) {
      case "audio":
        this.#learn(audioTokens(this.#hearing.hear(input)));
        return;
      case "text":
        this.#learn(textTokens(input.text));
        this.#answerSoon({ kind: "text" });
        return;
      case "audioStreamEnd":
        this.#hearing.endStream();
        return;
      case "activityStart":
        this.#hearing.beginActivity();
        return;
      case "activityEnd":
        this.#hearing.endActivity();
        return;
      case "video":
        return; // the demo voice is blind
    }
  }

  /** Interrupts, answered or not (`LiveClientContent` in the official client's types, 3.1.0). */
  content({ turns, turnComplete }: ClientContent): void {
    for (const { text = "" } of turns.flatMap(({ parts }) => parts)) this.#learn(textTokens(text));
    if (turnComplete) {
      this.#answerSoon({ kind: "text" });
      return;
    }
    this.#interrupt();
    this.#speaker.say([{ serverContent: { waitingForInput: true } }]);
  }

  /** From now on the model knows these functions alone. */
  declare(tools: readonly Tool[]): void {
    this.#tools.declare(tools);
  }

  /** Why the model cannot call these functions, as a sentence; `undefined` when it can. */
  toolRefusal(ordered: readonly OrderedCall[]): string | undefined {
    return this.#tools.refusal(ordered);
  }

  /**
   * Lets the model call functions of the client, which declared them. One that blocks ends what is being said.
   * @returns why it cannot, as a sentence
   */
  callTools(ordered: readonly OrderedCall[]): string | undefined {
    const called = this.#tools.call(ordered);
    if (!called.ok) return called.why;
    const { made } = called;
    const turn = this.#turn.kind === "active" ? this.#turn : this.#begin();
    turn.calls.push(...made.map(({ id }) => id));
    if (this.#tools.isBlocking(turn.calls)) {
      stopPhase(turn.phase);
      turn.phase = { kind: "waiting" };
    }
    this.#updateBusy();
    this.#options.send({
      toolCall: { functionCalls: made.map(({ name, args, id }) => ({ name, args, id })) },
    });
    // Nothing more is said in a turn that was begun for the call alone.
    if (turn.phase.kind === "waiting" && !this.#tools.isBlocking(turn.calls)) {
      this.#complete(turn, [{ serverContent: { generationComplete: true } }]);
    }
    this.#options.happened("duringTool");
    return undefined;
  }

  /** Takes what the client's functions gave; a `Close` when Google would close on it. */
  toolResponse(responses: readonly ToolResponse[]): Close | undefined {
    const answered = this.#tools.answer(responses);
    if (!answered.ok) return answered.close;
    const { learnt, toTurn, urgent } = answered.told;
    this.#learn(textTokens(learnt));
    const turn = this.#turn;
    if (turn.kind === "active") {
      turn.results.push(...toTurn);
      if (turn.phase.kind === "waiting" && !this.#tools.isBlocking(turn.calls)) {
        this.#think(turn, toldBy(turn.results.splice(0)));
      }
    }
    if (urgent.length > 0) this.#answerSoon(toldBy(urgent));
    this.#tellWaitingResults();
    this.#updateBusy();
    return undefined;
  }

  /**
   * Says it now, though nobody has asked: nothing is thought about first. Interrupts what is being said.
   * @param everyMs repeats it in this interval, until something else is said so, or `sayNoMore`
   */
  sayNow(answer: AnswerKind, everyMs?: number): void {
    const say = () => {
      this.#interrupt();
      this.#answer(this.#begin(), { kind: "text" }, answer);
    };
    this.#repetition.start(say, everyMs);
  }

  /** Repeats nothing any more; what is being said is said to its end. */
  sayNoMore(): void {
    this.#repetition.stop();
  }

  /** `interrupted`, though nobody has spoken. */
  interruptForNoReason(): void {
    if (this.#turn.kind === "active") this.#interrupt();
    else this.#speaker.say([{ serverContent: { interrupted: true } }]);
  }

  /** Ends everything without a word; for when the socket is gone. */
  stop(): void {
    this.#hearing.stop();
    this.#repetition.stop();
    clearTimeout(this.#polite);
    if (this.#turn.kind === "active") stopPhase(this.#turn.phase);
    this.#turn = LISTENING;
  }

  #learn(tokens: TokenCount): void {
    this.#context = addTokens(this.#context, tokens);
  }

  #userDid(event: SpeechEvent): void {
    if (!this.#options.orders.heedsSpeech) return;
    clearTimeout(this.#polite);
    if (event.kind === "started") {
      if (this.#interruptible) this.#interruptSoon();
      return;
    }
    const cause: Cause = { kind: "speech", utterance: event.utterance };
    if (this.#turn.kind === "active" && !this.#interruptible) this.#turn.next = cause;
    else this.#answerSoon(cause);
  }

  /** Some models let the user speak for a moment before they stop. */
  #interruptSoon(): void {
    const { interruptionMs } = this.#options.orders.pace;
    if (interruptionMs === 0) this.#interrupt();
    else this.#polite = setTimeout(() => this.#interrupt(), interruptionMs);
  }

  /** Interrupts first: a text does that in either form, also where speech may not. */
  #answerSoon(cause: Cause): void {
    this.#interrupt();
    this.#think(this.#begin(), cause);
  }

  #begin(): ActiveTurn {
    const turn = newTurn();
    this.#turn = turn;
    this.#updateBusy();
    return turn;
  }

  #think(turn: ActiveTurn, cause: Cause): void {
    const timer = setTimeout(() => this.#answer(turn, cause), this.#speaker.thinkingMs());
    turn.phase = { kind: "thinking", timer };
  }

  #answer(turn: ActiveTurn, cause: Cause, answer?: AnswerKind): void {
    const plan = this.#speaker.plan(cause, answer);
    this.#turns++;
    const delivery = new Delivery(plan, (steps) => this.#perform(turn, steps));
    turn.phase = { kind: "answering", delivery };
    this.#speaker.open(plan);
    delivery.start();
  }

  #perform(turn: ActiveTurn, steps: readonly Step[]): void {
    const contents = steps.flatMap((step) => this.#speaker.contentOf(step));
    const sounds = steps.flatMap((step) => (step.kind === "sound" ? [step.pcm] : []));
    const isFirst = turn.sentSamples === 0 && sounds.length > 0;
    for (const pcm of sounds) {
      turn.sentSamples += pcm.length;
      turn.recent = [...turn.recent, pcm].slice(-MAX_RECENT_CHUNKS);
    }
    turn.refused = steps.some(({ kind }) => kind === "refused");
    if (turn.refused || steps.some(({ kind }) => kind === "played")) this.#complete(turn, contents);
    else this.#speaker.say(contents);
    if (isFirst) this.#options.happened("duringAnswer");
  }

  /** Cuts the turn off, if there is one. Nothing of it is sent any more, unless a fault wants it. */
  #interrupt(): void {
    const turn = this.#turn;
    if (turn.kind === "listening") return;
    const { orders, send } = this.#options;
    const { recent } = turn;
    const unsent = stopPhase(turn.phase);
    this.#interruptions++;
    const ids = this.#tools.cancel(turn.calls);
    if (ids.length > 0) send({ toolCallCancellation: { ids } });
    const tail = orders.takeTail({ late: unsent.length, duplicate: recent.length });
    const strays = tail ? tailOf(tail, { unsent, recent }) : [];
    this.#speaker.say([{ serverContent: { interrupted: true } }]);
    if (tail?.after === "interrupted") this.#speaker.stray(strays);
    this.#end(turn, { interrupted: true });
    if (tail?.after === "turnComplete") this.#speaker.stray(strays);
  }

  /** The turn is over as it should be; what comes next begins. */
  #complete(turn: ActiveTurn, last: readonly ContentMessage[]): void {
    this.#end(turn, { interrupted: false, last });
    if (turn.next) this.#answerSoon(turn.next);
    else this.#tellWaitingResults();
  }

  #end(
    turn: ActiveTurn,
    { interrupted, last = [] }: { interrupted: boolean; last?: readonly ContentMessage[] },
  ): void {
    const response = audioTokens(durationMs(turn.sentSamples, OUTPUT_RATE_HZ));
    const end: ContentMessage = {
      serverContent: {
        turnComplete: true,
        ...(interrupted
          ? {}
          : { turnCompleteReason: turn.refused ? "RESPONSE_REJECTED" : "NEED_MORE_INPUT" }),
        interactionStatus: this.#tools.isPending ? "IN_PROGRESS" : "IDLE",
      },
      usageMetadata: usageOf(this.#context, response),
    };
    this.#speaker.say([...last, end]);
    this.#learn(response);
    this.#turn = LISTENING;
    this.#updateBusy();
  }

  #tellWaitingResults(): void {
    if (this.#turn.kind === "active" || this.#hearing.speaking) return;
    const results = this.#tools.takeWaiting();
    if (results.length > 0) this.#answerSoon(toldBy(results));
  }

  #updateBusy(): void {
    const busy = this.#turn.kind === "active" || this.#tools.isPending;
    if (busy === this.#busy) return;
    this.#busy = busy;
    this.#options.busyChanged(busy);
  }
}

function toldBy(results: readonly string[]): Cause {
  return { kind: "tools", results: results.join("; ") };
}
