/** Ear and mouth of a page, with everybody's clock. */
import { nowMs } from "../clock.ts";
import { MarkerDetector } from "../marker.ts";
import { ContextClock } from "./context-clock.ts";
import { SoundEdges } from "./sound-edges.ts";
import {
  EAR_PROCESSOR,
  type FromMouth,
  type HeardPiece,
  MOUTH_PROCESSOR,
  type ToMouth,
} from "./sound-messages.ts";

export const PAGE_SAMPLE_RATE = 48_000;
/** 10 ms, as in the bot's page. */
const RENDER_QUANTUM = 480;

/** What the type definitions lack. */
interface NewerContextOptions extends AudioContextOptions {
  renderSizeHint?: number | "default" | "hardware";
}

/** As the bot's page opens its own. */
export async function openContext(): Promise<AudioContext> {
  const options: NewerContextOptions = {
    sampleRate: PAGE_SAMPLE_RATE,
    latencyHint: "interactive",
    renderSizeHint: RENDER_QUANTUM,
  };
  const context = new AudioContext(options);
  await context.audioWorklet.addModule("sound.worklet.js");
  await context.resume();
  return context;
}

export type HeardEvent =
  /** A marker; `atMs` is its first sample. */
  | { type: "marker"; number: number; atMs: number; purity: number }
  /** It became loud. */
  | { type: "sound"; atMs: number }
  /** It became silent, and has been so for `holdMs`. */
  | { type: "silence"; atMs: number };

export interface EarOptions {
  context: AudioContext;
  /** Shorter pauses are no silence. */
  holdMs: number;
  /** Whether all is kept, for `sound`. */
  record: boolean;
  onEvent(event: HeardEvent): void;
}

interface Tap {
  source: AudioNode;
  element: HTMLAudioElement | undefined;
}

/** Hears tracks, and says at once what is to be said of them. */
export class Ear {
  readonly clock = new ContextClock(PAGE_SAMPLE_RATE);
  readonly #options: EarOptions;
  readonly #node: AudioWorkletNode;
  readonly #markers = new MarkerDetector(PAGE_SAMPLE_RATE);
  readonly #edges: SoundEdges;
  readonly #taps = new Map<string, Tap>();
  readonly #recorded: Float32Array[] = [];
  /** Samples that the context did not hand over; they stand as silence. */
  #missing = 0;
  /** Of the first sample that was heard. */
  #firstFrame: number | undefined;
  #nextFrame: number | undefined;

  constructor(options: EarOptions) {
    this.#options = options;
    this.#edges = new SoundEdges({ sampleRate: PAGE_SAMPLE_RATE, holdMs: options.holdMs });
    this.#node = new AudioWorkletNode(options.context, EAR_PROCESSOR, {
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: "explicit",
    });
    this.#node.port.onmessage = ({ data }: MessageEvent<HeardPiece>) => this.#take(data);
  }

  /** Remote tracks are silent in Chromium unless a media element plays them. */
  hear(name: string, track: MediaStreamTrack, { remote }: { remote: boolean }): void {
    this.deafen(name);
    const stream = new MediaStream([track]);
    let element: HTMLAudioElement | undefined;
    if (remote) {
      element = new Audio();
      element.muted = true;
      element.srcObject = stream;
      // Rejected when the track goes before it plays; there is nothing left to play then.
      element.play().catch(() => undefined);
    }
    const source = this.#options.context.createMediaStreamSource(stream);
    source.connect(this.#node);
    this.#taps.set(name, { source, element });
  }

  /** What is said by this page's own mouth, without any way in between. */
  hearNode(name: string, source: AudioNode): void {
    source.connect(this.#node);
    this.#taps.set(name, { source, element: undefined });
  }

  deafen(name: string): void {
    const tap = this.#taps.get(name);
    this.#taps.delete(name);
    tap?.source.disconnect(this.#node);
    if (tap?.element) tap.element.srcObject = null;
  }

  /** What was recorded so far: where it begins by the clock, the samples, and how many of them are made up. */
  sound(): { startsAtMs: number; samples: Float32Array[]; missing: number } | undefined {
    return this.#firstFrame === undefined
      ? undefined
      : {
          startsAtMs: this.clock.epochMs(this.#firstFrame),
          samples: this.#recorded,
          missing: this.#missing,
        };
  }

  close(): void {
    for (const name of [...this.#taps.keys()]) this.deafen(name);
    this.#node.port.postMessage("stop");
    this.#node.port.onmessage = null;
  }

  #take({ frame, samples = new Float32Array(RENDER_QUANTUM) }: HeardPiece): void {
    this.clock.heard(frame, nowMs());
    this.#firstFrame ??= frame;
    const missing = frame - (this.#nextFrame ?? frame);
    if (missing > 0) {
      this.#missing += missing;
      this.#look(new Float32Array(missing));
    }
    this.#look(samples);
    this.#nextFrame = frame + samples.length;
  }

  #look(samples: Float32Array): void {
    const { onEvent, record } = this.#options;
    if (record) this.#recorded.push(samples);
    const first = this.#firstFrame ?? 0;
    for (const { kind, atSample } of this.#edges.push(samples)) {
      onEvent({ type: kind, atMs: this.clock.epochMs(first + atSample) });
    }
    for (const { number, atMs, purity } of this.#markers.push(samples)) {
      const at = this.clock.epochMs(first + (atMs * PAGE_SAMPLE_RATE) / 1000);
      onEvent({ type: "marker", number, atMs: at, purity });
    }
  }
}

/** What the mouth is told of one thing that it says. */
interface Said {
  began(frame: number): void;
  ended(): void;
}

/** A microphone that says what it is told to. */
export class Mouth {
  readonly track: MediaStreamTrack;
  /** What it says, before it is a track. */
  readonly voice: AudioWorkletNode;
  readonly #context: AudioContext;
  readonly #clock: ContextClock;
  readonly #saying = new Map<number, Said>();
  #lastId = 0;
  #repeating: number | undefined;

  /** @param clock of an ear in the same context */
  constructor(context: AudioContext, clock: ContextClock) {
    this.#context = context;
    this.#clock = clock;
    this.voice = new AudioWorkletNode(context, MOUTH_PROCESSOR, {
      numberOfInputs: 0,
      numberOfOutputs: 1,
      outputChannelCount: [1],
    });
    this.voice.port.onmessage = ({ data }: MessageEvent<FromMouth>) => {
      const said = this.#saying.get(data.id);
      if (data.type === "began") return said?.began(data.frame);
      this.#saying.delete(data.id);
      said?.ended();
    };
    const microphone = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
    this.voice.connect(microphone);
    const [track] = microphone.stream.getAudioTracks();
    if (!track) throw new Error("The audio destination has no track");
    this.track = track;
  }

  /**
   * Says a WAV file, at once. Resolves once it was said, with the time at which its first sample left the mouth.
   * `onStart` is called before, as soon as that time is known.
   */
  async say(wav: ArrayBuffer, onStart: (atMs: number) => void = () => {}): Promise<number> {
    const samples = await this.#decode(wav);
    this.#lastId += 1;
    const id = this.#lastId;
    const began = Promise.withResolvers<number>();
    const ended = Promise.withResolvers<void>();
    this.#saying.set(id, {
      began: (frame) => {
        const atMs = this.#clock.epochMs(frame);
        onStart(atMs);
        began.resolve(atMs);
      },
      ended: ended.resolve,
    });
    this.#post({ type: "say", id, samples, repeat: false });
    await ended.promise;
    return began.promise;
  }

  /** Says it over and over, without a gap, until told to stop. */
  async repeat(wav: ArrayBuffer): Promise<void> {
    const samples = await this.#decode(wav);
    this.stop();
    this.#lastId += 1;
    this.#repeating = this.#lastId;
    this.#post({ type: "say", id: this.#lastId, samples, repeat: true });
  }

  stop(): void {
    if (this.#repeating !== undefined) this.#post({ type: "stop", id: this.#repeating });
    this.#repeating = undefined;
  }

  /** Brings it to the context's rate with a proper filter. */
  async #decode(wav: ArrayBuffer): Promise<Float32Array> {
    return (await this.#context.decodeAudioData(wav)).getChannelData(0);
  }

  #post(message: ToMouth): void {
    this.voice.port.postMessage(message);
  }
}
