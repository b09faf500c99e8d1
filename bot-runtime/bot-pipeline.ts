import type { StartSignal } from "../protocol/bot-host.ts";
import { describeError, type Log } from "../protocol/log.ts";
import type { MuteStep, TranscriptEntry, Usage } from "../protocol/session.ts";
import { AssistantContext } from "./context/assistant-context.ts";
import { Conversation, type ConversationEntry } from "./context/conversation.ts";
import { UserContext } from "./context/user-context.ts";
import { GeminiLive } from "./gemini/gemini-live.ts";
import type { LiveConnect, LiveSetup } from "./gemini/live-connect.ts";
import type { Resumption } from "./gemini/session-options.ts";
import { geminiLogEvent } from "./gemini-log.ts";
import { isUnderWay } from "./legacy.ts";
import type { SessionLogEvent } from "./log-events.ts";
import { TurnMeter } from "./measures/turn-meter.ts";
import { conversationName } from "./persona/conversation-name.ts";
import { createPersona, type Persona } from "./persona/persona.ts";
import type { ClientNotice, Frame } from "./pipeline/frame.ts";
import { Pipeline } from "./pipeline/pipeline.ts";
import { GreetingGate } from "./prompts/greeting-gate.ts";
import { Prompter } from "./prompts/prompter.ts";
import { type InputDetector, RoomInput } from "./room-io/room-input.ts";
import { RoomOutput } from "./room-io/room-output.ts";
import { Rtvi } from "./rtvi/rtvi.ts";
import { turnStyleOf } from "./turns/turn-style.ts";
import { Turns } from "./turns/turns.ts";
import type { VoiceEvents } from "./vad/voice-detector.ts";

export interface BotPipelineDeps {
  liveConnect: LiveConnect;
  /** Closed with the pipeline. */
  openVoiceDetector(events: VoiceEvents): InputDetector;
  model: string;
  /** When the start signal names no voice. */
  defaultVoice: string | undefined;
  /** The operator's own instructions for the model, in place of ours. */
  systemPrompt?: string | undefined;
  log: Log<SessionLogEvent>;
  /** Every frame, once. */
  onFrame(frame: Frame): void;
  /** Something was said by either side. Also called while the pipeline stops, with the last words. */
  onEntry(entry: Omit<TranscriptEntry, "seq">): void;
  /** Tokens that no frame tells of, since nobody has heard what they were for. */
  onUsage(usage: Usage): void;
  /** Something was done against a model that had fallen silent. */
  onMuteStep?(step: MuteStep): void;
  /** What to go on with, asked when the pipeline starts: the bot before has left it. Anew without it. */
  resume?(): Resumption | undefined;
  /** A newer handle for whoever comes after this bot. A credential. */
  onHandle?(handle: string): void;
  /** What was said before this bot came, oldest first. It is no part of the transcript of this one. */
  before?(): readonly ConversationEntry[];
}

/** A pipeline that is not started yet, and its two ends, which the room is connected to. */
export interface BotPipeline {
  pipeline: Pipeline;
  input: RoomInput;
  output: RoomOutput;
  /** Closed after the pipeline. */
  conversation: Conversation;
  prompter: Prompter;
  /** Lets the first words be heard, and the user be listened to, without a `client-ready`. */
  openGate(): void;
  /** Something that only our own clients understand. */
  tellClient(notice: ClientNotice): void;
}

/**
 * The pipeline of one session: `room.input → rtvi → turns → userContext → prompter → gate(geminiLive) → room.output →
 * assistantContext → meter`.
 */
export function createBotPipeline(signal: StartSignal, deps: BotPipelineDeps): BotPipeline {
  const { log, onEntry } = deps;
  const persona = createPersona({
    language: signal.language,
    voice: signal.voice ?? deps.defaultVoice,
    userName: signal.user.name,
    metadata: signal.metadata,
    systemPrompt: deps.systemPrompt,
    log,
  });
  const input = new RoomInput(deps.openVoiceDetector);
  const output = new RoomOutput({
    messageLost: (type) => log({ event: "room.message_lost", level: "warn", type }),
  });
  const rtvi = new Rtvi({
    userId: signal.user.id ?? "",
    measured: ["GeminiLive"],
    client: signal.takeover?.client,
    events: {
      messageCut: (type, chars) => log({ event: "rtvi.message_cut", level: "warn", type, chars }),
      refused: (detail) => log({ event: "rtvi.refused", detail }),
    },
  });
  const conversation = new Conversation(({ at, ...entry }) => onEntry({ ...entry, at: isoTime(at) }));
  const userContext = new UserContext(conversation);
  const firstWords = firstWordsOf(signal, persona);
  // Who has the first word may say it as soon as there is a microphone.
  const waitsForClient = firstWords !== undefined || isUnderWay(signal.takeover);
  const style = turnStyleOf(signal.metadata.turns, log);
  const turns = new Turns({ style, waitsForClient });
  const geminiLive = new GeminiLive({
    connect: deps.liveConnect,
    setup: liveSetup(signal, deps, persona),
    ...(firstWords === undefined ? {} : { greeting: firstWords, greetAt: "connected" }),
    requests: persona.nudges,
    manualTurns: style !== "gemini",
    conversation: () => [...(deps.before?.() ?? []), ...conversation.entries()],
    resume: () => deps.resume?.(),
    onHandle: (handle) => deps.onHandle?.(handle),
    onNote: (note) => {
      log(geminiLogEvent(note));
      if (note.kind === "mute") deps.onMuteStep?.(note.step === "tell-client" ? "told" : note.step);
    },
  });
  const prompter = new Prompter(persona.requests);
  const gate = new GreetingGate(geminiLive, {
    overflowed: () => log({ event: "greeting.overflowed", level: "warn" }),
    usage: deps.onUsage,
  });
  if (!waitsForClient) gate.open();
  const openGate = () => {
    gate.open();
    turns.open();
  };
  const meter = new TurnMeter();
  const assistantContext = new AssistantContext(conversation);
  const pipeline = new Pipeline({
    processors: [input, rtvi, turns, userContext, prompter, gate, output, assistantContext, meter],
    // The client is told first: what the bot makes of a frame may be the end of the call.
    observers: [rtvi, turns, prompter, meter, { onFrame: (frame) => deps.onFrame(frame) }],
    onError: (where, thrown) =>
      log({ event: "bot.processor_failed", level: "error", where, detail: describeError(thrown) }),
  });
  const tellClient = (notice: ClientNotice) => rtvi.tell(notice);
  return { pipeline, input, output, conversation, prompter, openGate, tellClient };
}

/** What the model is asked to say when it is there. Nobody is to notice that a call was handed over. */
function firstWordsOf({ metadata, takeover }: StartSignal, { requests }: Persona): string | undefined {
  if (isUnderWay(takeover)) return takeover?.how === "recovery" ? requests.recovery : undefined;
  return metadata.greet === false ? undefined : requests.greeting;
}

function liveSetup(
  { sessionId, language }: StartSignal,
  { model }: BotPipelineDeps,
  { systemInstruction, voice, transcriptionCodes }: Persona,
): LiveSetup {
  const labels = { conversation: conversationName(sessionId) };
  return { model, language, transcriptionCodes, voice, systemInstruction, labels };
}

function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
