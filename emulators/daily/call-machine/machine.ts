import type { Participant, RoomInfo } from "../signalling-messages.ts";
import { Call } from "./call.ts";
import {
  eventPoster,
  type IncomingMessage,
  type Post,
  type Reply,
  replier,
  type StoreState,
} from "./daily-js.ts";
import { Levels } from "./levels.ts";
import { MediaControl } from "./media-control.ts";
import { toDaily } from "./participants.ts";
import { fields, number, readSetup, roomName, type Setup, text } from "./setup.ts";
import { CallError, SignallingClient, signallingUrl } from "./signalling-client.ts";
import { Store } from "./store.ts";

type State =
  | { at: "idle" }
  | { at: "joining"; signalling: SignallingClient; reply: Reply }
  | { at: "joined"; call: Call };

type Handler = (message: IncomingMessage, reply: Reply) => void;

/** The call machine of one call object: takes what daily-js asks, and tells it what happens. */
export class Machine {
  readonly #id: string;
  readonly #post: Post;
  readonly #store = new Store();
  readonly #levels: Levels;
  #media: MediaControl;
  #initialized = false;
  #room: RoomInfo | null = null;
  #state: State = { at: "idle" };

  constructor(callClientId: string) {
    this.#id = callClientId;
    this.#post = eventPoster(callClientId);
    this.#media = this.#newMedia();
    const sources = {
      localTrack: () => this.#media.local.outgoing("audio"),
      remoteLevels: () => (this.#state.at === "joined" ? this.#state.call.remoteLevels() : null),
    };
    this.#levels = new Levels(sources, this.#post);
  }

  /** For daily-js, which looks for tracks in it. */
  get store(): { getState(): StoreState } {
    return this.#store;
  }

  receive(message: IncomingMessage): void {
    const reply = replier(message);
    if (Object.hasOwn(this.#handlers, message.action)) {
      this.#handlers[message.action]?.(message, reply);
      return;
    }
    const errorMsg = `not emulated: ${message.action}`;
    if (message.callbackStamp !== undefined) reply({ error: errorMsg });
    else this.#post({ action: "nonfatal-error", type: "not-emulated", errorMsg });
  }

  /** Ends whatever runs, without a word: daily-js calls it before a new start, and we before a last event. */
  reset(): void {
    const state = this.#state;
    this.#state = { at: "idle" };
    if (state.at === "joined") state.call.close();
    if (state.at === "joining") state.signalling.close();
    this.#levels.close();
    this.#media.local.close();
    this.#media = this.#newMedia();
    this.#initialized = false;
    this.#room = null;
    this.#store.clear();
  }

  readonly #handlers: Record<string, Handler> = {
    "start-camera": (message, reply) => void this.#startCamera(readSetup(message), reply),
    "daily-method-preauth": (message, reply) => void this.#preAuth(readSetup(message), reply),
    "join-meeting": (message, reply) => void this.#join(readSetup(message), reply),
    "leave-meeting": () => this.#leave(),
    "local-audio": ({ state }) => void this.#media.local.setWanted("audio", state === true),
    "local-video": ({ state }) => void this.#media.local.setWanted("video", state === true),
    "set-allow-local-audio": ({ state }) => void this.#media.local.setAllowed("audio", state === true),
    "set-allow-local-video": ({ state }) => void this.#media.local.setAllowed("video", state === true),
    "set-input-devices": (message, reply) => void this.#media.setInputDevices(message, reply),
    "set-output-device": (message, reply) => void this.#media.setOutputDevice(message, reply),
    "get-input-devices": (_message, reply) => void this.#media.replyDevices(reply),
    "update-input-settings": (message, reply) => void this.#media.updateInputSettings(message, reply),
    "app-msg": ({ data, to }) => this.#call?.sendAppMessage(data, text(to) ?? "*"),
    "start-local-audio-level-observer": ({ interval }, reply) => {
      this.#levels.startLocal(number(interval));
      reply({});
    },
    "stop-local-audio-level-observer": () => this.#levels.stopLocal(),
    "start-remote-participants-audio-level-observer": ({ interval }, reply) => {
      this.#levels.startRemote(number(interval));
      reply({});
    },
    "stop-remote-participants-audio-level-observer": () => this.#levels.stopRemote(),
    "update-participant": ({ id, properties }) => this.#updateParticipant(text(id), properties),
    "update-participants": ({ participants }) => {
      for (const [id, properties] of Object.entries(fields(participants))) {
        this.#updateParticipant(id, properties);
      }
    },
    "set-user-name": ({ name }, reply) => {
      this.#call?.setUserName(text(name) ?? "");
      reply({ userName: text(name) ?? "" });
    },
    "set-user-data": ({ userData }, reply) => {
      this.#call?.setUserData(userData);
      reply({ userData });
    },
    "lib-room-info": (_message, reply) => reply(this.#room ? { ...this.#room } : { error: "not joined" }),
    "get-meeting-session": (_message, reply) => {
      reply({ meetingSession: { id: this.#call?.meetingSessionId ?? "" } });
    },
    "get-network-topology": (_message, reply) => reply({ topology: this.#call ? "peer" : "none" }),
    "get-calc-stats": (_message, reply) => reply({ stats: {} }),
    "update-receive-settings": ({ receiveSettings }, reply) => reply({ receiveSettings }),
    "update-send-settings": ({ sendSettings }, reply) => reply({ sendSettings }),
    "transmit-log": () => {},
  };

  get #call(): Call | null {
    return this.#state.at === "joined" ? this.#state.call : null;
  }

  #newMedia(): MediaControl {
    const onChange = () => this.#mediaChanged();
    return new MediaControl({ callClientId: this.#id, post: this.#post, onChange });
  }

  #mediaChanged(): void {
    if (this.#call) this.#call.localChanged();
    else if (this.#state.at === "idle" && this.#initialized) this.#showLocalBeforeJoin();
  }

  /** Before a join there is a local participant too, with an id that daily-js needs and nobody else sees. */
  #showLocalBeforeJoin(): void {
    const { local } = this.#media;
    this.#store.setLocal(local.tracks);
    const nobody: Participant = {
      sessionId: this.#id,
      userId: "",
      userName: "",
      owner: false,
      joinedAt: "",
      canSend: true,
      media: local.media,
    };
    const participant = toDaily(nobody, "self", local.problems);
    this.#post({ action: "participant-updated", participant });
  }

  #initialize({ localLevels, remoteLevels }: Setup): void {
    if (this.#initialized) return;
    this.#initialized = true;
    this.#post({ action: "call-machine-initialized" });
    if (localLevels) this.#levels.startLocal(localLevels.intervalMs);
    if (remoteLevels) this.#levels.startRemote(remoteLevels.intervalMs);
  }

  async #startCamera(setup: Setup, reply: Reply): Promise<void> {
    this.#initialize(setup);
    const media = this.#media;
    await media.setUp(setup, { startAudioOff: false, startVideoOff: false });
    // Left meanwhile, as by a leave during the permission prompt.
    if (media !== this.#media) {
      reply({ error: "left before the camera was started" });
      return;
    }
    this.#post({ action: "started-camera" });
    await media.replyDevices(reply);
  }

  async #preAuth(setup: Setup, reply: Reply): Promise<void> {
    const signalling = this.#openSignalling();
    try {
      this.#room = await signalling.hello(roomName(setup.url), setup.token);
      reply({ access: { level: "full" } });
    } catch (error) {
      const { type, message } = asCallError(error);
      reply({ error: { type, msg: message } });
    } finally {
      signalling.close();
    }
  }

  async #join(setup: Setup, reply: Reply): Promise<void> {
    if (this.#state.at !== "idle") {
      reply({ error: `cannot join while ${this.#state.at}` });
      return;
    }
    this.#initialize(setup);
    const signalling = this.#openSignalling();
    this.#state = { at: "joining", signalling, reply };
    // A leave in the meantime closes the signalling, and then none of this may go on.
    const superseded = () => this.#state.at !== "joining" || this.#state.signalling !== signalling;
    try {
      const room = await signalling.hello(roomName(setup.url), setup.token);
      if (superseded()) return;
      this.#room = room;
      const media = this.#media.local;
      await Promise.all([media.permit(room.canSend), this.#media.setUp(setup, room)]);
      if (superseded()) return;
      const { userName, userData } = setup;
      const joined = await signalling.join({ type: "join", userName, userData, media: media.media });
      if (superseded()) return;
      const call = new Call({ joined, signalling, media, store: this.#store, post: this.#post });
      this.#state = { at: "joined", call };
    } catch (error) {
      if (!superseded()) this.#fail(asCallError(error));
    }
  }

  #openSignalling(): SignallingClient {
    const publicPath = window._daily?.instances[this.#id]?.publicPath ?? location.href;
    return new SignallingClient(signallingUrl(publicPath), {
      message: (message) => this.#call?.receive(message),
      fatal: (error) => {
        if (this.#state.at !== "idle") this.#fail(error);
      },
    });
  }

  #updateParticipant(id: string | undefined, properties: unknown): void {
    const { eject, setAudio, setVideo } = fields(properties);
    if (id === "local") {
      if (setAudio !== undefined) void this.#media.local.setWanted("audio", setAudio === true);
      if (setVideo !== undefined) void this.#media.local.setWanted("video", setVideo === true);
    } else if (eject === true && id !== undefined) {
      this.#call?.eject(id);
    } else {
      const names = Object.keys(fields(properties)).join(", ");
      const errorMsg = `not emulated: update-participant ${names}`;
      this.#post({ action: "nonfatal-error", type: "not-emulated", errorMsg });
    }
  }

  #leave(): void {
    const state = this.#state;
    this.reset();
    if (state.at === "joining") state.reply({ error: "left before the call was joined" });
    this.#post({ action: "left-meeting" });
  }

  /** daily-js does not message us after an error, so all is torn down before it hears of one. */
  #fail({ type, message }: CallError): void {
    this.reset();
    this.#post({ action: "error", errorMsg: message, error: { type, msg: message } });
    this.#post({ action: "left-meeting" });
  }
}

function asCallError(error: unknown): CallError {
  return error instanceof CallError ? error : new CallError("connection-error", String(error));
}
