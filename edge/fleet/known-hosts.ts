import type { HostLoad } from "../../protocol/bot-host.ts";
import type { HostStart } from "./bot-host.ts";

/** What a host's latest answer says about the next one. */
export type Known =
  | { kind: "takes"; load: HostLoad }
  | { kind: "full" }
  /** It did not answer, or not as a host does. */
  | { kind: "troubled" }
  | { kind: "draining" };

/** How long an answer counts: calls begin and end, and other isolates send theirs. */
export const KNOWN_MS = 5_000;
/** More hosts than any settings name. */
const MAX_KNOWN = 1_000;

/** What this isolate has heard of the hosts lately. It only decides who is asked first. */
export class KnownHosts {
  readonly #known = new Map<string, { known: Known; until: number }>();

  /** `undefined` when nothing was heard of it lately. */
  of(hostId: string): Known | undefined {
    const entry = this.#known.get(hostId);
    return entry && entry.until > Date.now() ? entry.known : undefined;
  }

  note(hostId: string, outcome: HostStart): void {
    const known = knownOf(outcome);
    this.#known.delete(hostId);
    if (!known) return;
    this.#known.set(hostId, { known, until: Date.now() + KNOWN_MS });
    if (this.#known.size <= MAX_KNOWN) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}

function knownOf(outcome: HostStart): Known | undefined {
  switch (outcome.kind) {
    case "accepted":
      return { kind: "takes", load: outcome.load };
    case "full":
      return { kind: "full" };
    case "draining":
      return { kind: "draining" };
    case "unsure":
    case "refused":
      return { kind: "troubled" };
    case "asleep":
    case "waking":
      return undefined;
  }
}
