import { AudioUplink, type UplinkSink } from "./audio-uplink.ts";
import type { LiveConnection } from "./live-connect.ts";

/** The user's voice on its way to whichever connection there is, and how much of it none has taken. */
export class Voice {
  readonly #uplink = new AudioUplink();
  readonly #sink: UplinkSink;
  #chunksLeftOut = 0;

  constructor(connection: () => LiveConnection | undefined) {
    this.#sink = {
      audio: (chunk) => {
        if (!connection()?.sendAudio(chunk)) this.#chunksLeftOut += 1;
      },
      pause: () => connection()?.sendAudioPause(),
      turnStart: () => connection()?.sendTurnStart(),
      turnEnd: () => connection()?.sendTurnEnd(),
    };
  }

  /** s16 mono at 16 kHz, pieces of any size. */
  add(pcm: Int16Array): void {
    this.#leftOut(this.#uplink.add(pcm));
  }

  pause(): void {
    this.#leftOut(this.#uplink.pause());
  }

  turnStart(): void {
    this.#leftOut(this.#uplink.turnStart());
  }

  turnEnd(): void {
    this.#leftOut(this.#uplink.turnEnd());
  }

  /** From now on all is sent, first what waited. @returns how many chunks those were */
  open(): number {
    return this.#uplink.open(this.#sink);
  }

  /** From now on all is kept, for the same connection. */
  hold(): void {
    this.#uplink.hold();
  }

  /** From now on all is kept, for the next connection; `rewind`: with the newest of what was sent. */
  lost({ rewind }: { rewind: boolean }): void {
    this.#uplink.lost({ rewind });
  }

  clear(): void {
    this.#uplink.clear();
  }

  /** How many chunks were left out since this was asked last. */
  takeLeftOut(): number {
    const chunks = this.#chunksLeftOut;
    this.#chunksLeftOut = 0;
    return chunks;
  }

  /** A call of its own: what is added may be sent, and raise the count, before it returns. */
  #leftOut(chunks: number): void {
    this.#chunksLeftOut += chunks;
  }
}
