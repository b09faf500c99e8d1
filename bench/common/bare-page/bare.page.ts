/** A participant with daily-js and nothing else: what a call costs, and how long it takes, without our code. */
import Daily, { type DailyCall } from "@daily-co/daily-js";
import { nowMs } from "../clock.ts";
import { Ear, type HeardEvent, Mouth, openContext, PAGE_SAMPLE_RATE } from "../page/audio.page.ts";
import { fromBase64, serve, toBase64 } from "../page/remote.page.ts";

export type BareEvent =
  | HeardEvent
  /** What `say` began to say. */
  | { type: "saying"; atMs: number }
  /** Another's first sound can come now. */
  | { type: "track"; atMs: number }
  /** An app message of another. */
  | { type: "message"; atMs: number; data: unknown }
  | { type: "left"; atMs: number };

export interface BareJoin {
  url: string;
  token?: string;
  userName?: string;
  callMachineUrl: string;
  /** Pauses that are shorter are no silence. */
  holdMs: number;
  /** Whether all that is heard is kept, for `sound`. */
  record: boolean;
}

/** Made by the call machine, which does not hand them out. */
const connections: RTCPeerConnection[] = [];
globalThis.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...args: ConstructorParameters<typeof RTCPeerConnection>) {
    super(...args);
    connections.push(this);
  }
};

interface Joined {
  call: DailyCall;
  context: AudioContext;
  ear: Ear;
  mouth: Mouth;
}

let joined: Joined | undefined;
/** Opened ahead of a call: it is no part of one. */
let opening = openContext();

function inCall(): Joined {
  if (!joined) throw new Error("Not in a call");
  return joined;
}

const api = {
  /** Resolves when the page is ready for a call that is to be timed. */
  async prepared(): Promise<void> {
    await opening;
  },

  /** Resolves when it has joined, with how long the parts took. */
  async join(options: BareJoin): Promise<{ sessionId: string; loadMs: number; joinMs: number }> {
    const { url, token, userName = "bare", callMachineUrl, holdMs, record } = options;
    const context = await opening;
    const ear = new Ear({ context, holdMs, record, onEvent: tell });
    const mouth = new Mouth(context, ear.clock);
    const call = Daily.createCallObject({
      allowMultipleCallInstances: true,
      audioSource: mouth.track,
      startAudioOff: false,
      videoSource: false,
      startVideoOff: true,
      subscribeToTracksAutomatically: true,
      dailyConfig: { bundlePathOverride: callMachineUrl },
    });
    joined = { call, context, ear, mouth };
    call.on("track-started", ({ participant, track, type }) => {
      if (type !== "audio" || !participant || participant.local) return;
      ear.hear(participant.session_id, track, { remote: true });
      tell({ type: "track", atMs: nowMs() });
    });
    call.on("track-stopped", ({ participant, type }) => {
      if (type === "audio" && participant && !participant.local) ear.deafen(participant.session_id);
    });
    call.on("app-message", ({ data }) => tell({ type: "message", atMs: nowMs(), data }));
    call.on("left-meeting", () => tell({ type: "left", atMs: nowMs() }));
    const startedAt = nowMs();
    await call.load();
    const loadedAt = nowMs();
    const participants = await call.join({ url, userName, ...(token === undefined ? {} : { token }) });
    const sessionId = participants?.local.session_id;
    if (sessionId === undefined) throw new Error("Joined without a session id");
    return { sessionId, loadMs: loadedAt - startedAt, joinMs: nowMs() - loadedAt };
  },

  /** Says a WAV file (base64); resolves once it was said, with when its first sample left the mouth. */
  say: (wav: string): Promise<number> =>
    inCall().mouth.say(fromBase64(wav), (atMs) => tell({ type: "saying", atMs })),
  /** Says it over and over without a gap, in place of what was repeated before. */
  repeat: (wav: string): Promise<void> => inCall().mouth.repeat(fromBase64(wav)),
  stopRepeating: (): void => inCall().mouth.stop(),

  /** Hears its own mouth too, without any way in between: for a look at the clocks themselves. */
  hearMyself(): void {
    const { ear, mouth } = inCall();
    ear.hearNode("myself", mouth.voice);
  },

  send: (data: unknown): void => void inCall().call.sendAppMessage(data, "*"),

  /** All that was heard, s16 at 48 kHz (base64), and when its first sample was heard. */
  sound(): { startsAtMs: number; sampleRate: number; missing: number; base64: string } | undefined {
    const sound = inCall().ear.sound();
    if (sound === undefined) return undefined;
    const pcm = Int16Array.from(sound.samples.flatMap((part) => Array.from(part, toS16)));
    return {
      startsAtMs: sound.startsAtMs,
      sampleRate: PAGE_SAMPLE_RATE,
      missing: sound.missing,
      base64: toBase64(new Uint8Array(pcm.buffer)),
    };
  },

  /** WebRTC's own words on each sound that comes in (`inbound-rtp`). */
  async received(): Promise<Record<string, unknown>[]> {
    const found: Record<string, unknown>[] = [];
    for (const connection of connections) {
      if (connection.connectionState !== "connected") continue;
      const report = await connection.getStats();
      report.forEach((one: Record<string, unknown>) => {
        if (one.type === "inbound-rtp" && one.kind === "audio") found.push({ ...one });
      });
    }
    return found;
  },

  nowMs,
  /** How often the clock of the sound could not be trusted. */
  clockSlips: (): number => inCall().ear.clock.slips,

  async leave(): Promise<void> {
    const { call, ear, context } = inCall();
    joined = undefined;
    await call.destroy();
    ear.close();
    await context.close();
    opening = openContext();
    connections.length = 0;
  },
};

function toS16(sample: number): number {
  return Math.round(Math.max(-1, Math.min(1, sample)) * 32_767);
}

export type BareApi = typeof api;

const tell = serve<BareEvent>(api);
