import { isAudible } from "./level.ts";
import { ANSWER_RATE, decodePcm, pcmRate } from "./pcm.ts";
import type { ServerContent } from "./server-message.ts";
import type { TurnEvent, TurnState } from "./turn-state.ts";

/**
 * What a message of the model means for the turns, in the order that keeps them whole. Without the end of the turn, which
 * comes after all else that the message holds: see `turnEndOf`.
 * @param turn as it is when the next one is asked for
 */
export function* turnEventsOf(content: ServerContent, turn: () => TurnState): Generator<TurnEvent> {
  if (content.interrupted) yield { kind: "interrupted" };
  for (const { inlineData } of content.modelTurn?.parts ?? []) {
    // Once something of an answer was heard, the rest need not be looked at.
    if (!inlineData?.data || isHeard(turn())) continue;
    const { data, mimeType } = inlineData;
    // At another rate nobody can play it.
    const isPlayable = (pcmRate(mimeType) ?? ANSWER_RATE) === ANSWER_RATE;
    yield { kind: "answer-sound", audible: isPlayable && isAudible(decodePcm(data)) };
  }
  if (content.inputTranscription?.text?.trim()) yield { kind: "user-words" };
  if (content.outputTranscription?.text) yield { kind: "answer-words" };
  if (content.generationComplete) yield { kind: "generated" };
}

export function turnEndOf({ turnComplete, turnCompleteReason }: ServerContent): TurnEvent | undefined {
  if (!turnComplete) return undefined;
  return { kind: "turn-complete", refused: turnCompleteReason?.includes("REJECTED") ?? false };
}

function isHeard({ model, owed }: TurnState): boolean {
  return model.kind === "answering" && model.audible && !owed;
}
