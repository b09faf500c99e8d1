import type { FromPage, PageParticipant, ToPage } from "../bridge/control.ts";
import { describe } from "../bridge/describe.ts";
import { MAX_ERROR_TYPE_CHARS, MAX_ID_CHARS, MAX_NAME_CHARS } from "../bridge/limits.ts";
import { inTime } from "../in-time.ts";
import { Warm } from "../warm.ts";
import type { AudioGraph } from "./audio-graph.ts";
import type { Call, CallEvents, CallMaker } from "./call.ts";

/**
 * daily-js loads its call machine, up to three times, and may wait for ever. A call that finds a try under way and
 * then makes one of its own is still within what the host waits for.
 */
const PREPARE_MAX_MS = 9_000;
/** The audio thread answers within milliseconds, as long as it runs. */
const AUDIO_MAX_MS = 3_000;

interface OpenCall {
  slot: number;
  /** Rejected when there is none to be had. */
  opening: Promise<Call>;
  /** Once it is open. */
  call: Call | undefined;
  closing: Promise<void> | undefined;
}

export interface PageCallsOptions {
  graph: AudioGraph;
  slots: number;
  maker: CallMaker;
  tell: (message: FromPage) => void;
}

/** The calls of the page, each in a slot of its own from before it is opened until it is closed. */
export class PageCalls {
  readonly #graph: AudioGraph;
  readonly #slots: number;
  readonly #tell: (message: FromPage) => void;
  readonly #warm: Warm<Call>;
  readonly #calls = new Map<number, OpenCall>();

  constructor({ graph, slots, maker, tell }: PageCallsOptions) {
    this.#graph = graph;
    this.#slots = slots;
    this.#tell = tell;
    this.#warm = new Warm({
      prepare: () =>
        inTime(maker.prepare(graph.context), {
          withinMs: PREPARE_MAX_MS,
          what: "Preparing a call",
          late: (call) => void call.close(),
        }),
      prepared: (ms) => tell({ type: "preloaded", ms }),
      failed: (thrown) => tell({ type: "preload-failed", detail: describe(thrown) }),
    });
  }

  obey(message: ToPage): void {
    switch (message.type) {
      case "open":
        return void this.#openCall(message.call);
      case "join":
        return void this.#join(message);
      case "send":
        this.#calls.get(message.call)?.call?.send(message.data);
        return;
      case "republish":
        this.#calls.get(message.call)?.call?.republish();
        return;
      case "close":
        return void this.#close(message.call);
    }
  }

  async closeAll(): Promise<void> {
    this.#warm.close();
    await Promise.all([...this.#calls.keys()].map((number) => this.#close(number)));
  }

  async #openCall(number: number): Promise<void> {
    const slot = this.#freeSlot();
    if (slot === undefined) return this.#tell({ type: "open-failed", call: number, detail: "No free slot" });
    const opening = this.#prepare(number, slot);
    const entry: OpenCall = { slot, opening, call: undefined, closing: undefined };
    this.#calls.set(number, entry);
    try {
      entry.call = await opening;
      this.#tell({ type: "opened", call: number });
    } catch (thrown) {
      this.#tell({ type: "open-failed", call: number, detail: describe(thrown) });
    }
  }

  async #prepare(number: number, slot: number): Promise<Call> {
    const call = await this.#warm.take();
    try {
      call.attach({ graph: this.#graph, slot, events: this.#eventsOf(number) });
      const opening = this.#graph.open(slot, number, call.output);
      await inTime(opening, { withinMs: AUDIO_MAX_MS, what: "Opening the audio" });
      return call;
    } catch (thrown) {
      this.#graph.close(slot, call.output);
      await call.close();
      throw thrown;
    }
  }

  /** What Daily says may be of any length; the host refuses what is longer than its bounds. */
  #eventsOf(call: number): CallEvents {
    return {
      participantJoined: (participant) =>
        this.#tell({ type: "participant-joined", call, participant: bounded(participant) }),
      participantLeft: (participant) =>
        this.#tell({ type: "participant-left", call, participant: bounded(participant) }),
      appMessage: (data, fromId) => this.#tell({ type: "app-message", call, data, fromId }),
      ended: (errorType, detail) => this.#tellEnded(call, errorType, detail),
    };
  }

  async #join({ call: number, ...options }: Extract<ToPage, { type: "join" }>): Promise<void> {
    const call = this.#calls.get(number)?.call;
    if (!call) return;
    try {
      await call.join(options);
      this.#tell({ type: "joined", call: number });
    } catch (thrown) {
      // Daily says why in its `error` event, which was told before. This is for a failure without one.
      this.#tellEnded(number, "unknown", thrown);
    }
  }

  #tellEnded(call: number, errorType: string, thrown: unknown): void {
    const type = errorType.slice(0, MAX_ERROR_TYPE_CHARS);
    this.#tell({ type: "ended", call, errorType: type, detail: describe(thrown) });
  }

  /** One that is still being opened is waited for: its slot is not free before. */
  async #close(number: number): Promise<void> {
    const entry = this.#calls.get(number);
    if (entry) {
      entry.closing ??= this.#shut(entry);
      await entry.closing;
      this.#calls.delete(number);
    }
    this.#tell({ type: "closed", call: number });
  }

  async #shut({ slot, opening }: OpenCall): Promise<void> {
    const call = await opening.catch(() => undefined);
    if (!call) return;
    this.#graph.close(slot, call.output);
    await call.close();
  }

  #freeSlot(): number | undefined {
    const taken = new Set([...this.#calls.values()].map(({ slot }) => slot));
    for (let slot = 0; slot < this.#slots; slot++) if (!taken.has(slot)) return slot;
    return undefined;
  }
}

function bounded({ id, userId, userName }: PageParticipant): PageParticipant {
  return { id, userId: userId.slice(0, MAX_ID_CHARS), userName: userName.slice(0, MAX_NAME_CHARS) };
}
