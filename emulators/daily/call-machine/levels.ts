import type { Post } from "./daily-js.ts";
import { LocalLevel } from "./local-level.ts";

/** daily-js's default and least interval of level observers. */
const DEFAULT_INTERVAL_MS = 200;
const LEAST_INTERVAL_MS = 100;

export interface LevelSources {
  localTrack(): MediaStreamTrack | null;
  /** By session id; null while there is no call. */
  remoteLevels(): Record<string, number> | null;
}

/** The two level observers that an app may ask for. Nothing runs before it does. */
export class Levels {
  readonly #sources: LevelSources;
  readonly #post: Post;
  #local: { timer: number; level: LocalLevel } | null = null;
  #remote: number | null = null;

  constructor(sources: LevelSources, post: Post) {
    this.#sources = sources;
    this.#post = post;
  }

  startLocal(intervalMs: number | undefined): void {
    this.stopLocal();
    const level = new LocalLevel();
    const timer = every(intervalMs, () => {
      this.#post({ action: "local-audio-level", audioLevel: level.read(this.#sources.localTrack()) });
    });
    this.#local = { timer, level };
  }

  stopLocal(): void {
    if (!this.#local) return;
    clearInterval(this.#local.timer);
    this.#local.level.close();
    this.#local = null;
  }

  startRemote(intervalMs: number | undefined): void {
    this.stopRemote();
    this.#remote = every(intervalMs, () => {
      const participantsAudioLevel = this.#sources.remoteLevels();
      if (participantsAudioLevel) {
        this.#post({ action: "remote-participants-audio-level", participantsAudioLevel });
      }
    });
  }

  stopRemote(): void {
    if (this.#remote !== null) clearInterval(this.#remote);
    this.#remote = null;
  }

  close(): void {
    this.stopLocal();
    this.stopRemote();
  }
}

function every(intervalMs = DEFAULT_INTERVAL_MS, tick: () => void): number {
  return window.setInterval(tick, Math.max(LEAST_INTERVAL_MS, intervalMs));
}
