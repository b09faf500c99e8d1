import { OUTPUT_SAMPLE_RATE } from "../pipeline/audio.ts";
import type { AnswerFrame, SpeakingFrame } from "../pipeline/frame.ts";
import { BotOutputs } from "./bot-outputs.ts";
import { BotTranscription } from "./bot-transcription.ts";
import { type BotOutput, MAX_TEXT_JSON_CHARS, RTVI_VERSION, type ServerMessage } from "./messages.ts";
import { splitText } from "./split-text.ts";

/** What a client is told of the bot's answers, from the frames of one session. */
export class AnswerMessages {
  readonly #outputs = new BotOutputs();
  readonly #botTranscription = new BotTranscription();
  #clientVersion = RTVI_VERSION;
  /** The next answer has no voice. */
  #nextIsRead = false;
  /** Newest answer of which audio has come. */
  #voicedUpTo = 0;
  /** Newest answer that was cut off. */
  #interruptedUpTo = 0;

  /** The answer that is being made or heard. */
  get underWay(): number | undefined {
    return this.#outputs.underWay;
  }

  /** In the protocol's version that the client speaks. */
  speak(version: string): void {
    this.#clientVersion = version;
  }

  nextIsRead(): void {
    this.#nextIsRead = true;
  }

  /** What the model makes, ahead of the sound. */
  made(frame: AnswerFrame): ServerMessage[] {
    const { generation } = frame;
    switch (frame.type) {
      case "answer-started":
        this.#outputs.started(generation, { read: this.#nextIsRead });
        // Whatever audio comes of it will not be heard: to the client it has none.
        if (this.#nextIsRead) this.#voicedUpTo = generation;
        this.#nextIsRead = false;
        return [{ type: "bot-llm-started" }];
      case "answer-audio":
        this.#outputs.audio(generation, (frame.pcm.length * 1_000) / OUTPUT_SAMPLE_RATE);
        if (generation <= this.#voicedUpTo) return [];
        this.#voicedUpTo = generation;
        return [{ type: "bot-tts-started" }];
      case "answer-text":
        return this.#textMessages(generation, frame.text);
      case "answer-interrupted": {
        this.#outputs.interrupted(generation);
        // Told once, though both we and the model may say so.
        if (generation <= this.#interruptedUpTo) return [];
        this.#interruptedUpTo = generation;
        return [{ type: "bot-interrupted" }];
      }
      case "answer-generated":
        return this.#outputMessages(this.#outputs.generated(generation));
      case "answer-ended":
        return [
          ...(frame.interrupted ? [] : this.#sentenceMessages(this.#botTranscription.ended(generation))),
          ...(generation <= this.#voicedUpTo ? [{ type: "bot-tts-stopped" } as const] : []),
          { type: "bot-llm-stopped" },
          ...this.#outputMessages(this.#outputs.ended(generation, frame.interrupted)),
        ];
    }
  }

  /** What the far end hears of it. */
  heard(frame: SpeakingFrame): ServerMessage[] {
    const { generation } = frame;
    switch (frame.type) {
      case "bot-started-speaking":
        return [{ type: frame.type }, ...this.#outputMessages(this.#outputs.heard(generation))];
      case "bot-heard":
        return this.#outputMessages(this.#outputs.progress(generation, frame.playedMs));
      case "bot-stopped-speaking":
        return [{ type: frame.type }, ...this.#outputMessages(this.#outputs.silent(generation, frame))];
    }
  }

  #textMessages(generation: number, text: string): ServerMessage[] {
    const outputs = this.#outputs.text(generation, text);
    if (!outputs) return [];
    return [
      ...splitText(text, MAX_TEXT_JSON_CHARS).flatMap((piece): ServerMessage[] => [
        { type: "bot-llm-text", data: { text: piece } },
        { type: "bot-tts-text", data: { text: piece } },
      ]),
      ...this.#sentenceMessages(this.#botTranscription.text(generation, text)),
      ...this.#outputMessages(outputs),
    ];
  }

  #sentenceMessages(sentences: string[]): ServerMessage[] {
    return sentences.map((text) => ({ type: "bot-transcription", data: { text } }));
  }

  /** Clients of protocol 1 know no status: they get each sentence once, when it begins. */
  #outputMessages(outputs: BotOutput[]): ServerMessage[] {
    if (!this.#clientVersion.startsWith("1.")) return outputs.map((data) => ({ type: "bot-output", data }));
    return outputs
      .filter(({ spoken_status }) => spoken_status === undefined || spoken_status === "new")
      .map(({ text, aggregated_by, will_be_spoken }) => ({
        type: "bot-output",
        data: { text, aggregated_by, spoken: will_be_spoken },
      }));
  }
}
