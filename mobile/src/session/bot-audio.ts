/** Plays the assistant's audio tracks in a browser, one `<audio>` element each. Phones play them by themselves. */
export class BotAudio {
  /** The room holds one bot with one audio track; a track that is published again replaces the one before. */
  readonly #elements = new Map<string, HTMLAudioElement>();
  readonly #onBlocked: (blocked: boolean) => void;
  /** Ends the wait for a gesture, while the browser wants one before it plays sound. */
  #gesture: AbortController | undefined;
  #closed = false;

  /** @param onBlocked `true` when the browser wants a gesture before it plays, `false` once it plays after all. */
  constructor(onBlocked: (blocked: boolean) => void) {
    this.#onBlocked = onBlocked;
  }

  add(track: MediaStreamTrack): void {
    if (this.#closed || this.#elements.has(track.id)) return;
    const element = document.createElement("audio");
    element.srcObject = new MediaStream([track]);
    this.#elements.set(track.id, element);
    document.body.append(element);
    void this.#play(element);
  }

  remove(track: MediaStreamTrack): void {
    const element = this.#elements.get(track.id);
    if (!element) return;
    release(element);
    this.#elements.delete(track.id);
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#gesture?.abort();
    for (const element of this.#elements.values()) release(element);
    this.#elements.clear();
  }

  async #play(element: HTMLAudioElement): Promise<void> {
    try {
      await element.play();
    } catch (error) {
      // Anything else is the element having been released, or having lost its track, in the meantime.
      const blocked = error instanceof DOMException && error.name === "NotAllowedError";
      if (blocked && !this.#closed) this.#awaitGesture();
    }
  }

  #awaitGesture(): void {
    if (this.#gesture) return;
    const gesture = new AbortController();
    this.#gesture = gesture;
    this.#onBlocked(true);
    const retry = () => {
      gesture.abort();
      this.#gesture = undefined;
      this.#onBlocked(false);
      for (const element of this.#elements.values()) void this.#play(element);
    };
    for (const type of ["pointerup", "keydown"]) {
      document.addEventListener(type, retry, { signal: gesture.signal });
    }
  }
}

function release(element: HTMLAudioElement): void {
  element.pause();
  element.srcObject = null;
  element.remove();
}
