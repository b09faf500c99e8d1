/**
 * A page of calls by daily-js alone: each says a recording over and over into its room, and plays what comes from
 * there to nobody. Its audio context is set up as the bot's, so that what differs is our code.
 */
import Daily, { type DailyCall } from "@daily-co/daily-js";
import { nowMs } from "../clock.ts";
import { fromBase64, serve } from "../page/remote.page.ts";
import { type JoinOrder, NOTHING_RECEIVED, type Received } from "./talk.ts";

const SAMPLE_RATE = 48_000;
const RENDER_QUANTUM = 480;
const JOIN_MAX_MS = 30_000;

/** What the type definitions lack. */
interface NewerContextOptions extends AudioContextOptions {
  renderSizeHint?: number | "default" | "hardware";
}

interface Talk {
  daily: DailyCall;
  speech: AudioBufferSourceNode;
  element: HTMLAudioElement;
}

const options: NewerContextOptions = {
  sampleRate: SAMPLE_RATE,
  latencyHint: "interactive",
  renderSizeHint: RENDER_QUANTUM,
};
const context = new AudioContext(options);
/** Who is in a call, by their ids. */
const talks = new Map<number, Talk>();
const connections = new Set<RTCPeerConnection>();
const Connection = RTCPeerConnection;
globalThis.RTCPeerConnection = class extends Connection {
  constructor(...args: ConstructorParameters<typeof Connection>) {
    super(...args);
    connections.add(this);
  }
  override close(): void {
    connections.delete(this);
    super.close();
  }
};

let speech: AudioBuffer | undefined;

const api = {
  /** What every call of this page says: s16le mono, over and over. Before the first one. */
  load(base64: string, sampleRate: number): void {
    const samples = new Int16Array(fromBase64(base64));
    speech = context.createBuffer(1, samples.length, sampleRate);
    speech.copyToChannel(
      Float32Array.from(samples, (sample) => sample / 32_768),
      0,
    );
  },

  /** Joins, speaking from the beginning; resolves when the other one's track is there. */
  async join({ id, url, token, callMachineUrl, phaseMs, asClient }: JoinOrder): Promise<void> {
    if (!speech) throw new Error("There is nothing to say");
    await context.resume();
    const output = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
    const [track] = output.stream.getAudioTracks();
    if (!track) throw new Error("The audio destination has no track");
    const source = new AudioBufferSourceNode(context, { buffer: speech, loop: true });
    source.connect(output);
    const daily = Daily.createCallObject({
      allowMultipleCallInstances: true,
      audioSource: track,
      startAudioOff: false,
      videoSource: false,
      startVideoOff: true,
      subscribeToTracksAutomatically: true,
      dailyConfig: { bundlePathOverride: callMachineUrl },
    });
    // Without a playing element Chromium would not decode what comes.
    const element = new Audio();
    element.muted = true;
    talks.set(id, { daily, speech: source, element });
    const loopMs = speech.duration * 1000;
    source.start(0, ((nowMs() + phaseMs) % loopMs) / 1000);

    const heard = Promise.withResolvers<void>();
    const late = setTimeout(() => heard.reject(new Error("Nobody else was heard in the room")), JOIN_MAX_MS);
    daily.on("track-started", ({ participant, track, type }) => {
      if (type !== "audio" || participant?.local !== false) return;
      element.srcObject = new MediaStream([track]);
      element.play().catch(() => undefined);
      heard.resolve();
    });
    try {
      await Promise.all([daily.join({ url, token }), heard.promise]);
    } finally {
      clearTimeout(late);
    }
    if (!asClient) return;
    const data = { version: "1.0.0", about: { library: "bench" } };
    daily.sendAppMessage({ label: "rtvi-ai", type: "client-ready", id: `ready-${id}`, data }, "*");
  },

  async leave(id: number): Promise<void> {
    const talk = talks.get(id);
    if (!talk) return;
    talks.delete(id);
    await talk.daily.destroy();
    talk.element.srcObject = null;
    talk.speech.stop();
    talk.speech.disconnect();
    // As in the bot's page: see its AudioGraph.
    if (talks.size === 0) await context.suspend();
  },

  async received(): Promise<Received> {
    const sum = { ...NOTHING_RECEIVED };
    for (const connection of connections) {
      if (connection.connectionState !== "connected") continue;
      sum.connections += 1;
      for (const report of (await connection.getStats()).values()) {
        if (report.type !== "inbound-rtp" || report.kind !== "audio") continue;
        sum.samples += report.totalSamplesReceived;
        sum.concealedSamples += report.concealedSamples;
        sum.heldS += report.jitterBufferDelay;
        sum.heldSamples += report.jitterBufferEmittedCount;
        sum.bytes += report.bytesReceived;
      }
    }
    return sum;
  },
};

export type TalkApi = typeof api;

serve(api);
