import type { StartSignal } from "../protocol/bot-host.ts";
import { describeError, type Log } from "../protocol/log.ts";
import type { TranscriptEntry } from "../protocol/session.ts";
import { AssistantContext } from "./context/assistant-context.ts";
import { UserContext } from "./context/user-context.ts";
import { GeminiLive } from "./gemini/gemini-live.ts";
import { systemInstruction } from "./gemini/instruction.ts";
import type { LiveConnect, LiveSetup } from "./gemini/live-connect.ts";
import { geminiLogEvent } from "./gemini-log.ts";
import type { SessionLogEvent } from "./log-events.ts";
import type { Frame } from "./pipeline/frame.ts";
import { Pipeline } from "./pipeline/pipeline.ts";
import { RoomInput } from "./room-io/room-input.ts";
import { RoomOutput } from "./room-io/room-output.ts";
import { Rtvi } from "./rtvi/rtvi.ts";
import type { SpeechModel } from "./vad/speech-model.ts";

export interface BotPipelineDeps {
  liveConnect: LiveConnect;
  createSpeechModel(): SpeechModel;
  model: string;
  /** When the start signal names no voice. */
  defaultVoice: string | undefined;
  log: Log<SessionLogEvent>;
  /** Every frame, once. */
  onFrame(frame: Frame): void;
  /** Something was said by either side. Also called while the pipeline stops, with the last words. */
  onEntry(entry: Omit<TranscriptEntry, "seq">): void;
}

/** A pipeline that is not started yet, and its two ends, which the room is connected to. */
export interface BotPipeline {
  pipeline: Pipeline;
  input: RoomInput;
  output: RoomOutput;
}

/** The pipeline of one session: `room.input → rtvi → userContext → geminiLive → room.output → assistantContext`. */
export function createBotPipeline(signal: StartSignal, deps: BotPipelineDeps): BotPipeline {
  const { log, onEntry } = deps;
  const input = new RoomInput(deps.createSpeechModel());
  const output = new RoomOutput({
    messageLost: (type) => log({ event: "room.message_lost", level: "warn", type }),
  });
  const rtvi = new Rtvi({
    userId: signal.user.id ?? "",
    events: {
      messageCut: (type, chars) => log({ event: "rtvi.message_cut", level: "warn", type, chars }),
      refused: (detail) => log({ event: "rtvi.refused", detail }),
    },
  });
  const userContext = new UserContext(({ text, at }) => onEntry({ role: "user", text, at: isoTime(at) }));
  const geminiLive = new GeminiLive({
    connect: deps.liveConnect,
    setup: liveSetup(signal, deps),
    onNote: (note) => log(geminiLogEvent(note)),
  });
  const assistantContext = new AssistantContext(({ text, at, interrupted }) => {
    const mark = interrupted ? { interrupted } : {};
    onEntry({ role: "assistant", text, at: isoTime(at), ...mark });
  });
  const pipeline = new Pipeline({
    processors: [input, rtvi, userContext, geminiLive, output, assistantContext],
    // The client is told first: what the bot makes of a frame may be the end of the call.
    observers: [rtvi, { onFrame: (frame) => deps.onFrame(frame) }],
    onError: (where, thrown) =>
      log({ event: "bot.processor_failed", level: "error", where, detail: describeError(thrown) }),
  });
  return { pipeline, input, output };
}

function liveSetup(signal: StartSignal, { model, defaultVoice }: BotPipelineDeps): LiveSetup {
  const { language, metadata, user } = signal;
  const voice = signal.voice ?? defaultVoice;
  return {
    model,
    language,
    ...(voice ? { voice } : {}),
    systemInstruction: systemInstruction({
      language,
      metadata,
      ...(user.name ? { userName: user.name } : {}),
    }),
  };
}

function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
