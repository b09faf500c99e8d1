import type { RoomInfo } from "../signalling-messages.ts";
import { Call } from "./call.ts";
import { CallError, connectionError } from "./call-error.ts";
import {
  eventPoster,
  type IncomingMessage,
  type Post,
  type Reply,
  replier,
  type StoreState,
} from "./daily-js.ts";
import { KeptSettings } from "./kept-settings.ts";
import { Levels } from "./levels.ts";
import { MediaControl } from "./media-control.ts";
import { readChanges } from "./participant-change.ts";
import { participantBeforeJoin, toDaily } from "./participants.ts";
import { fields, number, readSetup, readUserName, recipients, roomName, type Setup, text } from "./setup.ts";
import { Signalling } from "./signalling.ts";
import { signallingUrl } from "./signalling-client.ts";
import { Store } from "./store.ts";

type State =
  | { at: "idle" }
  | { at: "joining"; signalling: Signalling; reply: Reply }
  | { at: "joined"; call: Call };

type Handler = (message: IncomingMessage, reply: Reply) => unknown;

/** The call machine of one call object: takes what daily-js asks, and tells it what happens. */
export class Machine {
  readonly #id: string;
  readonly #post: Post;
  readonly #store = new Store();
  readonly #levels: Levels;
  #media: MediaControl;
  #settings: KeptSettings;
  #initialized = false;
  #preAuthentication: Signalling | null = null;
  #room: RoomInfo | null = null;
  #state: State = { at: "idle" };

  constructor(callClientId: string) {
    this.#id = callClientId;
    this.#post = eventPoster(callClientId);
    this.#media = this.#newMedia();
    this.#settings = new KeptSettings(this.#post);
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
    const { action } = message;
    const reply = replier(message);
    if (Object.hasOwn(this.#handlers, action)) void this.#handle(message, reply);
    else this.#refuse(action, reply);
  }

  /** Ends whatever runs, without a word: daily-js calls it before a new start, and we before a last event. */
  reset(): void {
    const state = this.#state;
    this.#state = { at: "idle" };
    if (state.at === "joined") state.call.close();
    if (state.at === "joining") state.signalling.close();
    this.#preAuthentication?.close();
    this.#preAuthentication = null;
    this.#levels.close();
    this.#media.local.close();
    this.#media = this.#newMedia();
    this.#settings = new KeptSettings(this.#post);
    this.#initialized = false;
    this.#room = null;
    this.#store.clear();
  }

  readonly #handlers: Record<string, Handler> = {
    "start-camera": (message, reply) => this.#startCamera(readSetup(message), reply),
    "daily-method-preauth": (message, reply) => this.#preAuth(readSetup(message), reply),
    "join-meeting": (message, reply) => this.#join(readSetup(message), reply),
    "leave-meeting": () => this.#leave(),
    "local-audio": ({ state }) => this.#media.local.setWanted("audio", state === true),
    "local-video": ({ state }) => this.#media.local.setWanted("video", state === true),
    "set-allow-local-audio": ({ state }) => this.#media.local.setAllowed("audio", state === true),
    "set-allow-local-video": ({ state }) => this.#media.local.setAllowed("video", state === true),
    "set-input-devices": (message, reply) => this.#media.setInputDevices(message, reply),
    "set-output-device": (message, reply) => this.#media.setOutputDevice(message, reply),
    "get-input-devices": (_message, reply) => this.#media.replyDevices(reply),
    "update-input-settings": (message, reply) => this.#media.updateInputSettings(message, reply),
    "cycle-mic": (_message, reply) => this.#media.cycle("audio", reply),
    "cycle-camera": (_message, reply) => this.#media.cycle("video", reply),
    "app-msg": ({ data, to }) => this.#call?.sendAppMessage(data, recipients(to)),
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
      const userName = readUserName(name) ?? "";
      this.#call?.setUserName(userName);
      reply({ userName });
    },
    "set-user-data": ({ userData }, reply) => {
      this.#call?.setUserData(userData);
      reply({ userData });
    },
    "set-session-data": ({ data, mergeStrategy }) => {
      const strategy = mergeStrategy === "shallow-merge" ? "shallow-merge" : "replace";
      this.#call?.setSessionData(fields(data), strategy);
    },
    "lib-room-info": (_message, reply) => reply(this.#room ? { ...this.#room } : { error: "not joined" }),
    "get-meeting-session": (_message, reply) => {
      reply({ meetingSession: { id: this.#call?.meetingSessionId ?? "" } });
    },
    "get-network-topology": (_message, reply) => reply({ topology: this.#call ? "peer" : "none" }),
    "get-calc-stats": async (_message, reply) => {
      reply({ stats: (await this.#call?.networkStats()) ?? { latest: {} } });
    },
    "update-receive-settings": (message, reply) => this.#settings.updateReceive(message, reply),
    "get-single-participant-receive-settings": (message, reply) => {
      this.#settings.replyReceive(message, reply);
    },
    "update-send-settings": (message, reply) => this.#settings.updateSend(message, reply),
    // daily-js reads this answer without a look whether it is an error.
    "test-call-quality": (_message, reply) => {
      const msg = this.#tellNotEmulated("test-call-quality");
      const error = { type: "not-emulated", msg };
      reply({ results: { result: "failed", errorMsg: msg, error, secondsElapsed: 0 } });
    },
    "transmit-log": () => {},
  };

  get #call(): Call | null {
    return this.#state.at === "joined" ? this.#state.call : null;
  }

  /** What goes wrong in here is an answer too: without one the app's promise would hang. */
  async #handle(message: IncomingMessage, reply: Reply): Promise<void> {
    try {
      await this.#handlers[message.action]?.(message, reply);
    } catch (thrown) {
      const errorMsg = `${message.action}: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
      this.#post({ action: "nonfatal-error", type: "failed", errorMsg });
      reply({ error: errorMsg });
    }
  }

  /** Told as an event too, because many of daily-js's methods have no promise, or one that ignores an error. */
  #refuse(action: string, reply: Reply): void {
    reply({ error: this.#tellNotEmulated(action) });
  }

  #tellNotEmulated(what: string): string {
    const errorMsg = `not emulated: ${what}`;
    this.#post({ action: "nonfatal-error", type: "not-emulated", errorMsg });
    return errorMsg;
  }

  #newMedia(): MediaControl {
    const onChange = () => this.#mediaChanged();
    return new MediaControl({ callClientId: this.#id, post: this.#post, onChange });
  }

  #mediaChanged(): void {
    if (this.#call) this.#call.localChanged();
    else if (this.#state.at === "idle" && this.#initialized) this.#showLocalBeforeJoin();
  }

  #showLocalBeforeJoin(): void {
    const { local } = this.#media;
    this.#store.setLocal(local.tracks);
    const nobody = participantBeforeJoin(this.#id, local.media);
    const participant = toDaily(nobody, { link: "self", problems: local.problems });
    this.#post({ action: "participant-updated", participant });
  }

  #initialize({ localLevels, remoteLevels, subscribesAutomatically }: Setup): void {
    if (this.#initialized) return;
    this.#initialized = true;
    this.#post({ action: "call-machine-initialized" });
    if (localLevels) this.#levels.startLocal(localLevels.intervalMs);
    if (remoteLevels) this.#levels.startRemote(remoteLevels.intervalMs);
    if (!subscribesAutomatically) this.#tellNotEmulated("subscribeToTracksAutomatically: false");
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
    this.#initialize(setup);
    this.#preAuthentication?.close();
    const signalling = this.#openSignalling(setup);
    this.#preAuthentication = signalling;
    try {
      // A leave in the meantime closes the signalling, and then this throws.
      const room = await signalling.hello(roomName(setup.url), setup.token);
      this.#room = room;
      this.#post({ action: "access-state-updated", access: { level: "full" } });
      reply({ access: { level: "full" } });
    } catch (thrown) {
      const { type, message } = asCallError(thrown);
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
    const signalling = this.#openSignalling(setup);
    this.#state = { at: "joining", signalling, reply };
    // A leave in the meantime closes the signalling, and then none of this may go on.
    const superseded = () => this.#state.at !== "joining" || this.#state.signalling !== signalling;
    try {
      const room = await signalling.hello(roomName(setup.url), setup.token);
      if (superseded()) return;
      this.#room = room;
      const media = this.#media.local;
      await Promise.all([media.permit(room.permissions), this.#media.setUp(setup, room)]);
      if (superseded()) return;
      const { userName, userData } = setup;
      const joined = await signalling.join({ type: "join", userName, userData, media: media.media });
      if (superseded()) return;
      const call = new Call({
        joined,
        signalling,
        media,
        audioBitrate: setup.audioBitrate,
        store: this.#store,
        post: this.#post,
      });
      this.#state = { at: "joined", call };
    } catch (thrown) {
      if (!superseded()) this.#fail(asCallError(thrown));
    }
  }

  #openSignalling({ bundleUrl }: Setup): Signalling {
    const loadedFrom = window._daily?.instances[this.#id]?.publicPath ?? bundleUrl ?? location.href;
    return new Signalling(signallingUrl(loadedFrom), {
      message: (message) => this.#call?.receive(message),
      interrupted: () => this.#call?.signallingIs("interrupted"),
      resumed: () => this.#call?.signallingIs("connected"),
      fatal: (error) => {
        if (this.#state.at !== "idle") this.#fail(error);
      },
    });
  }

  #updateParticipant(id: string | undefined, properties: unknown): void {
    const { changes, unknown } = readChanges(properties);
    for (const change of changes) {
      if (this.#call) this.#call.change(id ?? "", change);
      else if (id === "local" && change.what === "media") {
        void this.#media.local.setWanted(change.kind, change.on);
      }
    }
    if (unknown.length > 0) this.#tellNotEmulated(`update-participant ${unknown.join(", ")}`);
  }

  #leave(): void {
    const state = this.#state;
    this.reset();
    if (state.at === "joining") state.reply({ error: "left before the call was joined" });
    this.#post({ action: "left-meeting" });
  }

  /** daily-js does not message us after an error, so all is torn down before it hears of one. */
  #fail({ type, message, details }: CallError): void {
    this.reset();
    const error = { type, msg: message, ...(details ? { details: JSON.stringify(details) } : {}) };
    this.#post({ action: "error", errorMsg: message, error });
    this.#post({ action: "left-meeting" });
  }
}

function asCallError(thrown: unknown): CallError {
  return thrown instanceof CallError ? thrown : connectionError("join", { cause: thrown, uri: "" });
}
