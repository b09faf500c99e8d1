import type {
  ConnectionSetup,
  LiveConnect,
  LiveConnection,
  LiveEvents,
  ToolResult,
  Turn,
} from "../gemini/live-connect.ts";
import { LiveConnectError } from "../gemini/live-connect.ts";
import type { ServerContent } from "../gemini/server-message.ts";

/** A conversation in memory. Records every call; a method added to `LiveConnection` and not here does not compile. */
export class FakeLiveConnection implements LiveConnection {
  readonly setup: ConnectionSetup;
  readonly events: LiveEvents;
  readonly audio: Int16Array[] = [];
  /** Texts that want an answer. */
  readonly texts: string[] = [];
  /** Everything but audio, in order. */
  readonly sent: (
    | { kind: "content"; turns: readonly Turn[]; complete: boolean }
    | { kind: "realtime-text"; text: string }
    | { kind: "tool-results"; results: readonly ToolResult[] }
    | { kind: "turn-start" | "turn-end" | "pause" | "ping"; audioBefore: number }
  )[] = [];
  /** How many chunks of audio had been sent at each pause. */
  readonly pausedAfter: number[] = [];
  closed = false;
  retired = false;
  /** Whether it has room for more audio. */
  hasSpace = true;
  readonly #goodbye = Promise.withResolvers<void>();
  /** Whether it answers a goodbye, and a ping. */
  polite = true;
  alive = true;

  constructor(setup: ConnectionSetup, events: LiveEvents) {
    this.setup = setup;
    this.events = events;
  }

  sendAudio(pcm: Int16Array): boolean {
    if (this.hasSpace) this.audio.push(pcm);
    return this.hasSpace;
  }

  sendAudioPause(): void {
    this.pausedAfter.push(this.audio.length);
    this.sent.push({ kind: "pause", audioBefore: this.audio.length });
  }

  sendTurnStart(): void {
    this.sent.push({ kind: "turn-start", audioBefore: this.audio.length });
  }

  sendTurnEnd(): void {
    this.sent.push({ kind: "turn-end", audioBefore: this.audio.length });
  }

  sendContent(turns: readonly Turn[], complete: boolean): void {
    this.sent.push({ kind: "content", turns, complete });
    const text = turns.at(-1)?.text;
    if (complete && text !== undefined) this.texts.push(text);
  }

  sendRealtimeText(text: string): void {
    this.sent.push({ kind: "realtime-text", text });
    this.texts.push(text);
  }

  sendToolResults(results: readonly ToolResult[]): void {
    this.sent.push({ kind: "tool-results", results });
  }

  ping(): void {
    this.sent.push({ kind: "ping", audioBefore: this.audio.length });
    if (this.alive) this.events.pong?.();
  }

  retire(): Promise<void> {
    this.retired = true;
    if (this.polite) this.close();
    return this.#goodbye.promise;
  }

  close(): void {
    this.closed = true;
    this.#goodbye.resolve();
  }

  /** A server message with this content. */
  say(serverContent: ServerContent): void {
    this.events.message({ serverContent });
  }

  /** A server message with this much of an answer's audio, which can be heard. */
  sayAudio(ms = 200): void {
    this.say({ modelTurn: { parts: [audioPart(ms)] } });
  }

  /** The connection ends from the other side. */
  end(code: number, reason = ""): void {
    this.closed = true;
    this.events.ended({ kind: "closed", code, reason });
  }

  giveHandle(newHandle: string): void {
    this.events.message({ sessionResumptionUpdate: { newHandle, resumable: true } });
  }
}

/** A part of a model turn with sound of this length: a square wave at this level, where 1 is full scale. */
export function audioPart(ms: number, level = 0.1) {
  const pcm = Int16Array.from({ length: (24_000 * ms) / 1000 }, (_, i) =>
    Math.round(level * 32_767 * (Math.floor(i / 60) % 2 === 0 ? 1 : -1)),
  );
  return {
    inlineData: { mimeType: "audio/pcm;rate=24000", data: Buffer.from(pcm.buffer).toString("base64") },
  };
}

/**
 * What a connect does: `refuse` for a reason that time does not change, `unavailable` for one that it may, `hang`
 * until it is given up.
 */
export type FakeConnect = "ok" | "hang" | "refuse" | "unavailable" | { code: number; reason: string };

/** Gemini in memory. `script` says what the next connects do; `ok` once it is used up. */
export class FakeLive {
  readonly connections: FakeLiveConnection[] = [];
  readonly script: FakeConnect[];
  /** The setups of all connects, also of those that were refused. */
  readonly setups: ConnectionSetup[] = [];
  aborted = 0;

  constructor(...script: FakeConnect[]) {
    this.script = script;
  }

  readonly connect: LiveConnect = async (setup, events, signal) => {
    this.setups.push(setup);
    const step = this.script.shift() ?? "ok";
    if (step === "refuse") {
      throw refusal(1008, "models/m is not found for API version v1beta");
    }
    if (step === "unavailable") throw refusal(1011, "The service is currently unavailable.");
    if (typeof step === "object") throw refusal(step.code, step.reason);
    if (step === "hang") {
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      this.aborted += 1;
      throw new LiveConnectError({ kind: "aborted" }, "aborted");
    }
    const connection = new FakeLiveConnection(setup, events);
    this.connections.push(connection);
    return connection;
  };

  /** The newest connection. */
  get connection(): FakeLiveConnection {
    const connection = this.connections.at(-1);
    if (!connection) throw new Error("Nothing was connected.");
    return connection;
  }
}

function refusal(code: number, reason: string): LiveConnectError {
  return new LiveConnectError({ kind: "closed", code, reason }, `${code}: ${reason}`);
}
