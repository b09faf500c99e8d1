/** The page of the browser test: call objects of daily-js, driven from the test through `globalThis`. */
import Daily, { type DailyCall, type DailyCallOptions } from "@daily-co/daily-js";

interface Heard {
  action: string;
  /** What the test asserts on; no tracks in it. */
  [detail: string]: unknown;
}

const SILENCE_RMS = 0.001;

const context = new AudioContext({ sampleRate: 48_000 });

/** A track of our own making: a sine of this frequency and amplitude. */
function tone(frequencyHz: number, amplitude: number): MediaStreamTrack {
  const oscillator = new OscillatorNode(context, { frequency: frequencyHz });
  const gain = new GainNode(context, { gain: amplitude });
  const destination = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
  oscillator.connect(gain).connect(destination);
  oscillator.start();
  const track = destination.stream.getAudioTracks()[0];
  if (!track) throw new Error("A destination node without a track");
  return track;
}

const WATCHED = [
  "joined-meeting",
  "left-meeting",
  "participant-joined",
  "participant-updated",
  "participant-left",
  "track-started",
  "track-stopped",
  "app-message",
  "error",
  "nonfatal-error",
  "camera-error",
  "active-speaker-change",
  "local-audio-level",
  "remote-participants-audio-level",
  "network-quality-change",
  "participant-counts-updated",
  "selected-devices-updated",
] as const;

/** An event of daily-js without what cannot leave the page. */
function summary(event: Record<string, unknown> & { action: string }): Heard {
  const { action, participant, track, data, error, activeSpeaker, audioLevel, participantsAudioLevel } =
    event;
  const who = participant as { session_id?: string; local?: boolean } | undefined; // daily-js's own
  return {
    action,
    ...(who ? { sessionId: who.session_id, local: who.local } : {}),
    ...(track instanceof MediaStreamTrack ? { kind: track.kind } : {}),
    ...(data === undefined ? {} : { data }),
    ...(error ? { errorType: (error as { type: string }).type } : {}),
    ...(activeSpeaker ? { activeSpeaker } : {}),
    ...(audioLevel === undefined ? {} : { audioLevel }),
    ...(participantsAudioLevel ? { participantsAudioLevel } : {}),
  };
}

/** Every peer connection of this page, so that a test can see what is left open. */
const connections: RTCPeerConnection[] = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(configuration?: RTCConfiguration) {
    super(configuration);
    connections.push(this);
  }
};

interface Received {
  element: HTMLAudioElement;
  source: MediaStreamAudioSourceNode;
  analyser: AnalyserNode;
}
const received = new Map<MediaStreamTrack, Received>();

/** Without a playing element Chromium delivers silence of a remote track. */
function listen(track: MediaStreamTrack): AnalyserNode {
  const known = received.get(track);
  if (known) return known.analyser;
  const stream = new MediaStream([track]);
  const element = new Audio();
  element.muted = true;
  element.srcObject = stream;
  void element.play();
  const source = context.createMediaStreamSource(stream);
  const analyser = new AnalyserNode(context, { fftSize: 8192 });
  source.connect(analyser);
  received.set(track, { element, source, analyser });
  return analyser;
}

function measure(analyser: AnalyserNode): { frequencyHz: number; rms: number } {
  const samples = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(samples);
  const rms = Math.sqrt(samples.reduce((sum, sample) => sum + sample ** 2, 0) / samples.length);
  if (rms < SILENCE_RMS) return { frequencyHz: 0, rms };
  const spectrum = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(spectrum);
  const loudest = spectrum.reduce((best, level, bin) => (level > (spectrum[best] ?? -1000) ? bin : best), 0);
  return { frequencyHz: (loudest * context.sampleRate) / analyser.fftSize, rms };
}

function createPhone() {
  let call: DailyCall | undefined;
  let events: Heard[] = [];
  let watched: MediaStreamTrack | undefined;

  function theCall(): DailyCall {
    if (!call) throw new Error("No call object");
    return call;
  }

  return {
    version: () => Daily.version(),

    /** `toneHz`: sends a tone of half amplitude. Without it the microphone is off. */
    async create(callMachineUrl: string, toneHz: number | null): Promise<void> {
      await context.resume();
      events = [];
      watched = undefined;
      const source: DailyCallOptions =
        toneHz === null ? { audioSource: false } : { audioSource: tone(toneHz, 0.5) };
      call = Daily.createCallObject({
        ...source,
        videoSource: false,
        allowMultipleCallInstances: true,
        dailyConfig: { bundlePathOverride: callMachineUrl },
      });
      const hear = (event: Parameters<typeof summary>[0]) => events.push(summary(event));
      // `on` has one overload for each event, which a loop cannot name.
      for (const name of WATCHED) call.on(name, hear as unknown as () => void);
    },

    /** Resolves with the local session id, or with the type of the fatal error. */
    join(options: {
      url: string;
      token?: string;
      userName?: string;
    }): Promise<{ id?: string; errorType?: string }> {
      return theCall()
        .join({ ...options, startVideoOff: true })
        .then(
          (participants) => ({ id: participants?.local.session_id ?? "" }),
          (failure: { error?: { type?: string } }) => ({ errorType: failure.error?.type ?? String(failure) }),
        );
    },

    preAuth(options: { url: string; token: string }): Promise<string> {
      return theCall()
        .preAuth(options)
        .then(
          ({ access }) => (access as { level: string }).level,
          (error: { type: string }) => error.type,
        );
    },

    /** Leaves while the join is under way; resolves when both are done. */
    async joinAndLeave(options: { url: string; token: string }): Promise<string> {
      const joining = theCall()
        .join(options)
        .then(() => "joined", String);
      await new Promise((resolve) => theCall().once("joining-meeting", resolve));
      await theCall().leave();
      return joining;
    },
    /** Leaves while the browser asks for the microphone, which is allowed after that. */
    async startCameraAndLeave(): Promise<{ outcome: string; asked: number }> {
      const { mediaDevices } = navigator;
      const getUserMedia = mediaDevices.getUserMedia.bind(mediaDevices);
      const prompt = Promise.withResolvers<void>();
      const allowed = Promise.withResolvers<void>();
      let asked = 0;
      mediaDevices.getUserMedia = async (constraints) => {
        asked += 1;
        prompt.resolve();
        await allowed.promise;
        return getUserMedia(constraints);
      };
      const starting = theCall()
        .startCamera({ audioSource: true, videoSource: true })
        .then(() => "started", String);
      await prompt.promise;
      await theCall().leave();
      allowed.resolve();
      const outcome = await starting;
      mediaDevices.getUserMedia = getUserMedia;
      return { outcome, asked };
    },
    /** As on a page whose address is not secure. */
    async startCameraWithoutDevices(): Promise<void> {
      Object.defineProperty(navigator, "mediaDevices", { value: undefined, configurable: true });
      await theCall().startCamera({ audioSource: true, videoSource: false });
      Reflect.deleteProperty(navigator, "mediaDevices");
    },
    leave: () => theCall().leave(),
    async destroy(): Promise<void> {
      await call?.destroy();
      call = undefined;
    },
    events: () => events,
    meetingState: () => theCall().meetingState(),
    setMic: (on: boolean) => void theCall().setLocalAudio(on),
    setCamera: (on: boolean) => void theCall().setLocalVideo(on),
    setTone: async (frequencyHz: number) => {
      await theCall().setInputDevicesAsync({ audioSource: tone(frequencyHz, 0.5) });
    },
    startCamera: () => theCall().startCamera({ audioSource: true, videoSource: true, startVideoOff: true }),
    send: (data: unknown, to: string) => void theCall().sendAppMessage(data, to),
    sendError: (data: unknown): string => {
      try {
        theCall().sendAppMessage(data, "*");
        return "";
      } catch (error) {
        return String(error);
      }
    },
    eject: (id: string) => void theCall().updateParticipant(id, { eject: true }),
    room: () => theCall().room(),
    observeLevels: async () => {
      await theCall().startLocalAudioLevelObserver(100);
      await theCall().startRemoteParticipantsAudioLevelObserver(100);
    },
    cpuLoad: () =>
      theCall()
        .testNetworkConnectivity(
          document.createElement("canvas").captureStream(1).getVideoTracks()[0] as MediaStreamTrack,
        )
        .then(() => "resolved", String),

    participants: () =>
      Object.values(theCall().participants()).map(
        ({ session_id, user_id, user_name, local, owner, audio, tracks }) => ({
          id: session_id,
          userId: user_id,
          userName: user_name,
          local,
          owner,
          audio,
          state: tracks.audio.state,
          hasTrack: tracks.audio.persistentTrack !== undefined,
        }),
      ),

    /** What arrives from the one other participant. */
    hear(): { frequencyHz: number; rms: number } {
      const other = Object.values(theCall().participants()).find(({ local }) => !local);
      const track = other?.tracks.audio.persistentTrack;
      return track ? measure(listen(track)) : { frequencyHz: 0, rms: 0 };
    },

    /** Keeps the local track in sight beyond the end of its call. */
    watchLocalTrack(): void {
      watched = theCall().participants().local.tracks.audio.persistentTrack;
    },

    /** What a call object leaves in its window. */
    remains: () => ({
      instances: Object.keys(window._daily?.instances ?? {}).length,
      sharedAudio: window._dailyInABox?.audio ?? null,
      localTrack: watched?.readyState ?? null,
      connections: connections.filter(({ connectionState }) => connectionState !== "closed").length,
    }),
  };
}

Object.assign(globalThis, { phone: createPhone(), second: createPhone() });
