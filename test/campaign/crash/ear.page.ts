/**
 * The page of a user who listens: the official client, which stays in the call when its bot goes, and an ear that
 * hears all the while, whether or not anybody speaks. The microphone is silent.
 */
import { PipecatClient, RTVIEvent } from "@pipecat-ai/client-js";
import { DailyTransport } from "@pipecat-ai/daily-transport";

/** The loudness (RMS) of each 10 ms, in messages of ten. */
const EAR = `
registerProcessor("ear", class extends AudioWorkletProcessor {
  #sum = 0;
  #count = 0;
  #levels = [];
  process([[samples]], [[output]]) {
    for (let index = 0; index < output.length; index += 1) {
      this.#sum += (samples?.[index] ?? 0) ** 2;
      this.#count += 1;
      if (this.#count < sampleRate / 100) continue;
      this.#levels.push(Math.sqrt(this.#sum / this.#count));
      this.#sum = 0;
      this.#count = 0;
    }
    if (this.#levels.length >= 10) this.port.postMessage(this.#levels.splice(0));
    return true;
  }
});`;

const context = new AudioContext();
const microphone = context.createMediaStreamDestination();
const levels: number[] = [];
const events: string[] = [];
const sources = new Map<MediaStreamTrack, MediaStreamAudioSourceNode>();

const openDevice = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (constraints) => {
  if (!constraints?.audio) return openDevice(constraints);
  return new MediaStream(microphone.stream.getAudioTracks().map((track) => track.clone()));
};

async function openEar(): Promise<AudioNode> {
  const url = URL.createObjectURL(new Blob([EAR], { type: "text/javascript" }));
  await context.audioWorklet.addModule(url);
  const ear = new AudioWorkletNode(context, "ear", {
    channelCount: 1,
    channelCountMode: "explicit",
    outputChannelCount: [1],
  });
  ear.port.onmessage = ({ data }: MessageEvent<number[]>) => levels.push(...data);
  ear.connect(context.destination);
  await context.resume();
  return ear;
}

const ear = {
  async connect(endpoint: string, callMachineUrl: string): Promise<string> {
    const node = await openEar();
    const client = new PipecatClient({
      transport: new DailyTransport({ dailyConfig: { bundlePathOverride: callMachineUrl } }),
      enableMic: true,
      enableCam: false,
      disconnectOnBotDisconnect: false,
    });
    let sessionId = "";
    for (const name of Object.values(RTVIEvent)) {
      if (!/audioLevel/i.test(name)) client.on(name, () => events.push(name));
    }
    client.on(RTVIEvent.BotStarted, (reply) => {
      sessionId = (reply as { sessionId: string }).sessionId;
    });
    client.on(RTVIEvent.TrackStarted, (track, participant) => {
      if (!participant || participant.local || track.kind !== "audio") return;
      const stream = new MediaStream([track]);
      // Without a media element that plays it, Chromium hands out a remote track as silence.
      const element = new Audio();
      element.muted = true;
      element.srcObject = stream;
      element.play().catch(() => undefined);
      const source = context.createMediaStreamSource(stream);
      source.connect(node);
      sources.set(track, source);
    });
    client.on(RTVIEvent.TrackStopped, (track) => sources.get(track)?.disconnect());
    await client.startBotAndConnect({ endpoint });
    return sessionId;
  },

  /** What was heard from step `from` on, in steps of 10 ms. */
  levels: (from: number) => levels.slice(from),
  /** The step that comes next. */
  now: () => levels.length,
  events: () => events,
};

declare global {
  interface Window {
    ear: typeof ear;
  }
}

window.ear = ear;
