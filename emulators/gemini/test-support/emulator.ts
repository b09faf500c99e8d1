import {
  GoogleGenAI,
  type LiveConnectConfig,
  type LiveServerMessage,
  Modality,
  type Session,
} from "@google/genai";
import { expect, onTestFinished, vi } from "vitest";
import { WebSocket } from "ws";
import { EMULATED_GEMINI_KEY } from "../../../protocol/development.ts";
import type { LoggedMessage } from "../core/message-log.ts";
import { bytesOf, samplesOf } from "../core/pcm.ts";
import type { SessionView } from "../core/session-view.ts";
import { type GeminiEmulatorOptions, startGeminiEmulator } from "../server.ts";
import { EMULATED_VERTEX_TOKEN } from "../settings.ts";
import { LIVE_PATH } from "./paths.ts";
import { LIVE_38 } from "./setups.ts";

export const CONFIG: LiveConnectConfig = {
  responseModalities: [Modality.AUDIO],
  inputAudioTranscription: { languageCodes: ["en-US"] },
  outputAudioTranscription: {},
};

export interface ConnectOptions {
  apiKey?: string;
  model?: string;
  apiVersion?: string;
  /** At the address of Vertex, with its token and not with a key. */
  vertex?: boolean;
}

/** An emulator on a free port, and what tests do with it. Whoever starts it closes it. */
export async function startTestEmulator(options: Omit<GeminiEmulatorOptions, "port"> = {}) {
  const emulator = await startGeminiEmulator({ ...options, port: 0 });
  const { url } = emulator;

  function client(apiKey: string = EMULATED_GEMINI_KEY, apiVersion = "v1beta"): GoogleGenAI {
    return new GoogleGenAI({ apiKey, httpOptions: { baseUrl: url, apiVersion } });
  }

  function vertexClient(token: string = EMULATED_VERTEX_TOKEN): GoogleGenAI {
    return new GoogleGenAI({
      vertexai: true,
      project: "emulated",
      location: "us-central1",
      // So that it looks for no account on this machine and asks no server; the emulator looks at the header alone.
      googleAuthOptions: { apiKey: "none", projectId: "emulated" },
      httpOptions: { baseUrl: url, headers: { Authorization: `Bearer ${token}` } },
    });
  }

  /** The official client, with all that it heard. It is closed when the test ends. */
  async function connect(
    config = CONFIG,
    { apiKey, model = "gemini-3.8-live", apiVersion, vertex = false }: ConnectOptions = {},
  ) {
    const messages: LiveServerMessage[] = [];
    const closes: { code: number; reason: string }[] = [];
    const session: Session = await (vertex ? vertexClient() : client(apiKey, apiVersion)).live.connect({
      model,
      // A copy, since the client writes into it.
      config: structuredClone(config),
      callbacks: {
        onmessage: (message) => messages.push(message),
        onclose: ({ code, reason }) => closes.push({ code, reason }),
      },
    });
    onTestFinished(async () => {
      session.close();
      await vi.waitFor(() => expect(closes).toHaveLength(1));
    });
    return { session, messages, closes };
  }

  /** A bare WebSocket, with the frames that it got and how it was closed. */
  async function openSocket({
    path = `${LIVE_PATH}?key=${EMULATED_GEMINI_KEY}`,
    headers = {},
  }: {
    path?: string;
    headers?: Record<string, string>;
  } = {}) {
    const socket = new WebSocket(`${url}${path}`, { headers });
    onTestFinished(() => socket.terminate());
    const frames: { data: string; isBinary: boolean }[] = [];
    socket.on("message", (data, isBinary) => frames.push({ data: data.toString(), isBinary }));
    const closed = new Promise<{ code: number; reason: string }>((resolve) => {
      socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    await new Promise((resolve, reject) => {
      socket.on("open", resolve);
      socket.on("error", reject);
    });
    const tell = (message: object) => socket.send(JSON.stringify(message));
    return { socket, frames, closed, tell };
  }

  /** A bare WebSocket whose setup is complete. */
  async function openSession(setup: object = {}, options: Parameters<typeof openSocket>[0] = {}) {
    const opened = await openSocket(options);
    opened.tell({ setup: { model: LIVE_38, ...setup } });
    await vi.waitFor(() => expect(opened.frames[0]?.data).toContain("setupComplete"));
    return opened;
  }

  /** With which status a handshake is refused, and the body of the refusal. */
  function refusedHandshake(path: string, headers: Record<string, string> = {}) {
    return new Promise<{ status: number | undefined; body: unknown }>((resolve, reject) => {
      const socket = new WebSocket(`${url}${path}`, { headers });
      socket.on("open", () => {
        socket.terminate();
        reject(new Error("The handshake was not refused."));
      });
      socket.on("unexpected-response", (_request, response) => {
        response.toArray().then((chunks) => {
          resolve({ status: response.statusCode, body: JSON.parse(Buffer.concat(chunks).toString()) });
        }, reject);
      });
    });
  }

  function post(path: string, body: unknown): Promise<Response> {
    return fetch(`${url}/_emulator/${path}`, { method: "POST", body: JSON.stringify(body) });
  }

  async function sessions(): Promise<SessionView[]> {
    const response = await fetch(`${url}/_emulator/sessions`);
    return (await response.json()) as SessionView[]; // the emulator's own type, which it was made from
  }

  async function newestSession(): Promise<SessionView> {
    const newest = (await sessions()).at(-1);
    if (!newest) throw new Error("no session");
    return newest;
  }

  async function recording(id: string, part: "audio" | "sent"): Promise<Int16Array> {
    const response = await fetch(`${url}/_emulator/sessions/${id}/${part}`);
    return samplesOf(await response.bytes()) ?? new Int16Array(0);
  }

  async function messages(id: string): Promise<LoggedMessage[]> {
    const response = await fetch(`${url}/_emulator/sessions/${id}/messages`);
    return (await response.json()) as LoggedMessage[]; // the emulator's own type, which it was made from
  }

  return {
    ...emulator,
    messages,
    client,
    vertexClient,
    connect,
    openSocket,
    openSession,
    refusedHandshake,
    post,
    sessions,
    newestSession,
    recording,
  };
}

/** From here to the end of the test the emulator's time stands still, but for what `pass` lets pass. */
export function holdTime(): void {
  // Not setImmediate and not Date: sockets and their clients go on.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
}

/** So much time at once, with every frame of it delivered to whoever reads, since both ends are in this process. */
export async function pass(ms: number): Promise<void> {
  vi.advanceTimersByTime(ms);
  await deliver();
}

const STEP_MS = 20;
const MAX_WAIT_MS = 60_000;

/** Lets time pass until it is so. @throws Error when a minute has not been enough */
export async function passUntil(isSo: () => boolean): Promise<void> {
  for (let waitedMs = 0; !isSo(); waitedMs += STEP_MS) {
    if (waitedMs > MAX_WAIT_MS) throw new Error(`It has not come true: ${isSo}`);
    await pass(STEP_MS);
  }
}

/** A frame takes a turn of the event loop to leave, one to arrive, and one to be read; twice that for a call and its answer. */
async function deliver(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** The sound in messages, chunk by chunk. */
export function audioOf(messages: LiveServerMessage[]): Int16Array[] {
  return messages
    .flatMap((message) => message.serverContent?.modelTurn?.parts ?? [])
    .map((part) => samplesOf(Buffer.from(part.inlineData?.data ?? "", "base64")) ?? new Int16Array(0));
}

export function samplesIn(chunks: Int16Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}

/** What the model said, by its transcription. */
export function textOf(messages: LiveServerMessage[]): string {
  return messages.map(({ serverContent }) => serverContent?.outputTranscription?.text ?? "").join("");
}

/** Sends 16 kHz sound in 20 ms frames, as fast as it goes: the emulator counts time by samples. */
export function speak(session: Session, pcm: Int16Array): void {
  for (let at = 0; at < pcm.length; at += 320) {
    const data = bytesOf(pcm.subarray(at, at + 320)).toString("base64");
    session.sendRealtimeInput({ audio: { data, mimeType: "audio/pcm;rate=16000" } });
  }
}

export function is(field: "interrupted" | "generationComplete" | "turnComplete") {
  return (message: LiveServerMessage): boolean => message.serverContent?.[field] === true;
}
