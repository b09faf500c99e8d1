/** What a page of bare daily-js calls is told and tells; the page itself is in `talk.page.ts`. */

export interface JoinOrder {
  /** Any number that no other call of the page has. */
  id: number;
  url: string;
  token: string;
  callMachineUrl: string;
  /** Where in its cycle the speaker is: `(epoch + phaseMs) % CYCLE_MS`. */
  phaseMs: number;
  /** Sends `client-ready`, as an app's client does once it hears the bot. */
  asClient: boolean;
}

/** Of all connections of a page together, since their beginning, as WebRTC's own statistics count it. */
export interface Received {
  connections: number;
  /** Samples per channel that were played, and of these the ones that were made up since nothing had come. */
  samples: number;
  concealedSamples: number;
  /** How long all that was played had been kept back for, and how many samples that were. */
  heldS: number;
  heldSamples: number;
  bytes: number;
}

export const NOTHING_RECEIVED: Received = {
  connections: 0,
  samples: 0,
  concealedSamples: 0,
  heldS: 0,
  heldSamples: 0,
  bytes: 0,
};

export function sumReceived(all: readonly Received[]): Received {
  return all.reduce((sum, one) => combine(sum, one, (a, b) => a + b), NOTHING_RECEIVED);
}

/** What came between two looks. @throws Error when a connection came or went in between: the sums would say nothing */
export function receivedBetween(before: Received, after: Received): Received {
  if (before.connections !== after.connections) {
    throw new Error(`Of ${before.connections} connections there are ${after.connections}`);
  }
  return { ...combine(before, after, (a, b) => b - a), connections: after.connections };
}

function combine(a: Received, b: Received, of: (a: number, b: number) => number): Received {
  return {
    connections: of(a.connections, b.connections),
    samples: of(a.samples, b.samples),
    concealedSamples: of(a.concealedSamples, b.concealedSamples),
    heldS: of(a.heldS, b.heldS),
    heldSamples: of(a.heldSamples, b.heldSamples),
    bytes: of(a.bytes, b.bytes),
  };
}
