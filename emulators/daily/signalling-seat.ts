import type { Seat } from "./core/held-room.ts";
import type { Wire } from "./core/meeting.ts";
import type { ClientMessage, ServerMessage } from "./signalling-messages.ts";
import { isCounted, Replay } from "./signalling-replay.ts";

type State =
  | { at: "attached"; wire: Wire }
  | { at: "away"; timer: ReturnType<typeof setTimeout> }
  | { at: "over" };

/**
 * The wire of one participant across the sockets that it may have one after the other. While there is none the
 * seat is kept for a time, and what is said to it is said after the return.
 */
export class HeldSeat implements Wire {
  readonly key = crypto.randomUUID();
  readonly #onOver: () => void;
  readonly #said = new Replay<ServerMessage>();
  #heard = 0;
  #state: State;
  #seat: Seat | null = null;
  /** The meeting has sent this participant out: once that is told, there is nothing more to say. */
  #removed = false;

  constructor(wire: Wire, onOver: () => void) {
    this.#state = { at: "attached", wire };
    this.#onOver = onOver;
  }

  /** Null until the meeting has taken it. */
  get seat(): Seat | null {
    return this.#seat;
  }

  /** How many messages have come from this participant, of those that are counted. */
  get heard(): number {
    return this.#heard;
  }

  sit(seat: Seat): void {
    this.#seat = seat;
  }

  /** The participant has said something. */
  hear(message: ClientMessage): void {
    if (message.type === "pong") this.#said.heard(message.heard);
    else if (isCounted(message)) this.#heard += 1;
  }

  send(message: ServerMessage): void {
    if (isCounted(message)) this.#said.add(message);
    if (this.#state.at === "attached") this.#state.wire.send(message);
  }

  /** The meeting is done with this one. A socket that is away hears why when it returns. */
  close(): void {
    this.#removed = true;
    if (this.#state.at === "attached") this.#state.wire.close();
  }

  /** A wire is gone. The seat is kept for so long, unless another wire has taken its place. */
  detach(wire: Wire, keepMs: number): void {
    if (this.#state.at !== "attached" || this.#state.wire !== wire) return;
    if (keepMs <= 0) this.vacate();
    else this.#state = { at: "away", timer: setTimeout(() => this.vacate(), keepMs) };
  }

  /**
   * A new wire for it, whose end has heard so many messages and hears the rest now. False when the seat is no
   * longer kept, or so much was missed that it cannot be made good: then it is given up, and its old wire with it.
   */
  attach(wire: Wire, heard: number): boolean {
    const before = this.#state;
    const missed = this.#said.after(heard);
    if (before.at === "over" || !missed) {
      this.vacate();
      // Who has left must not go on talking.
      if (before.at === "attached") before.wire.close();
      return false;
    }
    this.#state = { at: "attached", wire };
    // The page may notice sooner than we that its old socket is dead.
    if (before.at === "attached") before.wire.close();
    else clearTimeout(before.timer);
    wire.send({ type: "resumed", ok: true, heard: this.#heard });
    for (const message of missed) wire.send(message);
    if (this.#removed) wire.close();
    return true;
  }

  /** Leaves the meeting, and cannot be taken up again. */
  vacate(): void {
    const before = this.#state;
    if (before.at === "over") return;
    if (before.at === "away") clearTimeout(before.timer);
    this.#state = { at: "over" };
    this.#seat?.leave();
    this.#onOver();
  }
}

/** Every seat that is held, by its key. */
export class HeldSeats {
  readonly #seats = new Map<string, HeldSeat>();

  hold(wire: Wire, onOver: (seat: HeldSeat) => void): HeldSeat {
    const seat: HeldSeat = new HeldSeat(wire, () => {
      this.#seats.delete(seat.key);
      onOver(seat);
    });
    this.#seats.set(seat.key, seat);
    return seat;
  }

  find(key: string): HeldSeat | undefined {
    return this.#seats.get(key);
  }

  /** Ends all, also those whose socket is away. */
  clear(): void {
    for (const seat of [...this.#seats.values()]) seat.vacate();
  }
}
