const FIN = 0x80;
const OPCODE = 0x0f;
const MASKED = 0x80;
const LENGTH = 0x7f;
const MASK_BYTES = 4;

export const Opcode = { continuation: 0, text: 1, binary: 2 } as const;

/**
 * Tells in a stream of WebSocket frames (RFC 6455, section 5.2) when each message has come whole, without looking at
 * what is in it. Unlike the chunks of a socket, messages are what the sender made.
 */
export class FrameClock {
  readonly #ended: (opcode: number) => void;
  /** Of a header that has not come whole. */
  #header: number[] = [];
  /** Bytes of the frame's payload that are still to come. */
  #left = 0;
  #fin = false;
  /** Of the message under way: its first frame has it. */
  #opcode = 0;

  /** @param ended called at the last byte of each message, and of each control frame */
  constructor(ended: (opcode: number) => void) {
    this.#ended = ended;
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, chunk.length - at);
        this.#left -= taken;
        at += taken;
        if (this.#left === 0) this.#frameEnded();
        continue;
      }
      this.#header.push(chunk[at] ?? 0);
      at += 1;
      if (this.#header.length === headerBytes(this.#header)) this.#begin();
    }
  }

  #begin(): void {
    const [first = 0, second = 0] = this.#header;
    const opcode = first & OPCODE;
    this.#fin = (first & FIN) !== 0;
    if (opcode !== Opcode.continuation) this.#opcode = opcode;
    this.#left = payloadBytes(this.#header, second & LENGTH);
    this.#header = [];
    if (this.#left === 0) this.#frameEnded();
  }

  #frameEnded(): void {
    if (this.#fin) this.#ended(this.#opcode);
  }
}

/** How long the header is, as far as that can be told from what there is of it. */
function headerBytes([, second]: readonly number[]): number {
  if (second === undefined) return 2;
  const length = second & LENGTH;
  const extended = length === 127 ? 8 : length === 126 ? 2 : 0;
  return 2 + extended + ((second & MASKED) === 0 ? 0 : MASK_BYTES);
}

function payloadBytes(header: readonly number[], length: number): number {
  if (length < 126) return length;
  const extended = header.slice(2, length === 127 ? 10 : 4);
  return extended.reduce((value, byte) => value * 256 + byte, 0);
}
