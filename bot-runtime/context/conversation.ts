/** One thing said, as far as it was heard. `at`: when it began, in epoch milliseconds. */
export interface ConversationEntry {
  role: "user" | "assistant";
  text: string;
  at: number;
  /** The other side heard no more of it. */
  interrupted?: true;
}

type Role = ConversationEntry["role"];

/** The newest so much is kept: twice what a model is ever told again. Older words are in the session's record. */
const MAX_CHARS = 32_000;
const MAX_ENTRIES = 500;
/** Words come up to 2 s after their sound; whoever follows them waits for no longer than this. */
const MAX_WAIT_MS = 5_000;

/**
 * The conversation as it was heard, in the order in which it was said. Words come late, the user's most of all, so
 * an entry that follows others still to come is reported after them.
 */
export class Conversation {
  readonly #onEntry: (entry: ConversationEntry) => void;
  /** By `at`. */
  #entries: ConversationEntry[] = [];
  #chars = 0;
  #unreported: ConversationEntry[] = [];
  /** When something began that is over, or being said, and has no entry yet. */
  readonly #expected = new Map<Role, number>();
  readonly #underWay: (() => readonly ConversationEntry[])[] = [];
  #wait: NodeJS.Timeout | undefined;
  /** When the newest answer began, unless it was cut off. Epoch milliseconds. */
  answerBeganAt: number | undefined;

  /** @param onEntry gets each entry once, when it is whole. */
  constructor(onEntry: (entry: ConversationEntry) => void) {
    this.#onEntry = onEntry;
  }

  /** Asked for what is being said at the moment, and no entry yet. */
  addSource(underWay: () => readonly ConversationEntry[]): void {
    this.#underWay.push(underWay);
  }

  /** Something that began at this time will be an entry; nothing of the other side overtakes it. */
  expect(role: Role, at: number): void {
    this.#expected.set(role, at);
  }

  /** What was expected of this side will not come, or has. */
  settle(role: Role): void {
    if (this.#expected.delete(role)) this.#report();
  }

  add(entry: ConversationEntry): void {
    const index = this.#entries.findLastIndex(({ at }) => at <= entry.at) + 1;
    this.#entries.splice(index, 0, entry);
    this.#chars += entry.text.length;
    while (this.#entries.length > MAX_ENTRIES || (this.#chars > MAX_CHARS && this.#entries.length > 1)) {
      this.#chars -= this.#entries.shift()?.text.length ?? 0;
    }
    this.#unreported.push(entry);
    this.#expected.delete(entry.role);
    this.#report();
  }

  /** Everything that is kept, and what is being said at the moment, as far as it was heard. Oldest first. */
  entries(): readonly ConversationEntry[] {
    const now = this.#underWay.flatMap((underWay) => underWay());
    return [...this.#entries, ...now].sort((a, b) => a.at - b.at);
  }

  /** Reports what waits. Call it when both sides have had their last word. */
  close(): void {
    this.#expected.clear();
    this.#report();
  }

  #report(): void {
    const ready = this.#unreported.filter((entry) => this.#isNext(entry)).sort((a, b) => a.at - b.at);
    this.#unreported = this.#unreported.filter((entry) => !ready.includes(entry));
    if (this.#unreported.length === 0) {
      clearTimeout(this.#wait);
      this.#wait = undefined;
    } else {
      this.#wait ??= setTimeout(() => this.close(), MAX_WAIT_MS);
    }
    for (const entry of ready) this.#onEntry(entry);
  }

  #isNext({ role, at }: ConversationEntry): boolean {
    const before = this.#expected.get(role === "user" ? "assistant" : "user");
    return before === undefined || before >= at;
  }
}
