/**
 * A user's page: the official client and transport, unmodified. Its microphone plays what a test tells it to,
 * and what comes out of the speaker is recorded.
 */
import { PipecatClient, RTVIEvent } from "@pipecat-ai/client-js";
import { DailyTransport } from "@pipecat-ai/daily-transport";

const SAMPLE_RATE = 48_000;

const RECORDER = `
registerProcessor("recorder", class extends AudioWorkletProcessor {
  process([[samples]]) {
    if (samples) this.port.postMessage(samples.slice());
    return true;
  }
});`;

/** Events that tests look at, with the page's clock. */
interface SeenEvent {
  name: string;
  atMs: number;
  data: unknown;
}

const context = new AudioContext({ sampleRate: SAMPLE_RATE });
const microphone = context.createMediaStreamDestination();
const heard: Float32Array[] = [];
const events: SeenEvent[] = [];
let heardSinceMs: number | undefined;
let client: PipecatClient | undefined;

// The microphone is the one thing that is not real: its track carries what `speak` plays.
const openDevice = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (constraints) => {
  const opened = await openDevice(constraints);
  if (!constraints?.audio) return opened;
  for (const track of opened.getAudioTracks()) {
    track.stop();
    opened.removeTrack(track);
  }
  for (const track of microphone.stream.getAudioTracks()) opened.addTrack(track.clone());
  return opened;
};

async function record(track: MediaStreamTrack): Promise<void> {
  const stream = new MediaStream([track]);
  // Without a media element that plays it, Chromium hands out a remote track as silence.
  const element = new Audio();
  element.muted = true;
  element.srcObject = stream;
  await element.play();
  const recorder = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 0 });
  recorder.port.onmessage = ({ data }: MessageEvent<Float32Array>) => {
    heardSinceMs ??= performance.now();
    heard.push(data);
  };
  context.createMediaStreamSource(stream).connect(recorder);
}

/** What was heard from sample `from` on. */
function heardSince(from: number): Float32Array[] {
  let start = 0;
  return heard.flatMap((part) => {
    const skip = from - start;
    start += part.length;
    return skip >= part.length ? [] : [part.subarray(Math.max(0, skip))];
  });
}

function toBase64(samples: Float32Array[]): string {
  const length = samples.reduce((sum, part) => sum + part.length, 0);
  const pcm = new Int16Array(length);
  let at = 0;
  for (const part of samples) {
    for (const sample of part) {
      pcm[at] = Math.max(-1, Math.min(1, sample)) * 32_767;
      at += 1;
    }
  }
  const bytes = new Uint8Array(pcm.buffer);
  let text = "";
  for (let from = 0; from < bytes.length; from += 8192)
    text += String.fromCharCode(...bytes.subarray(from, from + 8192));
  return btoa(text);
}

const api = {
  /** Connects and resolves with what `connect()` resolved with. */
  async connect(endpoint: string, bundlePathOverride: string): Promise<unknown> {
    await context.resume();
    await context.audioWorklet.addModule(
      URL.createObjectURL(new Blob([RECORDER], { type: "text/javascript" })),
    );
    client = new PipecatClient({
      transport: new DailyTransport({ dailyConfig: { bundlePathOverride } }),
      enableMic: true,
      enableCam: false,
    });
    for (const name of Object.values(RTVIEvent)) {
      if (/audioLevel/i.test(name)) continue;
      client.on(name, (...args: unknown[]) => {
        events.push({ name, atMs: performance.now(), data: jsonable(args[0]) });
      });
    }
    client.on(RTVIEvent.TrackStarted, (track, participant) => {
      if (participant && !participant.local && track.kind === "audio") void record(track);
    });
    return jsonable(await client.startBotAndConnect({ endpoint }));
  },

  /** Plays s16 samples (base64, mono) into the microphone; resolves when the last one was played. */
  async speak(base64: string, sampleRate: number): Promise<void> {
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    const samples = new Int16Array(bytes.buffer);
    const buffer = context.createBuffer(1, samples.length, sampleRate);
    buffer.copyToChannel(
      Float32Array.from(samples, (sample) => sample / 32_768),
      0,
    );
    const source = new AudioBufferSourceNode(context, { buffer });
    source.connect(microphone);
    const ended = new Promise((resolve) => source.addEventListener("ended", resolve, { once: true }));
    source.start();
    await ended;
  },

  /** What was heard from `fromMs` (of the sound) until now: s16 mono at 48 kHz, base64. */
  heard: (fromMs: number) => toBase64(heardSince(Math.round((fromMs * SAMPLE_RATE) / 1000))),
  heardMs: () => (heard.reduce((sum, part) => sum + part.length, 0) * 1000) / SAMPLE_RATE,
  /** When the first of it was heard, by the clock of the events; `undefined` before. */
  heardSinceMs: () => heardSinceMs,
  events: () => events,
  hangUp: () => client?.disconnect(),
};

function jsonable(value: unknown): unknown {
  try {
    return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as unknown);
  } catch {
    return String(value);
  }
}

export type ClientPage = typeof api;

declare global {
  interface Window {
    call: ClientPage;
  }
}

window.call = api;
