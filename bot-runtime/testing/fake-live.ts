import type { LiveConnect, LiveConnection, LiveEvents, LiveSetup } from "../gemini/live-connect.ts";
import { LiveConnectError } from "../gemini/live-connect.ts";
import type { ServerContent } from "../gemini/server-message.ts";

/** A conversation in memory. Records every call; a method added to `LiveConnection` and not here does not compile. */
export class FakeLiveConnection implements LiveConnection {
  readonly setup: LiveSetup;
  readonly events: LiveEvents;
  readonly audio: Int16Array[] = [];
  readonly texts: string[] = [];
  /** How many chunks of audio had been sent at each pause. */
  readonly pausedAfter: number[] = [];
  closed = false;
  /** Whether it has room for more audio. */
  hasSpace = true;

  constructor(setup: LiveSetup, events: LiveEvents) {
    this.setup = setup;
    this.events = events;
  }

  sendAudio(pcm: Int16Array): boolean {
    if (this.hasSpace) this.audio.push(pcm);
    return this.hasSpace;
  }

  sendAudioPause(): void {
    this.pausedAfter.push(this.audio.length);
  }

  sendText(text: string): void {
    this.texts.push(text);
  }

  close(): void {
    this.closed = true;
  }

  /** A server message with this content. */
  say(serverContent: ServerContent): void {
    this.events.message({ serverContent });
  }

  /** A server message with this much of an answer's audio. */
  sayAudio(ms = 200): void {
    this.say({ modelTurn: { parts: [audioPart(ms)] } });
  }
}

/** A part of a model turn with silence of this length. */
export function audioPart(ms: number) {
  const data = Buffer.alloc((24_000 * 2 * ms) / 1000).toString("base64");
  return { inlineData: { mimeType: "audio/pcm;rate=24000", data } };
}

/** Gemini in memory. `script` says what the next connects do; `ok` once it is used up. */
export class FakeLive {
  readonly connections: FakeLiveConnection[] = [];
  readonly script: ("ok" | "hang" | "refuse")[];
  aborted = 0;

  constructor(...script: FakeLive["script"]) {
    this.script = script;
  }

  readonly connect: LiveConnect = async (setup, events, signal) => {
    const step = this.script.shift() ?? "ok";
    if (step === "refuse")
      throw new LiveConnectError("refused", "Live connection closed (code 1008): no such model");
    if (step === "hang") {
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      this.aborted += 1;
      throw new LiveConnectError("aborted", "aborted");
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
