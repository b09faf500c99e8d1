/** The page of the browser tests: call objects of daily-js by name, driven through `globalThis`. */
import Daily, { type DailyCall, type DailyCallOptions, type DailyEvent } from "@daily-co/daily-js";
import * as devices from "./phone/devices.ts";
import { plain } from "./phone/plain.ts";
import { failConnections, iceNames, newGlobals, remains } from "./phone/remains.ts";
import { hear, picture, type Sound, tone } from "./phone/sound.ts";

const WATCHED: DailyEvent[] = [
  "loading",
  "loaded",
  "load-attempt-failed",
  "joining-meeting",
  "joined-meeting",
  "left-meeting",
  "call-instance-destroyed",
  "access-state-updated",
  "started-camera",
  "camera-error",
  "participant-joined",
  "participant-updated",
  "participant-left",
  "participant-counts-updated",
  "track-started",
  "track-stopped",
  "app-message",
  "error",
  "nonfatal-error",
  "active-speaker-change",
  "local-audio-level",
  "remote-participants-audio-level",
  "network-quality-change",
  "network-connection",
  "meeting-session-summary-updated",
  "meeting-session-state-updated",
  "selected-devices-updated",
  "input-settings-updated",
  "receive-settings-updated",
  "send-settings-updated",
];

interface Phone {
  call: DailyCall;
  events: unknown[];
  watchedTrack: MediaStreamTrack | undefined;
}
const phones = new Map<string, Phone>();

function phone(name: string): Phone {
  const found = phones.get(name);
  if (!found) throw new Error(`No call object ${name}`);
  return found;
}

/** Arguments travel as JSON: `{$tone: 440}` stands for a track with a tone, `{$picture: true}` for one with frames. */
function argument(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(argument);
  if ("$tone" in value) return tone(Number(value.$tone));
  if ("$picture" in value) return picture();
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, argument(each)]));
}

/** Longer than any answer of the call machine takes here; a promise that is still open then hangs. */
const SETTLES_WITHIN_MS = 5_000;

/** Calls a method by its name. A promise that does not settle is told as `{hangs: true}`. */
async function method(name: string, methodName: string, args: unknown[]): Promise<unknown> {
  const { call } = phone(name);
  let timer: number | undefined;
  const late = new Promise<unknown>((resolve) => {
    timer = window.setTimeout(() => resolve({ hangs: true }), SETTLES_WITHIN_MS);
  });
  const settled = (async () => {
    try {
      const target: unknown = Reflect.get(call, methodName);
      if (typeof target !== "function") return { missing: true };
      const value: unknown = await target.apply(call, args.map(argument));
      return { value: value === call ? undefined : plain(value) };
    } catch (error) {
      return { error: plain(error) ?? "nothing" };
    }
  })();
  return Promise.race([settled, late]).finally(() => clearTimeout(timer));
}

const api = {
  version: () => Daily.version(),
  remains,
  newGlobals,
  failConnections,
  iceNames,
  ...devices,

  /** Without an `audioSource` the microphone is off. */
  async create(name: string, options: DailyCallOptions): Promise<void> {
    const call = Daily.createCallObject({
      audioSource: false,
      videoSource: false,
      // As JSON they are whatever stands for a track.
      ...(argument(options) as DailyCallOptions),
      allowMultipleCallInstances: true,
    });
    const events: unknown[] = [];
    phones.set(name, { call, events, watchedTrack: undefined });
    for (const event of WATCHED) call.on(event, (heard) => void events.push(plain(heard)));
  },

  method,

  /** Like `method`, but does not wait for the answer. */
  start(name: string, methodName: string, args: unknown[]): void {
    void method(name, methodName, args);
  },

  async destroy(name: string): Promise<void> {
    await phones.get(name)?.call.destroy();
    phones.delete(name);
  },

  events: (name: string) => phones.get(name)?.events ?? [],

  /** Every method that a call object has, from daily-js itself. */
  methods(name: string): string[] {
    const { call } = phone(name);
    const names = new Set<string>();
    for (
      let at = Object.getPrototypeOf(call);
      at && at !== Object.prototype;
      at = Object.getPrototypeOf(at)
    ) {
      for (const each of Object.getOwnPropertyNames(at)) {
        if (typeof Reflect.get(call, each) === "function") names.add(each);
      }
    }
    return [...names];
  },

  /** What arrives from one other participant; of the only one when no id is given. */
  hear(name: string, id?: string): Sound {
    const others = Object.values(phone(name).call.participants()).filter(({ local }) => !local);
    const other = id === undefined ? others[0] : others.find(({ session_id }) => session_id === id);
    const track = other?.tracks.audio.persistentTrack;
    return track ? hear(track) : { frequencyHz: 0, rms: 0 };
  },

  /** Keeps the local microphone's track in sight beyond the end of its call. */
  watchLocalTrack(name: string): void {
    const watched = phone(name);
    watched.watchedTrack = watched.call.participants().local.tracks.audio.persistentTrack;
  },
  watchedTrack: (name: string) => phone(name).watchedTrack?.readyState ?? null,
};
export type PhonePage = typeof api;

Object.assign(globalThis, { phones: api });
