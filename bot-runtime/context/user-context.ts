import type { Frame } from "../pipeline/frame.ts";
import type { Direction, Processor, Push } from "../pipeline/processor.ts";
import type { Conversation, ConversationEntry } from "./conversation.ts";

/** Gemini does not reliably say where a transcription ends: this much quiet ends it (Pipecat's figure). */
const QUIET_MS = 500;
/** An utterance longer than this is split, so that no text grows without end. Some minutes of speech. */
const MAX_UTTERANCE_CHARS = 4_000;
/** Transcription lags up to 2 s behind. A sound that has no words so long after its end was a cough. */
const MAX_LAG_MS = 5_000;

/** An utterance under way. `at`: epoch milliseconds of its beginning. */
interface Utterance {
  text: string;
  at: number;
}

/** Speech that is not transcribed yet, in epoch milliseconds. It has no end while it lasts. */
interface Heard {
  beganAt: number;
  endedAt?: number;
}

/** Gathers the fragments of what the user says into utterances. What the user writes is one as it is. */
export class UserContext implements Processor {
  readonly name = "UserContext";
  readonly #conversation: Conversation;
  #push: Push | undefined;
  #utterance: Utterance | undefined;
  #heard: Heard | undefined;
  #quiet: NodeJS.Timeout | undefined;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
    conversation.addSource(() => (this.#utterance ? entriesOf(this.#utterance) : []));
  }

  start(push: Push): void {
    this.#push = push;
  }

  process(frame: Frame, direction: Direction, push: Push): void {
    switch (frame.type) {
      case "user-text":
        this.#add(frame.text, frame.finished);
        return;
      case "user-message":
        this.#finish();
        for (const entry of entriesOf({ text: frame.text, at: Date.now() })) this.#conversation.add(entry);
        break;
      case "user-started-speaking":
        this.#heard = { beganAt: this.#heardAt(Date.now()) ?? Date.now() };
        this.#conversation.expect("user", this.#heard.beganAt);
        break;
      case "user-stopped-speaking":
        if (this.#heard) this.#heard.endedAt = Date.now();
        break;
    }
    push(frame, direction);
  }

  /** What was said last may still lack its end; it was said all the same. */
  stop(): void {
    this.#finish();
    this.#push = undefined;
  }

  #add(text: string, finished: boolean): void {
    const utterance = this.#utterance ?? { text: "", at: this.#saidAt() };
    utterance.text += text;
    this.#utterance = utterance;
    clearTimeout(this.#quiet);
    if (finished || utterance.text.length >= MAX_UTTERANCE_CHARS) {
      this.#finish();
      return;
    }
    this.#quiet = setTimeout(() => this.#finish(), QUIET_MS);
    const soFar = utterance.text.trim();
    if (!soFar) return;
    this.#conversation.expect("user", utterance.at);
    this.#push?.({ type: "user-transcript", text: soFar, at: utterance.at, final: false }, "up");
  }

  #finish(): void {
    clearTimeout(this.#quiet);
    const utterance = this.#utterance;
    this.#utterance = undefined;
    const [entry] = utterance ? entriesOf(utterance) : [];
    if (!entry) return;
    const { text, at } = entry;
    this.#heard = undefined;
    this.#conversation.add(entry);
    this.#push?.({ type: "user-transcript", text, at, final: true }, "up");
  }

  /** When the speech began that is transcribed next, if the local detector heard it. */
  #heardAt(now: number): number | undefined {
    if (!this.#heard) return undefined;
    const { beganAt, endedAt = now } = this.#heard;
    return now - endedAt > MAX_LAG_MS ? undefined : beganAt;
  }

  #saidAt(): number {
    const now = Date.now();
    const heardAt = this.#heardAt(now);
    if (heardAt !== undefined) return heardAt;
    // Words that nobody heard, and that come with an answer, are what it answers.
    const { answerBeganAt } = this.#conversation;
    const answered = answerBeganAt !== undefined && now - answerBeganAt <= MAX_LAG_MS;
    return answered ? answerBeganAt - 1 : now;
  }
}

function entriesOf({ text, at }: Utterance): ConversationEntry[] {
  const said = text.trim();
  return said ? [{ role: "user", text: said, at }] : [];
}
