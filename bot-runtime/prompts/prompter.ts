import type { Frame, SayPurpose } from "../pipeline/frame.ts";
import type { Direction, Processor, Push } from "../pipeline/processor.ts";

/** Gives the model its cues: what it is to say of its own accord. Stands before it in the chain. */
export class Prompter implements Processor {
  readonly name = "Prompter";
  readonly #requests: Readonly<Record<SayPurpose, string>>;
  #push: Push | undefined;

  /** @param requests instructions for the model, in the session's language. */
  constructor(requests: Readonly<Record<SayPurpose, string>>) {
    this.#requests = requests;
  }

  start(push: Push): void {
    this.#push = push;
  }

  stop(): void {
    this.#push = undefined;
  }

  process(frame: Frame, direction: Direction, push: Push): void {
    push(frame, direction);
  }

  /** Without effect before `start` and after `stop`. */
  say(purpose: SayPurpose): void {
    this.#push?.({ type: "say", purpose, request: this.#requests[purpose] }, "down");
  }
}
