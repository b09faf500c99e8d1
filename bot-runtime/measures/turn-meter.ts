import type { Usage } from "../../protocol/session.ts";
import type { Frame, TurnMetrics } from "../pipeline/frame.ts";
import type { Direction, Observer, Processor, Push } from "../pipeline/processor.ts";

/** The user's sounds closer together than this are one attempt to interrupt. */
const ONE_ATTEMPT_MS = 1_000;

const NO_USAGE: Usage = { promptTokens: 0, responseTokens: 0, totalTokens: 0 };

/**
 * Measures the turns of a conversation. As an observer it sees what happens anywhere in the pipeline; as a processor it
 * tells what it measured, in `turn-metrics`.
 */
export class TurnMeter implements Processor, Observer {
  readonly name = "TurnMeter";
  #push: Push | undefined;
  #turn = 0;
  /** When the user finished what has had no answer yet. Epoch milliseconds, like all of these. */
  #askedAt: number | undefined;
  #ttfbMs: number | undefined;
  /** The end of a turn whose answer is being made. */
  #processedSince: number | undefined;
  #botIsHeard = false;
  #onsetAt: number | undefined;
  #used = NO_USAGE;

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
    switch (frame.type) {
      case "user-stopped-speaking":
      case "turn-ended":
        this.#asked();
        return;
      case "user-message":
        if (frame.respond) this.#asked();
        return;
      case "first-audio":
        this.#ttfbMs = frame.ttfbMs;
        this.#processedSince = this.#askedAt;
        return;
      case "answer-generated":
        this.#generated();
        return;
      case "user-speech-onset":
        this.#onset();
        return;
      case "bot-started-speaking":
        this.#botIsHeard = true;
        this.#answered();
        return;
      case "bot-stopped-speaking":
        this.#botIsHeard = false;
        if (frame.interrupted) this.#interrupted();
        this.#onsetAt = undefined;
        return;
      case "usage":
        this.#use(frame.usage);
    }
  }

  #asked(): void {
    this.#askedAt = Date.now();
    this.#ttfbMs = undefined;
    this.#processedSince = undefined;
  }

  #generated(): void {
    const since = this.#processedSince;
    this.#processedSince = undefined;
    if (since === undefined) return;
    // What is short is made before any of it is heard.
    const turn = this.#askedAt === since ? this.#turn + 1 : this.#turn;
    this.#tell({ turn, processingMs: Date.now() - since });
  }

  #answered(): void {
    if (this.#askedAt === undefined) return;
    const responseMs = Date.now() - this.#askedAt;
    const ttfb = this.#ttfbMs === undefined ? {} : { ttfbMs: this.#ttfbMs };
    this.#askedAt = undefined;
    this.#turn += 1;
    this.#tell({ turn: this.#turn, ...ttfb, responseMs });
  }

  #onset(): void {
    if (!this.#botIsHeard) return;
    const now = Date.now();
    if (this.#onsetAt === undefined || now - this.#onsetAt > ONE_ATTEMPT_MS) this.#onsetAt = now;
  }

  #interrupted(): void {
    if (this.#onsetAt === undefined) return;
    this.#tell({ turn: this.#turn, interruptionMs: Date.now() - this.#onsetAt });
  }

  #use(usage: Usage): void {
    const used = this.#used;
    this.#used = usage;
    this.#tell({
      turn: this.#turn,
      usage: {
        promptTokens: usage.promptTokens - used.promptTokens,
        responseTokens: usage.responseTokens - used.responseTokens,
        totalTokens: usage.totalTokens - used.totalTokens,
      },
    });
  }

  #tell(metrics: TurnMetrics): void {
    this.#push?.({ type: "turn-metrics", ...metrics }, "down");
  }
}
