/** Rate of the user's voice, Hz. */
const SAMPLE_RATE = 16_000;
/** One frame of a room: each sound leaves as soon as it is known. */
const CHUNK_MS = 20;
const CHUNK_SAMPLES = (SAMPLE_RATE * CHUNK_MS) / 1000;
/** What the user says while there is no connection is kept, the newest 2 s of it; as much is kept of what was sent. */
const MAX_KEPT_CHUNKS = 2_000 / CHUNK_MS;

/** Where the user's voice goes. */
export interface UplinkSink {
  audio(chunk: Int16Array): void;
  /** The microphone is off. */
  pause(): void;
  turnStart(): void;
  turnEnd(): void;
}

type Item =
  | { kind: "audio"; chunk: Int16Array }
  | { kind: "pause" }
  | { kind: "turn-start" }
  | { kind: "turn-end" };

/**
 * Gathers the user's voice into chunks of 20 ms, in one row with the marks of turns, and keeps it while there is
 * nobody to send it to.
 */
export class AudioUplink {
  #sink: UplinkSink | undefined;
  #waiting: Item[] = [];
  /** The newest that was sent: the end of a turn that a connection took with it. */
  #sent: Int16Array[] = [];
  /** In a turn, as far as it was added; and as far as it was sent. */
  #inTurn = false;
  #inSentTurn = false;
  #chunk = new Int16Array(CHUNK_SAMPLES);
  #filled = 0;

  /** @returns how many chunks were left out to make room for this audio. */
  add(pcm: Int16Array): number {
    // A pause that is over before anybody was told of it was none.
    if (this.#waiting.at(-1)?.kind === "pause") this.#waiting.pop();
    let dropped = 0;
    for (let taken = 0; taken < pcm.length; ) {
      const part = pcm.subarray(taken, taken + CHUNK_SAMPLES - this.#filled);
      this.#chunk.set(part, this.#filled);
      this.#filled += part.length;
      taken += part.length;
      if (this.#filled === CHUNK_SAMPLES) dropped += this.#finishChunk();
    }
    return dropped;
  }

  /** The microphone is off, after all that was added. @returns as `add` does */
  pause(): number {
    return this.#mark("pause");
  }

  /** The audio between these two is a turn of the user. @returns as `add` does */
  turnStart(): number {
    const dropped = this.#mark("turn-start");
    this.#inTurn = true;
    return dropped;
  }

  turnEnd(): number {
    this.#inTurn = false;
    return this.#mark("turn-end");
  }

  /** From now on all goes to `sink`, first what waited. @returns how many chunks those were */
  open(sink: UplinkSink): number {
    this.#sink = sink;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const item of waiting) this.#deliver(item);
    return waiting.filter(({ kind }) => kind === "audio").length;
  }

  /** From now on all is kept, for the same listener. */
  hold(): void {
    this.#sink = undefined;
  }

  /**
   * From now on all is kept, for another listener. `rewind`: with the newest 2 s of what was sent, since whoever has
   * heard the beginning of the user's speech will not hear its end. A turn whose end was not sent begins anew.
   */
  lost({ rewind }: { rewind: boolean }): void {
    this.#sink = undefined;
    const begun = this.#inSentTurn;
    this.#inSentTurn = false;
    // A turn that waits to begin has no beginning that was heard.
    if (!begun && (!rewind || this.#inTurn)) return;
    const again = this.#sent.map((chunk): Item => ({ kind: "audio", chunk }));
    this.#sent = [];
    this.#waiting = [...(begun ? [{ kind: "turn-start" } as const] : []), ...again, ...this.#waiting];
    this.#trim();
  }

  /** Forgets all that was not sent. */
  clear(): void {
    this.#waiting = [];
    this.#sent = [];
    this.#filled = 0;
    this.#inTurn = false;
    this.#inSentTurn = false;
  }

  #mark(kind: "pause" | "turn-start" | "turn-end"): number {
    const dropped = this.#filled > 0 ? this.#finishChunk() : 0;
    return dropped + this.#take({ kind });
  }

  #finishChunk(): number {
    const chunk = this.#chunk.subarray(0, this.#filled);
    this.#chunk = new Int16Array(CHUNK_SAMPLES);
    this.#filled = 0;
    return this.#take({ kind: "audio", chunk });
  }

  #take(item: Item): number {
    if (this.#sink) {
      this.#deliver(item);
      return 0;
    }
    this.#waiting.push(item);
    return this.#trim();
  }

  #deliver(item: Item): void {
    switch (item.kind) {
      case "audio":
        this.#sent.push(item.chunk);
        if (this.#sent.length > MAX_KEPT_CHUNKS) this.#sent.shift();
        this.#sink?.audio(item.chunk);
        return;
      case "pause":
        this.#sink?.pause();
        return;
      case "turn-start":
        this.#sent = [];
        this.#inSentTurn = true;
        this.#sink?.turnStart();
        return;
      case "turn-end":
        this.#inSentTurn = false;
        this.#sink?.turnEnd();
    }
  }

  /** The oldest audio goes first, and then the turns of which nothing is left. */
  #trim(): number {
    const audio = this.#waiting.filter(({ kind }) => kind === "audio");
    const surplus = new Set(audio.slice(0, Math.max(0, audio.length - MAX_KEPT_CHUNKS)));
    if (surplus.size > 0) this.#waiting = this.#waiting.filter((item) => !surplus.has(item));
    for (let at = this.#emptyTurnAt(); at >= 0; at = this.#emptyTurnAt()) this.#waiting.splice(at, 2);
    return surplus.size;
  }

  #emptyTurnAt(): number {
    return this.#waiting.findIndex(
      ({ kind }, i) => kind === "turn-start" && this.#waiting[i + 1]?.kind === "turn-end",
    );
  }
}
