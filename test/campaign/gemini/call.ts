import { GeminiLive } from "../../../bot-runtime/gemini/gemini-live.ts";
import { createGoogleLiveConnect } from "../../../bot-runtime/gemini/google-live-connect.ts";
import { isAudible } from "../../../bot-runtime/gemini/level.ts";
import { type ModelRules, rulesOf } from "../../../bot-runtime/gemini/model-rules.ts";
import type { GeminiNote } from "../../../bot-runtime/gemini/note.ts";
import type { RuleName } from "../../../bot-runtime/gemini/rules.ts";
import type { Tool } from "../../../bot-runtime/gemini/tools.ts";
import type { Frame } from "../../../bot-runtime/pipeline/frame.ts";
import { Pipeline } from "../../../bot-runtime/pipeline/pipeline.ts";
import type { Processor } from "../../../bot-runtime/pipeline/processor.ts";
import { USUAL_PACE } from "../../../emulators/gemini/core/pace.ts";
import { speechLike } from "../../../emulators/gemini/test-support/signals.ts";
import { randomOf } from "../../support/random.ts";
import { Memory } from "./memory.ts";
import { API_KEY, number, Peer, VERTEX_TOKEN, type WireLog } from "./peer.ts";
import type { Action, PlannedCall, PlannedFault } from "./plan.ts";
import type { SimulatedTime } from "./simulated-time.ts";

/** What was seen of one call, for `judge`. Times are epoch milliseconds. */
export interface CallReport {
  plan: PlannedCall;
  rules: ModelRules;
  startedAt: number;
  endedAt: number;
  wires: WireLog[];
  notes: { at: number; note: GeminiNote }[];
  frames: { at: number; frame: Frame }[];
  /** What the user did, and when they had done it. */
  said: { at: number; kind: "speech" | "text" | "request"; text: string; respond: boolean }[];
  /** Each piece of the user's audio by its number: when it came, and whether it was part of their speech. */
  audio: { at: number; spoken: boolean }[];
  /** How much of each answer was passed on to be heard, in milliseconds, by its number. */
  heardMs: Map<number, number>;
  /** Pieces of an answer that could be heard. */
  audibleAt: number[];
  /** Faults as they happened. */
  faults: { at: number; fault: string }[];
  /** Turns of the user under way. */
  speaking: { from: number; to: number }[];
  /** Functions of ours, by the ids of their calls. */
  tools: { id: string; startedAt: number; endedAt: number | undefined; cancelled: boolean }[];
  memory: Memory;
  leftovers: string[];
}

const FRAME_SAMPLES = 320;
const FRAME_MS = 20;
/** After the last action, for what is still owed. */
const LAST_MS = 3_000;
/** Longest wait for one answer. */
const PATIENCE_MS = 60_000;
/** Speech is made once for all calls. */
const VOICE = speechLike({ ms: 4_000, seed: 7 });
const SILENCE = new Int16Array(FRAME_SAMPLES);

/** Runs one call from its beginning to its end. */
export async function runCall(
  plan: PlannedCall,
  time: SimulatedTime,
  off: ReadonlySet<RuleName> = new Set(),
): Promise<CallReport> {
  return new Call(plan, time, off).run();
}

class Call {
  readonly #plan: PlannedCall;
  readonly #time: SimulatedTime;
  readonly #peer: Peer;
  readonly #gemini: GeminiLive;
  readonly #pipeline: Pipeline;
  readonly #report: CallReport;
  readonly #slowMs: number[] = [];
  #send: (frame: Frame) => void = () => {};
  #faults: PlannedFault[];
  #over = false;
  #words = 0;
  #answering = false;

  constructor(plan: PlannedCall, time: SimulatedTime, off: ReadonlySet<RuleName>) {
    this.#plan = plan;
    this.#time = time;
    this.#faults = [...plan.faults];
    this.#peer = new Peer({ latencyMs: plan.latencyMs, seed: plan.seed });
    this.#peer.registry.setPace({ ...USUAL_PACE, firstAudioMs: plan.firstAudioMs });
    if (plan.toneMs !== undefined) {
      this.#peer.registry.setAnswer({ kind: "tone", hz: 440, durationMs: plan.toneMs, level: 0.3 });
    }
    const memory = new Memory();
    const usual = rulesOf(plan.model, { vertex: plan.vertex });
    const rules = plan.connectionMs === undefined ? usual : { ...usual, connectionMs: plan.connectionMs };
    const random = randomOf(plan.seed);
    const account = plan.vertex
      ? { project: "emulated", location: "us-central1", accessToken: VERTEX_TOKEN }
      : { apiKey: API_KEY };
    this.#report = {
      plan,
      rules,
      startedAt: time.now,
      endedAt: 0,
      wires: this.#peer.log,
      notes: [],
      frames: [],
      said: [],
      audio: [],
      audibleAt: [],
      heardMs: new Map(),
      faults: [],
      speaking: [],
      tools: [],
      memory,
      leftovers: [],
    };
    this.#gemini = new GeminiLive({
      connect: createGoogleLiveConnect({ ...account, openSocket: this.#peer.openSocket }),
      setup: { model: plan.model, language: "en-US", systemInstruction: "RESPOND ONLY IN ENGLISH (US)." },
      tools: [this.#tool()],
      conversation: () => memory.turns,
      modelRules: rules,
      random,
      off,
      onNote: (note) => this.#report.notes.push({ at: time.now, note }),
    });
    const top: Processor = {
      name: "Top",
      start: (push) => {
        this.#send = (frame) => push(frame, "down");
      },
      process: () => {},
    };
    const bottom: Processor = { name: "Bottom", process: (frame) => this.#heard(frame) };
    this.#pipeline = new Pipeline({
      processors: [top, memory.before, this.#gemini, memory.after, bottom],
      onError: (where, thrown) => {
        this.#report.leftovers.push(
          `${where} threw: ${thrown instanceof Error ? thrown.stack : String(thrown)}`,
        );
      },
    });
  }

  async run(): Promise<CallReport> {
    const rejected = (thrown: unknown) => {
      this.#report.leftovers.push(`unhandled rejection: ${String(thrown)}`);
    };
    process.on("unhandledRejection", rejected);
    this.#pipeline.start();
    if (this.#plan.manual) this.#send({ type: "turn-mode", mode: "manual" });
    for (const action of this.#plan.actions) {
      if (this.#over) break;
      await this.#do(action);
    }
    await this.#idle(LAST_MS);
    await this.#finish();
    process.off("unhandledRejection", rejected);
    return this.#report;
  }

  async #finish(): Promise<void> {
    const { leftovers } = this.#report;
    this.#report.endedAt = this.#time.now;
    this.#pipeline.stop();
    await this.#time.pass(1_000);
    // A frozen session holds on to its socket until it wakes.
    const closed = this.#peer.registry.close();
    await this.#time.pass(2_000);
    await closed;
    // Those of the emulator's handshakes that nobody waits for.
    await this.#time.pass(20_000);
    if (this.#time.pending > 0) leftovers.push(`${this.#time.pending} timers`);
    for (const { number: n } of this.#peer.open) leftovers.push(`connection ${n} is open`);
  }

  async #do(action: Action): Promise<void> {
    switch (action.kind) {
      case "speak":
        await this.#speak(action.ms);
        this.#report.said.push({ at: this.#time.now, kind: "speech", text: "", respond: true });
        if (action.waitForAnswer) await this.#untilAnswered();
        return;
      case "write":
        this.#write(action.respond);
        if (action.waitForAnswer) await this.#untilAnswered();
        else await this.#idle(200);
        return;
      case "cough":
        await this.#speak(240);
        await this.#idle(500);
        return;
      case "mute":
        await this.#pass(1_000);
        this.#send({ type: "input-audio-paused" });
        await this.#pass(action.ms);
        return;
      case "wait":
        await this.#idle(action.ms);
        return;
      case "call-tools": {
        this.#slowMs.push(...action.slowMs);
        const calls = action.slowMs.map(() => ({ name: "look", args: {} }));
        this.#peer.registry.inflict({ fault: "toolCall", calls, afterMs: 0, at: "now" });
        await this.#idle(300);
      }
    }
  }

  async #speak(ms: number): Promise<void> {
    const from = this.#time.now;
    const speaking = { from, to: Number.POSITIVE_INFINITY };
    this.#report.speaking.push(speaking);
    if (this.#plan.manual) this.#send({ type: "turn-started" });
    else this.#send({ type: "user-started-speaking" });
    for (let at = 0; at < (ms / FRAME_MS) * FRAME_SAMPLES; at += FRAME_SAMPLES) {
      const place = at % (VOICE.length - FRAME_SAMPLES);
      await this.#frame(VOICE.slice(place, place + FRAME_SAMPLES), true);
    }
    // A local detector notices the end a little later.
    if (this.#plan.manual) this.#send({ type: "turn-ended" });
    else await this.#idle(240);
    speaking.to = this.#time.now;
    if (!this.#plan.manual) this.#send({ type: "user-stopped-speaking" });
  }

  #write(respond: boolean): void {
    this.#words += 1;
    const text = `message ${this.#plan.seed}.${this.#words}.`;
    this.#report.said.push({ at: this.#time.now, kind: "text", text, respond });
    this.#send({ type: "user-message", text, respond });
  }

  /** What the bot has the model say: no part of the conversation, so nobody else remembers it. */
  #ask(): void {
    this.#words += 1;
    const text = `request ${this.#plan.seed}.${this.#words}.`;
    this.#report.said.push({ at: this.#time.now, kind: "request", text, respond: true });
    this.#send({ type: "say", purpose: "idle", request: text });
  }

  /** Waits for an answer that can be heard, and for its end. */
  async #untilAnswered(): Promise<void> {
    const before = this.#report.audibleAt.length;
    const until = this.#time.now + PATIENCE_MS;
    while (!this.#over && this.#report.audibleAt.length === before && this.#time.now < until)
      await this.#idle(200);
    while (!this.#over && this.#answering && this.#time.now < until) await this.#idle(200);
  }

  /** Time passes, and the microphone is on. */
  async #idle(ms: number): Promise<void> {
    for (const until = this.#time.now + ms; this.#time.now < until && !this.#over; ) {
      if (this.#plan.manual) await this.#pass(FRAME_MS);
      else await this.#frame(SILENCE.slice(), false);
    }
  }

  async #frame(pcm: Int16Array, spoken: boolean): Promise<void> {
    this.#send({ type: "input-audio", pcm: number(pcm, this.#report.audio.length) });
    this.#report.audio.push({ at: this.#time.now, spoken });
    await this.#pass(FRAME_MS);
  }

  async #pass(ms: number): Promise<void> {
    for (const until = this.#time.now + ms; this.#time.now < until && !this.#over; ) {
      await this.#time.pass(Math.min(FRAME_MS, until - this.#time.now));
      this.#applyFaults();
    }
  }

  #applyFaults(): void {
    const due = this.#faults.filter(
      ({ atMs, inAnswer }) =>
        this.#time.now - this.#report.startedAt >= atMs && (!inAnswer || this.#answering),
    );
    if (due.length === 0) return;
    this.#faults = this.#faults.filter((fault) => !due.includes(fault));
    for (const { fault } of due) this.#apply(fault);
  }

  #apply(fault: PlannedFault["fault"]): void {
    this.#report.faults.push({ at: this.#time.now, fault: fault.fault });
    switch (fault.fault) {
      case "stuck":
        for (const { session } of this.#peer.open) {
          if (session) this.#peer.registry.setPace({ ...USUAL_PACE, firstAudioMs: 120_000 }, session);
        }
        return;
      case "mute":
        this.#peer.mute = true;
        for (const { session } of this.#peer.open) {
          if (session) {
            this.#peer.inflict({ fault: "emptyTurns", count: 1_000, session, afterMs: 0, at: "now" });
          }
        }
        return;
      case "ask-and-drop":
        this.#ask();
        // While the word is on its way: it takes the latency to arrive.
        for (const { session } of this.#peer.open) {
          if (session) this.#peer.inflict({ fault: "drop", session, afterMs: 1, at: "now" });
        }
        return;
      case "broken":
        this.#peer.broken = fault.how;
        if (fault.forMs !== undefined) {
          setTimeout(() => {
            this.#peer.broken = undefined;
          }, fault.forMs);
        }
        return;
      // Of the sessions that are open now; else the next one would be struck, too.
      case "close":
      case "drop":
      case "freeze":
      case "goAway":
      case "emptyTurns":
      case "silentTurns":
      case "refusedTurns":
        for (const wire of this.#peer.open) {
          if (!wire.session || wire.liveAt === undefined) continue;
          if (fault.fault === "freeze") wire.frozen = { from: this.#time.now, to: this.#time.now + fault.ms };
          this.#peer.registry.inflict({ ...fault, session: wire.session });
        }
        return;
      default:
        this.#peer.registry.inflict(fault);
    }
  }

  #heard(frame: Frame): void {
    const at = this.#time.now;
    if (frame.type === "answer-audio") {
      if (isAudible(frame.pcm)) this.#report.audibleAt.push(at);
      const { heardMs } = this.#report;
      heardMs.set(frame.generation, (heardMs.get(frame.generation) ?? 0) + frame.pcm.length / 24);
      this.#report.frames.push({ at, frame: { ...frame, pcm: new Int16Array(0) } });
    } else this.#report.frames.push({ at, frame });
    if (frame.type === "answer-started") this.#answering = true;
    if (frame.type === "answer-ended") this.#answering = false;
    if (frame.type === "failed") this.#over = true;
    const { tools } = this.#report;
    if (frame.type === "tool-started") {
      tools.push({ id: frame.id, startedAt: at, endedAt: undefined, cancelled: false });
    }
    const tool = "id" in frame ? tools.findLast(({ id }) => id === frame.id) : undefined;
    if (tool && frame.type === "tool-ended") tool.endedAt = at;
    if (tool && frame.type === "tool-cancelled") tool.cancelled = true;
  }

  #tool(): Tool {
    return {
      declaration: { name: "look", description: "Looks." },
      run: (_args, signal) =>
        new Promise((resolve) => {
          const timer = setTimeout(() => resolve({ seen: "nothing" }), this.#slowMs.shift() ?? 0);
          signal.addEventListener("abort", () => {
            clearTimeout(timer);
            resolve({});
          });
        }),
    };
  }
}
