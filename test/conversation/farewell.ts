import type { Frame } from "../../bot-runtime/pipeline/frame.ts";
import type { Direction, Processor, Push } from "../../bot-runtime/pipeline/processor.ts";

/** Ends the call when the user says goodbye, as soon as the bot has finished what it is saying. */
export class Farewell implements Processor {
  readonly name = "Farewell";

  process(frame: Frame, direction: Direction, push: Push): void {
    push(frame, direction);
    if (frame.type !== "user-transcript" || !frame.final) return;
    if (/\b(goodbye|bye)\b/i.test(frame.text)) {
      push({ type: "end-requested", reason: "stopped", graceful: true }, "down");
    }
  }
}
