import { MAX_NAME_CHARS } from "../signalling-limits.ts";
import { CUSTOM_TRACK } from "./custom-track.ts";

/** Where a kind of media comes from, as the app asked for it. */
export type SourceWish =
  | { from: "custom" }
  /** `settings`: constraints for getUserMedia; empty for the default device. */
  | { from: "device"; settings: Record<string, unknown> };

export interface MediaSetup {
  /** False: this kind is not to be touched at all. */
  allowed: boolean;
  /** Undefined: as the room says. */
  startOff: boolean | undefined;
  wish: SourceWish;
}

export interface ObserverSetup {
  intervalMs: number | undefined;
}

type Fields = Record<string, unknown>;

/** What `start-camera`, `join-meeting` and `daily-method-preauth` bring along. */
export interface Setup {
  url: string;
  /** Where an app with daily-js 0.84 to 0.86 has the bundle from. Newer ones tell every machine its folder. */
  bundleUrl: string | undefined;
  token: string | undefined;
  userName: string | undefined;
  userData: unknown;
  audio: MediaSetup;
  video: MediaSetup;
  /** Of the microphone at most, in bits a second; undefined: the browser's own default. */
  audioBitrate: number | undefined;
  /** As daily-js holds them, to be told back with whatever changes later. */
  inputSettings: Fields;
  /** False: the app wants to choose by itself what it receives. */
  subscribesAutomatically: boolean;
  /** Level observers that the app asked for before the machine was there. */
  localLevels: ObserverSetup | undefined;
  remoteLevels: ObserverSetup | undefined;
}

/**
 * Reads what daily-js sends: the app's own properties, and what it prepared (`preloadCache`).
 * @throws Error for a user's name that is too long
 */
export function readSetup(message: Fields): Setup {
  const properties = fields(message.properties);
  const cache = fields(message.preloadCache);
  const input = fields(cache.inputSettings);
  return {
    url: text(properties.url) ?? "",
    bundleUrl: text(fields(properties.dailyConfig).callObjectBundleUrlOverride),
    token: text(properties.token),
    userName: readUserName(properties.userName),
    userData: properties.userData,
    audio: {
      allowed: (cache.allowLocalAudio ?? properties.allowLocalAudio) !== false,
      startOff: flag(properties.startAudioOff),
      wish: readWish(fields(input.audio).settings, properties.audioSource),
    },
    video: {
      allowed: (cache.allowLocalVideo ?? properties.allowLocalVideo) !== false,
      startOff: flag(properties.startVideoOff),
      wish: readWish(fields(input.video).settings, properties.videoSource),
    },
    // "music" and "speech" name what nobody documents in figures: the browser's default stands for both.
    audioBitrate: number(fields(fields(properties.dailyConfig).micAudioMode).bitrate),
    inputSettings: input,
    subscribesAutomatically:
      (cache.subscribeToTracksAutomatically ?? properties.subscribeToTracksAutomatically) !== false,
    localLevels: readObserver(cache.localAudioLevelObserver),
    remoteLevels: readObserver(cache.remoteParticipantsAudioLevelObserver),
  };
}

/** `settings` of `inputSettings` win; after a first call daily-js has forgotten them and only `source` is left. */
export function readWish(settings: unknown, source?: unknown): SourceWish {
  const { customTrack, ...rest } = fields(settings);
  if (customTrack !== undefined) return { from: "custom" };
  if (Object.keys(rest).length > 0) return { from: "device", settings: rest };
  if (source === CUSTOM_TRACK) return { from: "custom" };
  return { from: "device", settings: typeof source === "string" ? { deviceId: source } : {} };
}

/** The room's name in a room URL: its last path segment. Empty when there is none. Names need no decoding. */
export function roomName(url: string): string {
  if (!URL.canParse(url)) return "";
  return new URL(url).pathname.split("/").filter(Boolean).at(-1) ?? "";
}

/**
 * The emulator cuts off who has a longer name, and of that the app would only hear as a broken connection.
 * @throws Error
 */
export function readUserName(value: unknown): string | undefined {
  const userName = text(value);
  if (userName !== undefined && userName.length > MAX_NAME_CHARS) {
    throw new Error(`a user's name has at most ${MAX_NAME_CHARS} characters`);
  }
  return userName;
}

/** The `to` of an app message: a session id, several, or `*` for everybody else. */
export function recipients(to: unknown): string | string[] {
  if (Array.isArray(to)) return to.filter((id) => typeof id === "string");
  return text(to) ?? "*";
}

function readObserver(value: unknown): ObserverSetup | undefined {
  const { enabled, interval } = fields(value);
  return enabled === true ? { intervalMs: number(interval) } : undefined;
}

/** The value as a record; an empty one for anything else, so that absent parts read as absent. */
export function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {}; // an object's keys are strings
}

export const text = (value: unknown) => (typeof value === "string" ? value : undefined);
export const number = (value: unknown) => (typeof value === "number" ? value : undefined);
const flag = (value: unknown) => (typeof value === "boolean" ? value : undefined);
