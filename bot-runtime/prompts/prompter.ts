import type { Frame, SayPurpose } from "../pipeline/frame.ts";
import type { Direction, Observer, Processor, Push } from "../pipeline/processor.ts";

/**
 * Gives the model its cues: what it is to say of its own accord. Stands before it in the chain. As an observer it sees
 * that the model has forgotten the conversation, which is better said than noticed.
 */
export class Prompter implements Processor, Observer {
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

  onFrame(frame: Frame): void {
    if (frame.type !== "assistant-status") return;
    const { status } = frame;
    if (status.kind === "back" && status.memory === "lost") this.say("recovery");
  }

  /** Without effect before `start` and after `stop`. */
  say(purpose: SayPurpose): void {
    this.#push?.({ type: "say", purpose, request: this.#requests[purpose] }, "down");
  }
}
