import type { RawSocket } from "../../../bot-runtime/gemini/guarded-socket.ts";
import type { Close } from "../../../emulators/gemini/core/closes.ts";
import type { Fault } from "../../../emulators/gemini/faults.ts";
import { enter, liveAddress } from "../../../emulators/gemini/live-door.ts";
import { Registry } from "../../../emulators/gemini/registry.ts";
import { connectInMemory, type Handshake } from "./memory-socket.ts";

/** What the Gemini emulator answers in a campaign, and a record of every word of both sides as it arrived. */

export const API_KEY = "campaign-key";
export const VERTEX_TOKEN = "campaign-token";

/** What went over one connection. Times are epoch milliseconds. */
export interface WireLog {
  number: number;
  /** The emulator's id of the session; none before it has one. */
  session: string | undefined;
  askedAt: number;
  /** When `setupComplete` reached the client. */
  liveAt: number | undefined;
  setup: WireSetup | undefined;
  /** Texts that reached the server, in their order. */
  texts: { at: number; text: string; wantsAnswer: boolean; turns: number }[];
  /** Ids of results that reached it. */
  results: { at: number; id: string }[];
  /** Numbers of the pieces of audio that reached it. */
  audio: Set<number>;
  firstAudioAt: number | undefined;
  /** What reached the client. */
  heard: Heard[];
  /** How the server ended it. */
  closed: { at: number; code: number; reason: string } | undefined;
  frozen: { from: number; to: number } | undefined;
  /** When it ended for the client. */
  leftAt: number | undefined;
}

interface WireSetup {
  handle: string | undefined;
  initialHistory: boolean;
}

export type Heard =
  | { kind: "handle"; at: number; handle: string }
  | { kind: "go-away"; at: number; timeLeftMs: number }
  | { kind: "tool-call"; at: number; ids: string[] }
  | { kind: "turn-complete"; at: number; refused: boolean };

/** What happens to every connection from now on, until it is taken back. */
export type Broken = { kind: "status"; status: number } | { kind: "setup"; close: Close };

export interface PeerOptions {
  latencyMs: number;
  seed: number;
}

export class Peer {
  readonly registry = new Registry(() => {});
  readonly log: WireLog[] = [];
  readonly #latencyMs: number;
  broken: Broken | undefined;
  /** Every session is mute from now on. */
  mute = false;

  constructor({ latencyMs, seed }: PeerOptions) {
    this.#latencyMs = latencyMs;
    this.registry.setSeed(seed);
  }

  /** Connections that are open for the client. */
  get open(): WireLog[] {
    return this.log.filter(({ leftAt }) => leftAt === undefined);
  }

  inflict(fault: Fault): void {
    if (fault.fault === "freeze") {
      for (const wire of this.open) wire.frozen = { from: Date.now(), to: Date.now() + fault.ms };
    }
    this.registry.inflict(fault);
  }

  /** Takes the place of `new WebSocket`. */
  readonly openSocket = (url: string, headers: Record<string, string>): RawSocket => {
    const wire: WireLog = {
      number: this.log.length + 1,
      session: undefined,
      askedAt: Date.now(),
      liveAt: undefined,
      setup: undefined,
      texts: [],
      results: [],
      audio: new Set(),
      firstAudioAt: undefined,
      heard: [],
      closed: undefined,
      frozen: undefined,
      leftAt: undefined,
    };
    this.log.push(wire);
    const socket = connectInMemory(
      {
        latencyMs: this.#latencyMs,
        toServer: (text) => noteClient(wire, text),
        toClient: (frame) => noteServer(wire, frame),
        serverClosed: (code, reason) => {
          wire.closed = { at: Date.now(), code, reason };
        },
      },
      this.#handshake(url, headers, wire),
    );
    socket.on("close", () => {
      wire.leftAt ??= Date.now();
    });
    return socket;
  };

  #handshake(url: string, headers: Record<string, string>, wire: WireLog): Handshake {
    const fault = this.registry.faults.takeHandshake();
    if (this.broken?.kind === "status") return { kind: "status", status: this.broken.status };
    if (fault?.fault === "refuse") return { kind: "status", status: fault.status };
    if (fault?.fault === "resetHandshake") return { kind: "reset" };
    const [path = "", query = ""] = url.replace(/^wss?:\/\/[^/]+/, "").split("?");
    const address = liveAddress(path);
    if (!address) return { kind: "status", status: 404 };
    const lower = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const entry = enter(
      address,
      { headers: lower, query: new URLSearchParams(query) },
      { apiKey: API_KEY, vertexToken: VERTEX_TOKEN, tokens: this.registry.tokens, badKeyCode: 1007 },
    );
    return {
      kind: "accept",
      afterMs: fault?.fault === "slowHandshake" ? fault.ms : 0,
      serve: (socket) => {
        const broken = this.broken?.kind === "setup" ? this.broken.close : undefined;
        const close = entry.kind === "close" ? entry.close : broken;
        if (entry.kind === "close" || close) {
          socket.close(close?.code, close?.reason);
          return;
        }
        this.registry.open(socket, entry);
        wire.session = this.registry.views().at(-1)?.id;
        if (this.mute && wire.session !== undefined) {
          this.inflict({ fault: "emptyTurns", count: 1_000, session: wire.session, afterMs: 0, at: "now" });
        }
      },
    };
  }
}

const AUDIO_FRAME = '{"realtimeInput":{"audio"';

function noteClient(wire: WireLog, text: string): void {
  const at = Date.now();
  if (text.startsWith(AUDIO_FRAME)) {
    wire.firstAudioAt ??= at;
    const data = /"data":"([^"]*)"/.exec(text)?.[1] ?? "";
    wire.audio.add(numberOf(data));
    return;
  }
  const message = JSON.parse(text) as ClientFrame; // the SDK's own words, and the emulator checks them
  if (message.setup) {
    wire.setup = {
      handle: message.setup.sessionResumption?.handle,
      initialHistory: message.setup.historyConfig !== undefined,
    };
  }
  if (message.clientContent) {
    const { turns = [], turnComplete = false } = message.clientContent;
    const words = turns.flatMap(({ parts }) => parts.map((part) => part.text)).join("\n");
    wire.texts.push({ at, text: words, wantsAnswer: turnComplete, turns: turns.length });
  }
  if (message.realtimeInput?.text !== undefined) {
    wire.texts.push({ at, text: message.realtimeInput.text, wantsAnswer: true, turns: 1 });
  }
  for (const { id } of message.toolResponse?.functionResponses ?? []) wire.results.push({ at, id });
}

interface ClientFrame {
  setup?: { sessionResumption?: { handle?: string }; historyConfig?: object };
  clientContent?: { turns?: { parts: { text: string }[] }[]; turnComplete?: boolean };
  realtimeInput?: { text?: string };
  toolResponse?: { functionResponses: { id: string }[] };
}

function noteServer(wire: WireLog, frame: Buffer): void {
  const at = Date.now();
  // Sound is most of it, and is looked at where it comes out.
  if (frame.includes('"inlineData"') && !frame.includes('"turnComplete"')) return;
  const text = frame.toString();
  if (text.includes('"setupComplete"')) wire.liveAt = at;
  const handle = /"newHandle": "([^"]+)"/.exec(text)?.[1];
  if (handle) wire.heard.push({ kind: "handle", at, handle });
  const timeLeft = /"timeLeft": "([\d.]+)s"/.exec(text)?.[1];
  if (timeLeft) wire.heard.push({ kind: "go-away", at, timeLeftMs: Number(timeLeft) * 1_000 });
  if (text.includes('"toolCall"')) {
    const ids = [...text.matchAll(/"id": "([^"]+)"/g)].flatMap(([, id]) => (id ? [id] : []));
    wire.heard.push({ kind: "tool-call", at, ids });
  }
  if (text.includes('"turnComplete"')) {
    wire.heard.push({ kind: "turn-complete", at, refused: text.includes("RESPONSE_REJECTED") });
  }
}

/** Samples at the end of a piece of audio that hold its number, five bits each: far below what can be heard. */
const NUMBER_SAMPLES = 4;
const NUMBER_BASE = 32;

/** Writes a number into the end of a piece of audio. */
export function number(pcm: Int16Array, value: number): Int16Array {
  for (let i = 0, rest = value; i < NUMBER_SAMPLES; i += 1) {
    pcm[pcm.length - 1 - i] = rest % NUMBER_BASE;
    rest = Math.floor(rest / NUMBER_BASE);
  }
  return pcm;
}

function numberOf(base64: string): number {
  const bytes = Buffer.from(base64.slice(-16), "base64");
  let value = 0;
  for (let i = NUMBER_SAMPLES; i >= 1; i -= 1) {
    value = value * NUMBER_BASE + bytes.readInt16LE(bytes.length - 2 * i);
  }
  return value;
}
