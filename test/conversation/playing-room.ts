import { MAX_PLAY_FRAME_SAMPLES, PAGE_QUEUE_SAMPLES } from "../../bot-runtime/room/bridge/limits.ts";
import { PlayoutQueue } from "../../bot-runtime/room/dsp/playout-queue.ts";
import { PlayoutLedger, type PlayoutReport } from "../../bot-runtime/room/playout-ledger.ts";
import { RoomError, type RoomEvents, type RoomOptions } from "../../bot-runtime/room/room.ts";
import { FakeRoom, FakeRoomHost } from "../../bot-runtime/testing/fake-room.ts";

const QUANTUM_MS = 20;
const QUANTUM_SAMPLES = 480;
/** As in Daily. */
const MAX_MESSAGE_CHARS = 4_096;

/** A room in memory that plays what it is given, by the clock, with the very queues of the real one at both ends. */
export class PlayingRoom extends FakeRoom {
  /** Gets each app message of the bot, as it comes out of JSON. */
  onMessage: (data: unknown) => void = () => {};
  readonly #ledger = new PlayoutLedger();
  readonly #queue = new PlayoutQueue({
    capacity: PAGE_QUEUE_SAMPLES,
    sink: {
      started: (generation) => this.#report("started", generation),
      drained: (generation) => this.#report("drained", generation),
      flushed: (generation) => this.#report("flushed", generation),
    },
  });
  readonly #quantum = new Float32Array(QUANTUM_SAMPLES);
  readonly #clock: NodeJS.Timeout;

  constructor(options: RoomOptions, events: RoomEvents) {
    super(options, events, "ok");
    this.inCall = false;
    this.#clock = setInterval(() => this.#tick(), QUANTUM_MS);
  }

  override play(pcm: Int16Array, generation: number): void {
    super.play(pcm, generation);
    this.#ledger.play(pcm, generation);
    this.#fill();
  }

  override pause(): void {
    super.pause();
    this.#queue.pause();
  }

  override resume(): void {
    super.resume();
    this.#queue.resume();
  }

  override flush(generation: number): void {
    super.flush(generation);
    this.#ledger.flush(generation);
    this.#queue.flush(generation);
  }

  override sendAppMessage(data: unknown): void {
    const json = JSON.stringify(data);
    if (json.length > MAX_MESSAGE_CHARS)
      throw new RoomError("message-too-large", `${json.length} characters`);
    super.sendAppMessage(data);
    this.onMessage(JSON.parse(json));
  }

  override close(): Promise<void> {
    clearInterval(this.#clock);
    return super.close();
  }

  #tick(): void {
    const before = this.#queue.consumedSamples;
    this.#queue.read(this.#quantum);
    if (this.#queue.consumedSamples !== before) this.#report("progress", 0);
    this.#fill();
  }

  #fill(): void {
    for (let frame = this.#ledger.next(); frame; frame = this.#ledger.next()) {
      if (frame.pcm.length > MAX_PLAY_FRAME_SAMPLES) throw new Error("A frame that no bridge would carry.");
      this.#queue.write(frame.generation, frame.pcm);
    }
  }

  #report(kind: PlayoutReport["kind"], generation: number): void {
    const position = {
      playedGeneration: Math.max(0, this.#queue.playedGeneration),
      playedSamples: this.#queue.playedSamples,
      consumedSamples: this.#queue.consumedSamples,
      framesLost: 0,
    };
    for (const playout of this.#ledger.report({ kind, generation, position })) this.events.playout(playout);
  }
}

export class PlayingRoomHost extends FakeRoomHost {
  override async open(options: RoomOptions, events: RoomEvents): Promise<PlayingRoom> {
    const room = new PlayingRoom(options, events);
    this.rooms.push(room);
    return room;
  }
}
