import type { EndReason } from "../../../protocol/session.ts";
import { type Connection, canConnect, isInCall } from "../connection/connection.ts";
import { asFailure } from "../connection/failure.ts";
import { type ConnectionEvent, next } from "../connection/state.ts";
import { WaitTimer } from "../connection/wait-timer.ts";
import { parseAddress, type Server } from "../settings/server.ts";
import { trace } from "../store/voice-store.ts";
import { EMPTY_TRANSCRIPT, endTranscript, nextTranscript } from "../transcript/transcript.ts";
import { type Beginning, prepare, start } from "./beginning.ts";
import { Call } from "./call.ts";
import { CallControls } from "./call-controls.ts";
import type { VoiceClient } from "./client.ts";
import { conclude } from "./conclude.ts";
import type { Conversation } from "./conversation.ts";
import type { CallEvent, Notice } from "./listen.ts";
import type { Ports } from "./ports.ts";
import { rejoin, watchRecord } from "./returning.ts";
import type { SavedSession } from "./saved-session.ts";
import { starts, stops } from "./speaker.ts";
import { nextTalk } from "./talk.ts";

/**
 * One conversation at a time: keeps the state machine, and does on entering a state what the state is for. It owns the
 * call, the timer of the time limits, and everything that waits.
 */
export class VoiceSession {
  /** What the user decides during a call, and before it for the next one. */
  readonly controls: CallControls;
  readonly #ports: Ports;
  readonly #timer: WaitTimer;
  #conversation: Conversation | undefined;
  /** Resolves when the client of the conversation before is free again, or given up. */
  #leaving: Promise<void> = Promise.resolve();
  /** Resolves when nothing of the conversations before is under way any more. */
  #concluding: Promise<unknown> = Promise.resolve();

  constructor(ports: Ports) {
    this.#ports = ports;
    this.controls = new CallControls({
      store: ports.store,
      cue: ports.cue,
      call: () => (isInCall(this.#connection) ? this.#conversation?.call?.call : undefined),
    });
    this.#timer = new WaitTimer((wait) => this.#dispatch({ type: "timed-out", wait }));
  }

  get #connection(): Connection {
    return this.#ports.store.getState().connection;
  }

  get #isRejoining(): boolean {
    const connection = this.#connection;
    return connection.phase === "reconnecting" && connection.by === "us";
  }

  /** Begins a conversation with what the settings say. */
  connect(): void {
    if (!canConnect(this.#connection)) return;
    const { settings } = this.#ports.store.getState();
    const address = parseAddress(settings.serverUrl);
    if (!address.ok) return;
    this.#begin({ url: address.url, token: settings.token });
    this.#dispatch({ type: "connect-pressed" });
  }

  /** Goes back into a call that is still going on. */
  resume(session: SavedSession): void {
    if (!canConnect(this.#connection)) return;
    const { settings } = this.#ports.store.getState();
    const address = parseAddress(settings.serverUrl);
    // The token is for the service of the settings; the session may be another's.
    const isSame = address.ok && address.url === session.serverUrl;
    this.#begin({ url: session.serverUrl, token: isSame ? settings.token : "" }, session);
    this.#dispatch({ type: "resume-pressed", sessionId: session.sessionId });
  }

  hangUp(): void {
    this.#dispatch({ type: "hang-up-pressed" });
  }

  /** What ended or failed was read. */
  dismiss(): void {
    this.#dispatch({ type: "dismissed" });
  }

  /** The client of the call under way, for the choice of its audio devices. */
  get client(): VoiceClient | undefined {
    return isInCall(this.#connection) ? this.#conversation?.call?.client : undefined;
  }

  /** Ends whatever is under way, and resolves when nothing of it is left. */
  async close(): Promise<void> {
    this.#timer.stop();
    if (!canConnect(this.#connection)) this.#dispatch({ type: "hang-up-pressed" });
    await this.#concluding;
  }

  #begin(server: Server, session?: SavedSession): void {
    const { store, levels } = this.#ports;
    this.#conversation = { ending: new AbortController(), server, ...(session ? { session } : {}) };
    levels.reset();
    store.setState({
      transcript: EMPTY_TRANSCRIPT,
      speaker: "nobody-yet",
      notices: [],
      toasts: [],
      resumable: undefined,
    });
  }

  #dispatch(event: ConnectionEvent): void {
    const before = this.#connection;
    const after = next(before, event);
    if (after === before) return;
    this.#ports.store.setState({ connection: after });
    trace(this.#ports.store, after.phase, event.type);
    this.#timer.watch(after);
    this.#entered(after, before);
  }

  #entered(after: Connection, before: Connection): void {
    const conversation = this.#conversation;
    if (!conversation) return;
    const isNew = after.phase !== before.phase;
    switch (after.phase) {
      case "permission":
        this.#run(conversation, () =>
          prepare({ ...this.#beginning(conversation), resume: after.resume, leaving: this.#leaving }),
        );
        return;
      case "starting":
        this.#run(conversation, () => start(this.#beginning(conversation)));
        return;
      case "connecting":
        this.#run(conversation, () => this.#join(conversation));
        return;
      case "waiting":
        return;
      case "live":
        this.#ports.cue("connected");
        return;
      case "reconnecting":
        if (isNew) this.#ports.cue("trouble");
        this.#quiet();
        if (after.by === "us" && !(before.phase === "reconnecting" && before.by === "us")) {
          this.#run(conversation, () => this.#rejoin(conversation));
        }
        return;
      case "recovering":
        this.#quiet();
        if (after.assistant === "left") this.#run(conversation, () => this.#watchRecord(conversation));
        return;
      case "idle":
      case "ended":
      case "failed":
        // What ended once only learns its reason, or is put away.
        if (!canConnect(before)) this.#conclude(conversation, after);
        return;
    }
  }

  /** What a step throws ends the conversation, unless it is over already. */
  #run({ ending }: Conversation, step: () => Promise<void>): void {
    step().catch((error: unknown) => {
      if (!ending.signal.aborted) this.#dispatch({ type: "failed", failure: asFailure(error) });
    });
  }

  #beginning(conversation: Conversation): Beginning {
    return {
      ports: this.#ports,
      conversation,
      dispatch: (event) => this.#dispatch(event),
      notice: (notice) => this.#notice(notice),
      serviceEnded: (reason) => this.#serviceEnded(reason),
      newCall: () => this.#newCall(conversation, conversation.ending.signal),
    };
  }

  async #join({ call, session, ending }: Conversation): Promise<void> {
    if (!call || !session) return;
    try {
      await call.call.join(session);
    } catch (error) {
      if (!ending.signal.aborted) this.#dispatch({ type: "call-lost", failure: asFailure(error) });
    }
  }

  #rejoin(conversation: Conversation): Promise<void> {
    const { ending } = conversation;
    return this.#returning(conversation, (returning) =>
      rejoin({
        ...returning,
        isWanted: () => !ending.signal.aborted && this.#isRejoining,
        foreground: this.#ports.foreground,
        leave: async () => conversation.call?.call.leave(),
        join: async () => {
          const call = this.#newCall(conversation, ending.signal);
          await call.openDevice();
          if (conversation.session) await call.join(conversation.session);
        },
        trace: (name, detail) => trace(this.#ports.store, name, detail),
      }),
    );
  }

  #watchRecord(conversation: Conversation): Promise<void> {
    const isWanted = () => {
      const connection = this.#connection;
      const isGone = connection.phase === "recovering" && connection.assistant === "left";
      return isGone && !conversation.ending.signal.aborted;
    };
    return this.#returning(conversation, (returning) => watchRecord({ ...returning, isWanted }));
  }

  async #returning(
    { server, session, ending }: Conversation,
    wait: (returning: Omit<Parameters<typeof watchRecord>[0], "isWanted">) => Promise<void>,
  ): Promise<void> {
    if (!session) return;
    await wait({
      api: this.#ports.createApi(server),
      sessionId: session.sessionId,
      signal: ending.signal,
      serviceEnded: (reason) => this.#serviceEnded(reason),
    });
  }

  #serviceEnded(reason: EndReason | undefined): void {
    this.#dispatch({ type: "service-ended", ...(reason === undefined ? {} : { reason }) });
  }

  #newCall(conversation: Conversation, ending: AbortSignal): Call {
    const client = this.#ports.clients.take({ bundlePathOverride: conversation.config?.bundlePathOverride });
    const call: Call = new Call({
      client,
      emit: (event) => {
        // Of a call that was left nothing counts, however late it comes.
        if (ending.aborted || conversation.call?.call !== call) return;
        // An attempt to return may fail as it likes: the next one, or the time limit, follows.
        const isAttempt = event.type === "failed" && event.failure.kind !== "assistant" && this.#isRejoining;
        if (!isAttempt) this.#onCallEvent(call, event);
      },
      level: (side, level) => this.#ports.levels.set(side, level),
      trace: (name, detail) => trace(this.#ports.store, name, detail),
    });
    conversation.call = { call, client };
    return call;
  }

  #onCallEvent(call: Call, event: CallEvent): void {
    const { store } = this.#ports;
    switch (event.type) {
      case "notice":
        this.#notice(event.notice);
        return;
      case "notice-over":
        store.setState(({ notices }) => ({ notices: notices.filter(({ kind }) => kind !== event.kind) }));
        return;
      case "speaking": {
        const change = event.speaking ? starts : stops;
        store.setState(({ speaker }) => ({ speaker: change(speaker, event.side) }));
        return;
      }
      case "bot-ready":
        this.#dispatch(event);
        this.controls.introduce(call);
        return;
      case "user-started-speaking":
      case "user-saying":
      case "user-said":
      case "answer-started":
      case "answer-interrupted":
      case "bot-output":
      case "bot-stopped-speaking":
      case "remembered":
        store.setState(({ transcript }) => ({ transcript: nextTranscript(transcript, event) }));
        return;
      default:
        this.#dispatch(event);
    }
  }

  #notice(notice: Notice): void {
    this.#ports.store.setState(({ notices }) => ({
      notices: [...notices.filter(({ kind }) => kind !== notice.kind), notice],
    }));
  }

  /** Nobody is heard now. */
  #quiet(): void {
    this.#ports.levels.reset();
    this.#ports.store.setState(({ speaker }) => ({
      speaker: speaker === "nobody-yet" ? speaker : "nobody",
    }));
  }

  #conclude(conversation: Conversation, over: Connection): void {
    const { store, cue } = this.#ports;
    conversation.ending.abort();
    this.#quiet();
    store.setState(({ transcript, talk }) => ({
      transcript: endTranscript(transcript),
      talk: nextTalk(talk, { type: "lost" }),
      muted: false,
      notices: [],
    }));
    if (over.phase === "failed") cue("trouble");
    if (over.phase === "ended") cue("ended");
    const goesOn = over.phase === "idle" || (over.phase === "failed" && over.resumable);
    if (goesOn) store.setState({ resumable: conversation.session });
    this.#leaving = this.#leave(conversation, over);
    const { server, session } = conversation;
    const learned = (reason: EndReason) => {
      // Only while that end is what is shown.
      if (this.#conversation === conversation) this.#serviceEnded(reason);
    };
    // A session that was given up before it was joined anew, or that a failure left alive, can be taken up again.
    const concluding = session && !goesOn && conclude({ ports: this.#ports, over, server, session, learned });
    this.#concluding = Promise.all([this.#concluding, this.#leaving, concluding]);
  }

  async #leave({ call }: Conversation, over: Connection): Promise<void> {
    if (!call) return;
    const { reusable } = await call.call.leave();
    // After a failure nobody promises the state of Daily's call object.
    if (reusable && over.phase !== "failed") this.#ports.clients.giveBack(call.client);
  }
}
