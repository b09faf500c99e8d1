import type { SpeakingFrame } from "../pipeline/frame.ts";

/**
 * Whether the far end hears the bot, from what was queued and what the room played.
 *
 * `starved`: all that was queued has been played, though the answer is not complete; its next audio will come.
 * To the listener that is a pause within the answer, not its end.
 */
export type Voice =
  | { kind: "silent" }
  | { kind: "speaking"; generation: number }
  | { kind: "starved"; generation: number; playedMs: number };

/** Generations only count up, so a number says all about those below it. */
export interface BotSpeech {
  voice: Voice;
  /** Newest generation of which audio was queued. */
  queuedUpTo: number;
  /** Newest generation whose audio is complete. */
  completeUpTo: number;
  /** Newest generation that is over for the listener: played to its end, starved out or flushed. */
  overUpTo: number;
  /** Newest generation that was cancelled: what still comes of it is not to be heard. */
  cancelledUpTo: number;
}

export type BotSpeechEvent =
  /** Audio of a generation that was not cancelled. */
  | { kind: "queued"; generation: number }
  | { kind: "cancelled"; generation: number }
  | { kind: "complete"; generation: number }
  | { kind: "started"; generation: number }
  | { kind: "progress"; generation: number; playedMs: number }
  | { kind: "drained"; generation: number; playedMs: number }
  | { kind: "flushed"; generation: number; playedMs: number }
  /** Starved for so long that the listener takes it for the end. */
  | { kind: "starved-out" };

export const SILENT: BotSpeech = {
  voice: { kind: "silent" },
  queuedUpTo: 0,
  completeUpTo: 0,
  overUpTo: 0,
  cancelledUpTo: 0,
};

/** Whether an answer is under way: the listener hears it now, or would next. */
export function isAnswering(speech: BotSpeech): boolean {
  return speech.queuedUpTo > Math.max(speech.overUpTo, speech.cancelledUpTo);
}

export function nextSpeech(
  speech: BotSpeech,
  event: BotSpeechEvent,
): { speech: BotSpeech; said: SpeakingFrame[] } {
  const { voice } = speech;
  switch (event.kind) {
    case "queued":
      return same({
        ...speech,
        queuedUpTo: Math.max(speech.queuedUpTo, event.generation),
        // An answer that had starved for so long that it was taken to be over goes on.
        overUpTo: Math.min(speech.overUpTo, event.generation - 1),
      });
    case "cancelled":
      return same({ ...speech, cancelledUpTo: Math.max(speech.cancelledUpTo, event.generation) });
    case "started": {
      const next: BotSpeech = { ...speech, voice: { kind: "speaking", generation: event.generation } };
      if (voice.kind !== "silent" && voice.generation === event.generation) return same(next);
      const said: SpeakingFrame[] = [{ type: "bot-started-speaking", generation: event.generation }];
      if (voice.kind !== "silent") said.unshift(stopped(voice.generation, playedOf(voice), false));
      return { speech: next, said };
    }
    case "progress": {
      const { generation, playedMs } = event;
      const isHeard = voice.kind === "speaking" && voice.generation === generation;
      return { speech, said: isHeard ? [{ type: "bot-heard", generation, playedMs }] : [] };
    }
    case "drained": {
      if (voice.kind === "silent" || voice.generation !== event.generation) return same(speech);
      const complete = speech.completeUpTo >= event.generation;
      if (complete) return over(speech, event, false);
      return same({ ...speech, voice: { ...event, kind: "starved" } });
    }
    case "complete": {
      const next = { ...speech, completeUpTo: Math.max(speech.completeUpTo, event.generation) };
      if (voice.kind === "starved" && voice.generation <= event.generation) return over(next, voice, false);
      return same(next);
    }
    case "flushed": {
      if (voice.kind !== "silent" && voice.generation <= event.generation) return over(speech, event, true);
      return same({ ...speech, overUpTo: Math.max(speech.overUpTo, event.generation) });
    }
    case "starved-out":
      return voice.kind === "starved" ? over(speech, voice, false) : same(speech);
  }
}

function over(
  speech: BotSpeech,
  { generation, playedMs }: { generation: number; playedMs: number },
  interrupted: boolean,
): { speech: BotSpeech; said: SpeakingFrame[] } {
  return {
    speech: { ...speech, voice: { kind: "silent" }, overUpTo: Math.max(speech.overUpTo, generation) },
    said: [stopped(generation, playedMs, interrupted)],
  };
}

function stopped(generation: number, playedMs: number, interrupted: boolean): SpeakingFrame {
  return { type: "bot-stopped-speaking", generation, playedMs, interrupted };
}

function playedOf(voice: Voice): number {
  return voice.kind === "starved" ? voice.playedMs : 0;
}

function same(speech: BotSpeech): { speech: BotSpeech; said: SpeakingFrame[] } {
  return { speech, said: [] };
}
