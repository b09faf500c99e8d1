import type { RawData, WebSocket } from "ws";
import { NOT_JSON, oversizedFrame, TRUNCATED_UTF8, withUnknownFields } from "./bad-frames.ts";
import { type ClientMessage, parseClientMessage } from "./core/client-message.ts";
import { type Close, Closes } from "./core/closes.ts";
import { LiveSession, type LiveSessionOptions, NOT_SET_UP, type SetupPlan } from "./core/live-session.ts";
import type { Orders } from "./core/orders.ts";
import { encodeServerMessage, type ServerMessage } from "./core/server-message.ts";
import { FaultPlan } from "./fault-plan.ts";
import { type CapConnection, callsOf, capOf, type SessionFault } from "./faults.ts";
import type { Log } from "./log-events.ts";

/** What a client may leave unread before it is cut off: several of the longest answers. */
const MAX_UNSENT_BYTES = 32 * 1024 * 1024;

export interface ConnectionOptions
  extends Omit<LiveSessionOptions, "send" | "close" | "ready" | "happened" | "planSetup"> {
  socket: WebSocket;
  /** Faults that befall this session after its setup. */
  faults: readonly SessionFault[];
  /** How long it may last from its setup on. */
  cap: CapConnection | undefined;
  /** What becomes of the setup, and what befalls a session that resumes this one. Asked once. */
  planSetup(resumedFrom: string | null): { plan: SetupPlan; faults: readonly SessionFault[] };
  log: Log;
  /** The socket is closed. */
  ended(): void;
}

/** Whether frames go out or wait, in order, for the end of a freeze. */
type Flow = { kind: "flowing" } | { kind: "frozen"; timer: NodeJS.Timeout; held: (() => void)[] };

/** How frames leave: as a rule binary and with what belongs into them. */
interface Wire {
  binary: boolean;
  /** So many messages will have fields that nobody knows. */
  unknownFields: number;
}

/** One client's socket and its session. */
export class Connection {
  readonly session: LiveSession;
  readonly #socket: WebSocket;
  readonly #orders: Orders;
  readonly #log: Log;
  readonly #ended: () => void;
  readonly #faults = new FaultPlan({
    apply: (fault) => this.#apply(fault),
    is: (moment) => this.session.conversation?.is(moment) ?? false,
  });
  readonly #wire: Wire = { binary: true, unknownFields: 0 };
  /** What befalls the session after its setup, and how long it may last from there. */
  #ahead: readonly SessionFault[];
  #capAhead: CapConnection | undefined;
  #capTimer: NodeJS.Timeout | undefined;
  #flow: Flow = { kind: "flowing" };
  #heldBytes = 0;

  constructor({ socket, faults, cap, planSetup, log, ended, ...options }: ConnectionOptions) {
    this.#socket = socket;
    this.#orders = options.orders;
    this.#log = log;
    this.#ended = ended;
    this.#ahead = faults;
    this.#capAhead = cap;
    this.session = new LiveSession({
      ...options,
      planSetup: (resumedFrom) => {
        const planned = planSetup(resumedFrom);
        this.#ahead = [...this.#ahead, ...planned.faults];
        return planned.plan;
      },
      send: (message) => this.#say(message),
      close: (close) => this.#close(close),
      ready: () => {
        const { model, language } = this.session.view();
        log({ event: "session.ready", sessionId: options.id, model, language });
        for (const fault of this.#ahead) this.plan(fault);
        if (this.#capAhead) this.cap(this.#capAhead);
      },
      happened: (moment) => this.#faults.happened(moment),
    });
    socket.on("message", (data) => this.#receive(data));
    socket.on("close", (code, reason) => this.#closed(code, reason.toString()));
    // ws closes the socket itself after an error (a bad frame, one that is too long), which is all that matters here.
    socket.on("error", () => {});
    log({ event: "session.opened", sessionId: options.id });
  }

  get orders(): Orders {
    return this.#orders;
  }

  /** Lets a fault happen in its time. @returns false when too many are waiting */
  plan(fault: SessionFault): boolean {
    return this.#faults.add(fault);
  }

  /** Why functions cannot be called now, as a sentence. */
  toolRefusal(fault: Extract<SessionFault, { fault: "toolCall" }>): string | undefined {
    const { conversation } = this.session;
    return conversation ? conversation.toolRefusal(callsOf(fault)) : NOT_SET_UP;
  }

  /** Lets the connection last so long from now on. */
  cap(cap: CapConnection): void {
    clearTimeout(this.#capTimer);
    const { afterMs, goAway } = capOf(cap);
    this.#capTimer = setTimeout(() => this.session.goAway(goAway), afterMs);
  }

  /** Forgets faults, those that last as those that wait, and ends a freeze. What was announced still comes. */
  reset(): void {
    this.#faults.clear();
    this.#ahead = [];
    this.#capAhead = undefined;
    clearTimeout(this.#capTimer);
    this.#orders.reset();
    this.session.conversation?.sayNoMore();
    this.#wire.binary = true;
    this.#wire.unknownFields = 0;
    this.#thaw();
  }

  /** Closes as Google does when a server goes down. The socket is closed when `ended` is called. */
  shutDown(): void {
    this.reset();
    this.session.close(Closes.shutdown);
  }

  /** Breaks the connection off. */
  terminate(): void {
    this.#socket.terminate();
  }

  #receive(data: RawData): void {
    // Always one Buffer: the server leaves binaryType at "nodebuffer".
    const text = data.toString();
    const parsed = parseClientMessage(text);
    this.#note(text, parsed.ok ? parsed.value : undefined);
    if (parsed.ok) this.session.receive(parsed.value);
    else this.session.close(parsed.close);
  }

  /** Sound is not parsed again for it: there are hundreds of sessions in a benchmark. */
  #note(text: string, message: ClientMessage | undefined): void {
    const { messages } = this.session;
    const [only, ...others] = message?.kind === "input" ? message.inputs : [];
    if (only?.kind === "audio" && others.length === 0) messages.heardAudio(only.pcm.byteLength, only.rateHz);
    // A refused message may be too deep to walk through, or no JSON at all.
    else messages.heard(message ? JSON.parse(text) : { refused: text });
  }

  #apply(fault: SessionFault): void {
    const refused = this.#inflict(fault);
    const event = refused === undefined ? "fault.applied" : "fault.impossible";
    this.#log({ event, sessionId: this.session.id, fault: fault.fault });
  }

  /** @returns why it cannot be, as a sentence */
  #inflict(fault: SessionFault): string | undefined {
    const { session } = this;
    switch (fault.fault) {
      case "close":
        session.close({ code: fault.code, reason: fault.reason });
        return undefined;
      case "drop":
        this.#socket.terminate();
        return undefined;
      case "freeze":
        this.#freeze(fault.ms);
        return undefined;
      case "goAway": {
        const { timeLeftMs, thenSilent } = fault;
        session.goAway({ timeLeftMs, thenSilent, close: Closes.deadline });
        return undefined;
      }
      case "malformed":
        this.#sendRaw(NOT_JSON);
        return undefined;
      case "truncatedUtf8":
        this.#sendRaw(TRUNCATED_UTF8);
        return undefined;
      case "oversizedFrame":
        this.#sendRaw(oversizedFrame(fault.bytes));
        return undefined;
      case "unknownFields":
        this.#wire.unknownFields = fault.count;
        return undefined;
      case "textFrames":
        this.#wire.binary = false;
        return undefined;
      case "splitFrames":
        this.#orders.frameStyle = "split";
        return undefined;
      case "bundledFrames":
        this.#orders.frameStyle = "bundled";
        return undefined;
      case "silentTurns":
        this.#orders.spoilTurns("silent", fault.count);
        return undefined;
      case "emptyTurns":
        this.#orders.spoilTurns("empty", fault.count);
        return undefined;
      case "refusedTurns":
        this.#orders.spoilTurns("refused", fault.count);
        return undefined;
      case "lateAudio":
      case "duplicateAudio": {
        const { chunks, after } = fault;
        this.#orders.addTail({ of: fault.fault === "lateAudio" ? "late" : "duplicate", chunks, after });
        return undefined;
      }
      case "phantomInterrupted":
        if (!session.conversation) return NOT_SET_UP;
        session.conversation.interruptForNoReason();
        return undefined;
      case "toolCall":
        return session.callTools(callsOf(fault));
      case "message":
        return session.say(fault.message) ? undefined : NOT_SET_UP;
    }
  }

  #say(message: ServerMessage): void {
    const strange = this.#wire.unknownFields > 0;
    if (strange) this.#wire.unknownFields--;
    this.#send(encodeServerMessage(strange ? withUnknownFields(message) : message));
  }

  /** What is no message; logged by its size. */
  #sendRaw(frame: Buffer): void {
    this.session.messages.said({ badFrame: frame.length });
    this.#send(frame);
  }

  #send(frame: Buffer): void {
    const { binary } = this.#wire;
    if (this.#flow.kind === "flowing") {
      this.#socket.send(frame, { binary });
    } else {
      this.#heldBytes += frame.length;
      this.#flow.held.push(() => this.#socket.send(frame, { binary }));
    }
    if (this.#heldBytes + this.#socket.bufferedAmount > MAX_UNSENT_BYTES) this.#socket.terminate();
  }

  #close({ code, reason }: Close): void {
    if (this.#flow.kind === "flowing") this.#socket.close(code, reason);
    else this.#flow.held.push(() => this.#socket.close(code, reason));
  }

  #freeze(ms: number): void {
    const held = this.#flow.kind === "frozen" ? this.#flow.held : [];
    if (this.#flow.kind === "frozen") clearTimeout(this.#flow.timer);
    this.#socket.pause();
    this.#flow = { kind: "frozen", held, timer: setTimeout(() => this.#thaw(), ms) };
  }

  #thaw(): void {
    if (this.#flow.kind === "flowing") return;
    const { held, timer } = this.#flow;
    clearTimeout(timer);
    this.#flow = { kind: "flowing" };
    this.#heldBytes = 0;
    for (const action of held) action();
    this.#socket.resume();
  }

  #closed(code: number, reason: string): void {
    this.reset();
    this.session.gone();
    const { closed, receivedAudioMs, turns } = this.session.view();
    const how = closed ?? { code, reason };
    this.#log({ event: "session.ended", sessionId: this.session.id, ...how, receivedAudioMs, turns });
    this.#ended();
  }
}
