/**
 * A user's page: the official client and transport, unmodified. Its microphone plays what a test tells it to,
 * and what comes out of the speaker is recorded. It makes one call after the other with one client, as an app does.
 */
import Daily, { type DailyAdvancedConfig } from "@daily-co/daily-js";
import { PipecatClient, RTVI_PROTOCOL_VERSION, RTVIEvent } from "@pipecat-ai/client-js";
import { DailyTransport } from "@pipecat-ai/daily-transport";

const SAMPLE_RATE = 48_000;
/** daily-js 0.90 takes `bundlePathOverride`, a folder; 0.86 knows only `callObjectBundleUrlOverride`, a file. */
const PATH_OVERRIDE_SINCE_MINOR = 90;

/** Sends what it hears, until it is told to stop; answers that with `null`, and nothing of it is left then. */
const RECORDER = `
registerProcessor("recorder", class extends AudioWorkletProcessor {
  #stopped = false;
  constructor() {
    super();
    this.port.onmessage = () => { this.#stopped = true; };
  }
  process([[samples]]) {
    if (this.#stopped) this.port.postMessage(null);
    else if (samples) this.port.postMessage(samples.slice());
    // A processor that says true is kept for ever, whoever is connected to it.
    return !this.#stopped;
  }
});`;

/** The body of a start request, as far as tests have a use for it. */
export type RequestData = { user: { locale: string } };

/** Events that tests look at, with the page's clock. */
interface SeenEvent {
  name: string;
  atMs: number;
  data: unknown;
}

interface Recording {
  track: MediaStreamTrack;
  /** Resolves when nothing of it is left. The context has to run for that. */
  stop(): Promise<void>;
}

const context = new AudioContext({ sampleRate: SAMPLE_RATE });
const microphone = context.createMediaStreamDestination();
let heard: Float32Array[] = [];
let events: SeenEvent[] = [];
let heardSinceMs: number | undefined;
let recording: Recording | undefined;
/** Resolves when nothing is left of the recorders that were stopped so far. */
let recordersStopped = Promise.resolve();
let client: PipecatClient | undefined;

const recorderLoaded = context.audioWorklet.addModule(
  URL.createObjectURL(new Blob([RECORDER], { type: "text/javascript" })),
);

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

function record(track: MediaStreamTrack): void {
  stopRecording();
  const stream = new MediaStream([track]);
  // Without a media element that plays it, Chromium hands out a remote track as silence.
  const element = new Audio();
  element.muted = true;
  element.srcObject = stream;
  // Rejected when the track goes before it plays; there is nothing left to play then.
  element.play().catch(() => undefined);
  const recorder = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 0 });
  const stopped = Promise.withResolvers<void>();
  recorder.port.onmessage = ({ data }: MessageEvent<Float32Array | null>) => {
    if (data === null) return stopped.resolve();
    heardSinceMs ??= performance.now();
    heard.push(data);
  };
  const source = context.createMediaStreamSource(stream);
  source.connect(recorder);
  const stop = async () => {
    source.disconnect();
    element.srcObject = null;
    recorder.port.postMessage("stop");
    await stopped.promise;
    recorder.port.close();
  };
  recording = { track, stop };
}

function stopRecording(track?: MediaStreamTrack): void {
  if (!recording || (track !== undefined && recording.track !== track)) return;
  const stopped = recording.stop();
  recordersStopped = recordersStopped.then(() => stopped);
  recording = undefined;
}

/** Where daily-js loads its call machine from, as the release at hand is told. */
function configOf(callMachineUrl: string): DailyAdvancedConfig {
  const [, minor = 0] = Daily.version().split(".").map(Number);
  return minor < PATH_OVERRIDE_SINCE_MINOR
    ? { callObjectBundleUrlOverride: `${callMachineUrl}/call-machine-object-bundle.js` }
    : { bundlePathOverride: callMachineUrl };
}

function makeClient(callMachineUrl: string): PipecatClient {
  const made = new PipecatClient({
    transport: new DailyTransport({ dailyConfig: configOf(callMachineUrl) }),
    enableMic: true,
    enableCam: false,
  });
  for (const name of Object.values(RTVIEvent)) {
    if (/audioLevel/i.test(name)) continue;
    made.on(name, (...args: unknown[]) => {
      events.push({ name, atMs: performance.now(), data: jsonable(args[0]) });
    });
  }
  made.on(RTVIEvent.TrackStarted, (track, participant) => {
    if (participant && !participant.local && track.kind === "audio") record(track);
  });
  made.on(RTVIEvent.TrackStopped, (track) => {
    if (track.kind === "audio") stopRecording(track);
  });
  return made;
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
  /** Connects and resolves with what `connect()` resolved with. Nothing of an earlier call is remembered. */
  async connect(endpoint: string, callMachineUrl: string, requestData?: RequestData): Promise<unknown> {
    await api.forget();
    await context.resume();
    await recorderLoaded;
    client ??= makeClient(callMachineUrl);
    return jsonable(await client.startBotAndConnect({ endpoint, ...(requestData && { requestData }) }));
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
  /** Names of all events that this client knows. */
  knownEvents: (): string[] => Object.values(RTVIEvent),
  /** By their own word. The transport does not say its version. */
  versions: () => ({ client: client?.version, daily: Daily.version(), rtvi: RTVI_PROTOCOL_VERSION }),
  hangUp: () => client?.disconnect(),
  /** Drops what was heard and seen, and the recorder, so that nothing of a call that is over is kept here. */
  async forget(): Promise<void> {
    // They can only stop while the context runs.
    await context.resume();
    stopRecording();
    await recordersStopped;
    // Chromium keeps a node that was made of a stream for as long as its context runs (crbug.com/937231).
    await context.suspend();
    heard = [];
    events = [];
    heardSinceMs = undefined;
  },
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
