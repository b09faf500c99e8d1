import type { RawData, WebSocket } from "ws";
import { describeError } from "../../protocol/log.ts";
import { describeFieldErrors, fieldErrors } from "../../protocol/parse.ts";
import type { Admission, Domain } from "./core/domain.ts";
import { EJECTED } from "./core/ejection.ts";
import type { Faults } from "./core/faults.ts";
import type { Seat } from "./core/held-room.ts";
import type { Wire } from "./core/meeting.ts";
import type { Log } from "./log-events.ts";
import { MAX_APP_MESSAGE_CHARS } from "./signalling-limits.ts";
import { ClientMessage, type FatalError, type ServerMessage } from "./signalling-messages.ts";
import type { HeldSeat, HeldSeats } from "./signalling-seat.ts";

/**
 * How long a seat is kept for a page whose signalling was cut. Daily ejects after about as long
 * (docs.daily.co, "network-connection").
 */
export const RESUME_WITHIN_MS = 20_000;
/** How often a page is asked whether it still runs. */
const PING_EVERY_MS = 3_000;
/**
 * A page that has said nothing since so many questions is gone when the next one is due: 6 to 9 s after its last
 * word. The question is a message and not a WebSocket ping, because the browser's network process answers those
 * even when the page is frozen. Questions are counted and not the time, which goes on while this process is
 * stopped or the machine sleeps, and would then blame every page for it.
 */
const MAX_UNANSWERED_PINGS = 2;
/** Data waiting for one socket. A page that does not read is cut off rather than fed from memory. */
const MAX_BUFFERED_BYTES = 4_194_304;
/** Between the fatal message and the cut, for a peer that does not answer the close. */
const CLOSE_GRACE_MS = 2_000;

const CLOSE_NORMAL = 1000;
const CLOSE_INVALID = 1008;

/** Where a connection is. `entering` while its token is looked at, which is the one step that takes time. */
type State =
  | { at: "new" }
  | { at: "entering" }
  | { at: "admitted"; admission: Admission }
  | { at: "seated"; held: HeldSeat; seat: Seat }
  /** Nothing that still arrives is heard. */
  | { at: "closed" };

interface ConnectionOptions {
  socket: WebSocket;
  domain: Domain;
  /** Shared by all connections: a broken one's seat is found here by the next. */
  seats: HeldSeats;
  faults: Faults;
  /** `RESUME_WITHIN_MS` by default. */
  resumeWithinMs?: number | undefined;
  log: Log;
}

/** One call machine's WebSocket: checks what it says, keeps its seat, and gives the seat up when it goes. */
export class Connection {
  readonly #socket: WebSocket;
  readonly #domain: Domain;
  readonly #seats: HeldSeats;
  readonly #faults: Faults;
  readonly #resumeWithinMs: number;
  readonly #log: Log;
  readonly #wire: Wire = { send: (message) => this.#send(message), close: () => this.#close() };
  readonly #cuts: Disposable;
  readonly #pinger: ReturnType<typeof setInterval>;
  #closeTimer: ReturnType<typeof setTimeout> | undefined;
  #unansweredPings = 0;
  #state: State = { at: "new" };

  constructor({ socket, domain, seats, faults, resumeWithinMs, log }: ConnectionOptions) {
    this.#socket = socket;
    this.#domain = domain;
    this.#seats = seats;
    this.#faults = faults;
    this.#resumeWithinMs = resumeWithinMs ?? RESUME_WITHIN_MS;
    this.#log = log;
    this.#pinger = setInterval(() => this.#ping(), PING_EVERY_MS);
    this.#cuts = faults.onSignallingCut(() => this.#cut());
    socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
    socket.on("close", () => {
      clearInterval(this.#pinger);
      clearTimeout(this.#closeTimer);
      this.#cuts[Symbol.dispose]();
      this.#lose(faults.ghostMs);
    });
    // "close" follows; without a listener an error (a frame over the limit, a reset) would end the process.
    socket.on("error", (error) =>
      log({ event: "signalling.failed", level: "error", error: describeError(error) }),
    );
  }

  #ping(): void {
    if (this.#unansweredPings < MAX_UNANSWERED_PINGS) {
      this.#unansweredPings += 1;
      const heard = this.#state.at === "seated" ? this.#state.held.heard : 0;
      this.#send({ type: "ping", heard });
    } else {
      this.#log({ event: "signalling.silent", level: "warn", unansweredPings: this.#unansweredPings });
      // Closing politely would wait for an answer that a frozen page does not give.
      this.#socket.terminate();
    }
  }

  #receive(data: RawData, isBinary: boolean): void {
    this.#unansweredPings = 0;
    if (this.#state.at === "closed") return;
    const parsed = ClientMessage.safeParse(isBinary ? undefined : parse(data.toString()));
    if (parsed.success) this.#handle(parsed.data);
    else this.#invalid(describeFieldErrors(fieldErrors(parsed.error)));
  }

  #handle(message: ClientMessage): void {
    const state = this.#state;
    if (state.at === "seated") state.held.hear(message);
    if (message.type === "pong") return;
    if (message.type === "leave") this.#close();
    else if (state.at === "new" && message.type === "hello") void this.#enter(message);
    else if (state.at === "new" && message.type === "resume") this.#resume(message);
    else if (state.at === "admitted" && message.type === "join") this.#join(state.admission, message);
    else if (state.at === "seated") this.#act(state.seat, message);
    else this.#invalid(`${message.type} while ${state.at}`);
  }

  async #enter({ room, token }: Extract<ClientMessage, { type: "hello" }>): Promise<void> {
    this.#state = { at: "entering" };
    const admitted = await this.#domain.admit(room, token);
    if (this.#state.at !== "entering") return;
    if (admitted.ok) {
      this.#state = { at: "admitted", admission: admitted.admission };
      this.#send({ type: "welcome", room: admitted.admission.info });
    } else {
      this.#refuse(room, admitted.error);
    }
  }

  #join(admission: Admission, message: Extract<ClientMessage, { type: "join" }>): void {
    const { roomName } = admission;
    const held = this.#seats.hold(this.#wire, ({ seat }) => {
      if (!seat) return;
      const { sessionId, joinedAt } = seat.you;
      const stayedMs = Date.now() - Date.parse(joinedAt);
      this.#log({ event: "participant.left", room: roomName, sessionId, stayedMs });
    });
    const joined = this.#domain.join(admission, message, held);
    if (!joined.ok) {
      held.vacate();
      this.#refuse(roomName, joined.error);
      return;
    }
    const { seat } = joined;
    held.sit(seat);
    const { sessionId, userId, owner } = seat.you;
    this.#state = { at: "seated", held, seat };
    this.#log({ event: "participant.joined", room: roomName, sessionId, userId, owner });
    this.#send({
      type: "joined",
      you: seat.you,
      others: seat.others,
      meetingSessionId: seat.meeting.sessionId,
      maxAppMessageChars: MAX_APP_MESSAGE_CHARS,
      sessionData: seat.meeting.sessionData,
      resume: { key: held.key, withinMs: this.#resumeWithinMs },
    });
  }

  /** Goes on where another socket broke. */
  #resume({ key, heard }: Extract<ClientMessage, { type: "resume" }>): void {
    const held = this.#seats.find(key);
    const seat = held?.seat;
    if (!held || !seat) {
      this.#refuseResume();
      return;
    }
    this.#state = { at: "seated", held, seat };
    if (held.attach(this.#wire, heard)) {
      this.#log({ event: "participant.resumed", sessionId: seat.you.sessionId });
    } else {
      this.#refuseResume();
    }
  }

  #refuseResume(): void {
    this.#send({ type: "resumed", ok: false });
    this.#close();
  }

  #act({ meeting, you }: Seat, message: ClientMessage): void {
    const from = you.sessionId;
    switch (message.type) {
      case "media":
        meeting.setMedia(from, message.media);
        break;
      case "user-name":
        meeting.update(from, { userName: message.userName });
        break;
      case "user-data":
        meeting.update(from, { userData: message.userData });
        break;
      case "app-message":
        if (this.#faults.dropsAppMessage()) break;
        meeting.send(from, message.to, { type: "app-message", from, data: message.data });
        break;
      case "session-data":
        if (!meeting.setSessionData(message.data, message.mergeStrategy)) {
          this.#send({ type: "session-data-too-large" });
        }
        break;
      case "peer-signal":
        meeting.send(from, message.to, { type: "peer-signal", from, signal: message.signal });
        break;
      case "eject":
        meeting.eject(from, { id: message.id, error: EJECTED });
        break;
      case "set-media":
        meeting.requestMedia(from, message);
        break;
      case "set-permissions":
        meeting.setPermissions(from, message);
        break;
      default:
        this.#invalid(`${message.type} while seated`);
    }
  }

  #send(message: ServerMessage): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    const { bufferedAmount } = this.#socket;
    if (bufferedAmount > MAX_BUFFERED_BYTES) {
      this.#log({ event: "signalling.congested", level: "warn", bufferedBytes: bufferedAmount });
      this.#socket.terminate();
    } else {
      this.#socket.send(JSON.stringify(message));
    }
  }

  #refuse(room: string, error: FatalError): void {
    this.#log({ event: "entry.refused", level: "warn", room, type: error.type });
    this.#send({ type: "fatal", error });
    this.#close();
  }

  /** A message that makes no sense ends this connection and no other. */
  #invalid(detail: string): void {
    this.#log({ event: "signalling.invalid", level: "warn", detail });
    this.#close(CLOSE_INVALID);
  }

  /** Ends the participant at once, and the socket as soon as the peer agrees or `CLOSE_GRACE_MS` have passed. */
  #close(code = CLOSE_NORMAL): void {
    const state = this.#state;
    this.#state = { at: "closed" };
    // Unless a newer socket has taken the seat over.
    if (state.at === "seated") state.held.detach(this.#wire, 0);
    this.#socket.close(code);
    this.#closeTimer ??= setTimeout(() => this.#socket.terminate(), CLOSE_GRACE_MS);
  }

  /** The socket is gone, and nobody said that they leave. */
  #lose(keepMs: number): void {
    const state = this.#state;
    this.#state = { at: "closed" };
    if (state.at === "seated") state.held.detach(this.#wire, keepMs);
  }

  /** By a fault. */
  #cut(): void {
    this.#lose(this.#resumeWithinMs);
    this.#socket.terminate();
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
