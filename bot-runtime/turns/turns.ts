import { z } from "zod";
import type { ClientResult, Frame } from "../pipeline/frame.ts";
import type { Direction, Observer, Processor, Push } from "../pipeline/processor.ts";
import { PreRoll } from "./pre-roll.ts";
import {
  isTurn,
  MAX_PRE_ROLL_MS,
  modeOf,
  nextTurn,
  TAIL_MS,
  type TurnEffect,
  type TurnEvent,
  type TurnStyle,
  type TurnTaking,
  turnTaking,
} from "./turn-taking.ts";

const PushToTalk = z.object({ active: z.boolean() });
const Talk = z.object({ pressed: z.boolean() });

export interface TurnsOptions {
  /** To begin with. A client may change it. */
  style: TurnStyle;
  /** Nobody listens before the client is ready: what is said until then is no turn. */
  waitsForClient: boolean;
}

/**
 * Tells the model which audio is the user's turn, where it does not find that out by itself. As an observer it knows
 * which answer a press of the button interrupts.
 */
export class Turns implements Processor, Observer {
  readonly name = "Turns";
  readonly #startStyle: TurnStyle;
  readonly #preRoll = new PreRoll(MAX_PRE_ROLL_MS);
  #taking: TurnTaking;
  #listening: boolean;
  #push: Push | undefined;
  #tail: NodeJS.Timeout | undefined;
  /** Those down the chain know that the user speaks. */
  #speechTold = false;
  /** The answer that is being made, and the one that is heard. */
  #made: number | undefined;
  #heard: number | undefined;

  constructor({ style, waitsForClient }: TurnsOptions) {
    this.#startStyle = style;
    this.#taking = turnTaking(style);
    this.#listening = !waitsForClient;
  }

  start(push: Push): void {
    this.#push = push;
    const mode = modeOf(this.#taking);
    if (mode !== "auto") push({ type: "turn-mode", mode }, "down");
  }

  stop(): void {
    this.#push = undefined;
    clearTimeout(this.#tail);
  }

  /** Turns are taken from here on, were the client ready or not. Idempotent. */
  open(): void {
    this.#listening = true;
  }

  onFrame(frame: Frame): void {
    switch (frame.type) {
      case "answer-started":
        this.#made = frame.generation;
        return;
      case "answer-ended":
        if (this.#made === frame.generation) this.#made = undefined;
        return;
      case "bot-started-speaking":
        this.#heard = frame.generation;
        return;
      case "bot-stopped-speaking":
        if (this.#heard === frame.generation) this.#heard = undefined;
    }
  }

  process(frame: Frame, direction: Direction, push: Push): void {
    switch (frame.type) {
      case "input-audio":
        if (this.#isWithheld) this.#preRoll.add(frame.pcm);
        else push(frame, direction);
        return;
      case "input-audio-paused":
        this.#happened({ kind: "muted" });
        this.#preRoll.clear();
        break;
      case "user-started-speaking":
        this.#happened({ kind: "speech-started" });
        if (this.#isNotForUs) return;
        this.#speechTold = true;
        break;
      case "user-stopped-speaking":
        if (this.#isNotForUs && !this.#speechTold) return;
        this.#speechTold = false;
        push(frame, direction);
        this.#happened({ kind: "speech-stopped" });
        return;
      case "user-speech-onset":
        if (this.#isNotForUs) return;
        break;
      case "client-ready":
        this.open();
        break;
      case "client-request": {
        const result = this.#answer(frame.t, frame.d);
        if (!result) break;
        push({ type: "client-response", id: frame.id, t: frame.t, result }, "up");
        return;
      }
    }
    push(frame, direction);
  }

  /** Audio that the model must not get, since it belongs to no turn. */
  get #isWithheld(): boolean {
    return this.#taking.style !== "gemini" && !isTurn(this.#taking);
  }

  /** Who has a button talks to somebody else while it is not pressed. */
  get #isNotForUs(): boolean {
    return this.#taking.style === "push-to-talk" && !isTurn(this.#taking);
  }

  #answer(t: string, d: unknown): ClientResult | undefined {
    switch (t) {
      case "push-to-talk": {
        const asked = PushToTalk.safeParse(d);
        if (!asked.success) return { ok: false, error: "push-to-talk wants {active: boolean}" };
        const { active } = asked.data;
        this.#happened({ kind: "style", style: active ? "push-to-talk" : this.#freeStyle });
        return { ok: true, d: { active } };
      }
      case "talk": {
        const asked = Talk.safeParse(d);
        if (!asked.success) return { ok: false, error: "talk wants {pressed: boolean}" };
        if (this.#taking.style !== "push-to-talk") return { ok: false, error: "Push to talk is off." };
        const { pressed } = asked.data;
        this.#happened({ kind: pressed ? "pressed" : "released" });
        return { ok: true, d: { pressed } };
      }
      default:
        return undefined;
    }
  }

  get #freeStyle(): TurnStyle {
    return this.#startStyle === "push-to-talk" ? "gemini" : this.#startStyle;
  }

  #happened(event: TurnEvent): void {
    if (!this.#listening && event.kind !== "style") return;
    const { taking, effects } = nextTurn(this.#taking, event);
    if (taking === this.#taking) return;
    this.#taking = taking;
    clearTimeout(this.#tail);
    if (taking.style === "push-to-talk" && taking.turn === "tail") {
      this.#tail = setTimeout(() => this.#happened({ kind: "tail-over" }), TAIL_MS);
    }
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: TurnEffect): void {
    switch (effect.kind) {
      case "mode":
        this.#preRoll.clear();
        this.#push?.({ type: "turn-mode", mode: effect.mode }, "down");
        return;
      case "start": {
        const generation = Math.max(this.#heard ?? 0, this.#made ?? 0);
        if (effect.interrupt && generation > 0)
          this.#push?.({ type: "answer-interrupted", generation }, "down");
        this.#push?.({ type: "turn-started" }, "down");
        for (const pcm of this.#preRoll.take(effect.preRollMs))
          this.#push?.({ type: "input-audio", pcm }, "down");
        return;
      }
      case "end":
        this.#push?.({ type: "turn-ended" }, "down");
    }
  }
}
