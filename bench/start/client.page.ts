/** A user's page: the official client and transport, unmodified, with an ear that knows the time. */
import { PipecatClient, RTVIEvent } from "@pipecat-ai/client-js";
import { DailyTransport } from "@pipecat-ai/daily-transport";
import { nowMs } from "../common/clock.ts";
import { Ear, type HeardEvent, Mouth, openContext } from "../common/page/audio.page.ts";
import { serve } from "../common/page/remote.page.ts";

/** Shorter pauses are no silence. */
const HOLD_MS = 300;
const DEVICE = { deviceId: "microphone", groupId: "", kind: "audioinput", label: "A microphone" } as const;

export type ClientEvent =
  | HeardEvent
  /** What the client told its app. */
  | { type: "client"; name: "botStarted" | "connected" | "botReady" | "error"; atMs: number; data: unknown };

interface Page {
  ear: Ear;
  mouth: Mouth;
}

let client: PipecatClient | undefined;
const opening = openContext().then((context): Page => {
  const ear = new Ear({ context, holdMs: HOLD_MS, record: false, onEvent: (event) => tell(event) });
  return { ear, mouth: new Mouth(context, ear.clock) };
});

/** A microphone that is open at once: what a device takes is the user's browser's, and no two are alike. */
async function openMicrophone(constraints?: MediaStreamConstraints): Promise<MediaStream> {
  const { mouth } = await opening;
  return new MediaStream(constraints?.audio ? [mouth.track.clone()] : []);
}
navigator.mediaDevices.getUserMedia = openMicrophone;
navigator.mediaDevices.enumerateDevices = async () => [{ ...DEVICE, toJSON: () => DEVICE }];

const api = {
  /** Resolves when the page is ready for a call that is to be timed. */
  async prepared(): Promise<void> {
    await opening;
  },

  /** As an app does it when its user taps Connect; resolves with when that was, once the bot is ready. */
  async connect(endpoint: string, callMachineUrl: string): Promise<number> {
    const { ear } = await opening;
    const made = new PipecatClient({
      transport: new DailyTransport({ dailyConfig: { bundlePathOverride: callMachineUrl } }),
      enableMic: true,
      enableCam: false,
    });
    client = made;
    const on = (name: Extract<ClientEvent, { type: "client" }>["name"], event: RTVIEvent) =>
      made.on(event, (data: unknown) => tell({ type: "client", name, atMs: nowMs(), data: plain(data) }));
    on("botStarted", RTVIEvent.BotStarted);
    on("connected", RTVIEvent.Connected);
    on("botReady", RTVIEvent.BotReady);
    on("error", RTVIEvent.Error);
    made.on(RTVIEvent.TrackStarted, (track, participant) => {
      if (!participant || participant.local || track.kind !== "audio") return;
      ear.hear(participant.id, track, { remote: true });
    });
    const tappedAtMs = nowMs();
    await made.startBotAndConnect({ endpoint });
    return tappedAtMs;
  },

  /** How long the request took that starts the bot, from the page's side, with the question whether it may ask. */
  requestMs(endpoint: string): number {
    const [entry] = performance.getEntriesByName(endpoint);
    if (!entry) throw new Error("The start was not requested");
    return entry.duration;
  },

  async hangUp(): Promise<void> {
    await client?.disconnect();
  },
};

function plain(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value ?? null));
  } catch {
    return String(value);
  }
}

export type ClientApi = typeof api;

const tell = serve<ClientEvent>(api);
