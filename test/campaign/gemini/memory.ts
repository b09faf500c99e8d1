import type { RememberedTurn } from "../../../bot-runtime/gemini/briefing.ts";
import type { Frame } from "../../../bot-runtime/pipeline/frame.ts";
import type { Direction, Processor, Push } from "../../../bot-runtime/pipeline/processor.ts";

/** Stands at both sides of the model in the pipeline and remembers what was said, in order. */
export class Memory {
  readonly turns: RememberedTurn[] = [];
  #user: RememberedTurn | undefined;
  #assistant: RememberedTurn | undefined;

  readonly before: Processor = {
    name: "MemoryBefore",
    process: (frame: Frame, direction: Direction, push: Push) => {
      if (frame.type === "user-message") this.turns.push({ role: "user", text: frame.text, at: Date.now() });
      if (frame.type === "user-text") this.#userText(frame.text, frame.finished);
      push(frame, direction);
    },
  };

  readonly after: Processor = {
    name: "MemoryAfter",
    process: (frame: Frame, direction: Direction, push: Push) => {
      if (frame.type === "answer-text") {
        this.#assistant ??= this.#added({ role: "assistant", text: "", at: Date.now() });
        this.#assistant.text += frame.text;
      }
      if (frame.type === "answer-ended") {
        if (this.#assistant && frame.interrupted) this.#assistant.interrupted = true;
        this.#assistant = undefined;
      }
      push(frame, direction);
    },
  };

  #userText(text: string, finished: boolean): void {
    this.#user ??= this.#added({ role: "user", text: "", at: Date.now() });
    this.#user.text += text;
    if (finished) this.#user = undefined;
  }

  #added(turn: RememberedTurn): RememberedTurn {
    this.turns.push(turn);
    return turn;
  }
}
