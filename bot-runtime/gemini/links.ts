import type { Loss } from "./judge-close.ts";
import { type LiveConnect, LiveConnectError, type LiveConnection, type LiveSetup } from "./live-connect.ts";
import type { GeminiNote } from "./note.ts";
import type { ServerMessage } from "./server-message.ts";

/** One connection, made or being made. */
export interface Link {
  readonly number: number;
  readonly abort: AbortController;
  readonly manualTurns: boolean;
  readonly initialHistory: boolean;
  connection: LiveConnection | undefined;
}

/** Of the newest link alone: what an earlier one still says is nobody's any more. */
export interface LinkEvents {
  connected(): void;
  message(message: ServerMessage, link: Link): void;
  pong(): void;
  /** The old connection has heard our goodbye. */
  retired(): void;
  lost(loss: Loss): void;
  note(note: GeminiNote): void;
}

export interface LinksOptions {
  connect: LiveConnect;
  setup: LiveSetup;
  events: LinkEvents;
}

/** The connections of a session, one after the other. */
export class Links {
  readonly #options: LinksOptions;
  #current: Link | undefined;
  /** A connection that was not closed before its successor is made. */
  #former: Link | undefined;
  #count = 0;

  constructor(options: LinksOptions) {
    this.#options = options;
  }

  get current(): Link | undefined {
    return this.#current;
  }

  get connection(): LiveConnection | undefined {
    return this.#current?.connection;
  }

  /** `connected` or `lost` follows, unless it is given up before. Never rejects. */
  async connect(how: {
    handle: string | undefined;
    manualTurns: boolean;
    initialHistory: boolean;
  }): Promise<void> {
    const { handle, manualTurns, initialHistory } = how;
    const { connect, setup, events } = this.#options;
    const former = this.#current;
    this.#former = former;
    this.#count += 1;
    const link: Link = {
      number: this.#count,
      abort: new AbortController(),
      manualTurns,
      initialHistory,
      connection: undefined,
    };
    this.#current = link;
    const isCurrent = () => this.#current === link;
    try {
      const connection = await connect(
        {
          ...setup,
          ...(handle === undefined ? {} : { handle }),
          ...(manualTurns ? { manualTurns } : {}),
          ...(initialHistory ? { initialHistory } : {}),
        },
        {
          message: (message) => {
            if (isCurrent()) events.message(message, link);
          },
          malformed: (detail) => events.note({ kind: "malformed", detail }),
          pong: () => {
            if (isCurrent()) events.pong();
          },
          ended: (end) => {
            if (isCurrent()) events.lost({ kind: "ended", end });
          },
        },
        link.abort.signal,
      );
      if (!isCurrent()) {
        connection.close();
        return;
      }
      link.connection = connection;
      events.connected();
    } catch (thrown) {
      if (isCurrent()) this.#failed(thrown);
    } finally {
      former?.connection?.close();
      if (this.#former === former) this.#former = undefined;
    }
  }

  /** From here on nothing of the current connection is heard but its last handle. */
  async retire(): Promise<void> {
    const link = this.#current;
    await link?.connection?.retire();
    if (this.#current === link) this.#options.events.retired();
  }

  /** Closes everything at once. */
  drop(): void {
    this.#current?.abort.abort();
    this.#current?.connection?.close();
    this.#former?.connection?.close();
    this.#current = undefined;
    this.#former = undefined;
  }

  #failed(thrown: unknown): void {
    const { events } = this.#options;
    const failure = thrown instanceof LiveConnectError ? thrown.failure : ({ kind: "other" } as const);
    const detail = thrown instanceof Error ? thrown.message : String(thrown);
    events.note({ kind: "connect-failed", why: failure.kind, detail });
    events.lost({ kind: "not-connected", failure });
  }
}
