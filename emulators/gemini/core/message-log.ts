/** Messages that are kept of one session, both ways; the oldest go first. */
export const MAX_LOGGED = 500;
/** What is kept of one message: enough for any but a huge setup. */
const MAX_TEXT_CHARS = 200;
const MAX_NODES = 300;

export interface LoggedMessage {
  /** Milliseconds since the connection, of a clock that nobody sets. */
  atMs: number;
  /** `in`: from the client. */
  direction: "in" | "out";
  /** The message, with the number of bytes in place of sound and pictures, and without handles. */
  message: unknown;
  /** So many messages of sound in a row are one entry, up to this time; `data` is the bytes of all. */
  times?: number;
  untilMs?: number;
}

interface AudioRun extends LoggedMessage {
  message: { realtimeInput: { audio: { data: number; mimeType: string } } };
  times: number;
  untilMs: number;
}

/** What passed on one connection, for people and tests to look at. */
export class MessageLog {
  readonly #openedAt = performance.now();
  #entries: LoggedMessage[] = [];
  /** The last entry, when it is one of sound that more of it can join. */
  #run: AudioRun | undefined;

  /** Oldest first. */
  get entries(): readonly LoggedMessage[] {
    return this.#entries;
  }

  /** One piece of the client's sound, of which there are dozens a second. */
  heardAudio(bytes: number, rateHz: number): void {
    const mimeType = `audio/pcm;rate=${rateHz}`;
    const atMs = this.#now();
    const audio = this.#run?.message.realtimeInput.audio;
    if (this.#run && audio?.mimeType === mimeType) {
      audio.data += bytes;
      this.#run.times++;
      this.#run.untilMs = atMs;
      return;
    }
    const message = { realtimeInput: { audio: { data: bytes, mimeType } } };
    const run: AudioRun = { atMs, direction: "in", message, times: 1, untilMs: atMs };
    this.#add(run);
    this.#run = run;
  }

  heard(message: unknown): void {
    this.#add({ atMs: this.#now(), direction: "in", message: shorten(message) });
  }

  said(message: unknown): void {
    this.#add({ atMs: this.#now(), direction: "out", message: shorten(message) });
  }

  clear(): void {
    this.#entries = [];
    this.#run = undefined;
  }

  #now(): number {
    return performance.now() - this.#openedAt;
  }

  #add(entry: LoggedMessage): void {
    this.#run = undefined;
    this.#entries.push(entry);
    if (this.#entries.length > MAX_LOGGED) this.#entries.shift();
  }
}

/** What stands for a session: whoever has it can take the session over. */
const SECRETS: ReadonlySet<string> = new Set(["handle", "newHandle"]);

function shorten(message: unknown): unknown {
  let nodes = 0;
  const visit = (value: unknown, key: string): unknown => {
    nodes++;
    if (nodes > MAX_NODES) return "…";
    if (typeof value === "string") return shortenText(value, key);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.slice(0, MAX_NODES).map((item) => visit(item, ""));
    const entries = Object.entries(value).slice(0, MAX_NODES);
    const isBlob = entries.some(([name]) => name === "mimeType");
    return Object.fromEntries(
      entries.map(([name, inner]) => [
        name.slice(0, MAX_TEXT_CHARS),
        isBlob && name === "data" && typeof inner === "string"
          ? Buffer.byteLength(inner, "base64")
          : visit(inner, name),
      ]),
    );
  };
  return visit(message, "");
}

function shortenText(text: string, key: string): string {
  if (SECRETS.has(key) && text !== "") return "(handle)";
  return text.length <= MAX_TEXT_CHARS
    ? text
    : `${text.slice(0, MAX_TEXT_CHARS)}… (${text.length} characters)`;
}
