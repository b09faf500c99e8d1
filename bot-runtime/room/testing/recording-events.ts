import type { Participant, Playout, RoomEnd, RoomEvents } from "../room.ts";

/** For tests: what a room told, in order by kind. */
export class RecordingEvents implements RoomEvents {
  readonly joined: Participant[] = [];
  readonly left: Participant[] = [];
  readonly messages: [unknown, string][] = [];
  /** Beginnings and ends; progress is kept apart. */
  readonly playouts: Exclude<Playout, { kind: "progress" }>[] = [];
  readonly progress: Extract<Playout, { kind: "progress" }>[] = [];
  readonly ends: RoomEnd[] = [];
  /** All that was heard, at 16 kHz. */
  #heard: Int16Array[] = [];
  /** Frames that came after the end: none may. */
  late = 0;

  audio(pcm: Int16Array): void {
    if (this.ends.length > 0) this.late++;
    this.#heard.push(pcm);
  }

  participantJoined(participant: Participant): void {
    this.joined.push(participant);
  }

  participantLeft(participant: Participant): void {
    this.left.push(participant);
  }

  appMessage(data: unknown, fromId: string): void {
    this.messages.push([data, fromId]);
  }

  playout(state: Playout): void {
    if (state.kind === "progress") this.progress.push(state);
    else this.playouts.push(state);
  }

  ended(end: RoomEnd): void {
    this.ends.push(end);
  }

  get frames(): number {
    return this.#heard.length;
  }

  /** The samples heard since frame `from`, 1 is full scale. */
  heard(from = 0): Float32Array {
    const frames = this.#heard.slice(from);
    return Float32Array.from(
      frames.flatMap((frame) => [...frame]),
      (sample) => sample / 32_768,
    );
  }

  /** Peak of each frame since `from`, 1 is full scale. */
  peaks(from = 0): number[] {
    return this.#heard
      .slice(from)
      .map((frame) => frame.reduce((peak, s) => Math.max(peak, Math.abs(s)), 0) / 32_768);
  }
}
