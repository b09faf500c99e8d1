/**
 * An app on React Native without a phone: client-js, its React Native transport and daily-js as npm has them. daily-js
 * takes the paths that it takes there; the native modules, and the call machine that it would load from Daily, are ours.
 */
import type { EventEmitter } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire, findPackageJSON, registerHooks } from "node:module";
import { join } from "node:path";
import type { APIRequest } from "@pipecat-ai/client-js";
import { z } from "zod";
import { ROOT } from "../../scripts/steps.ts";
import type { ReleasedClient, Start } from "../support/client-without-media.ts";

type ClientModule = typeof import("@pipecat-ai/client-js");
type TransportModule = typeof import("@pipecat-ai/react-native-daily-transport");

const PACKAGE_FILE = join(ROOT, "test/clients/transport-react-native/package.json");
const DAILY = "@daily-co/daily-js";
/** daily-js with native modules around it, which are for phones alone. What is installed for tests is one release newer than its own. */
const NATIVE_DAILY = "@daily-co/react-native-daily-js";

const BOT_ID = "the-bot";
/** A client that hears of no microphone asks again before it connects. */
const DEVICES = { mic: { deviceId: "a-microphone" }, camera: {}, speaker: {} };

/** What the client says in the room. */
const Said = z.object({ type: z.string(), id: z.string() });

/** A message of daily-js to its call machine. */
const Message = z.looseObject({
  callClientId: z.string(),
  action: z.string(),
  callbackStamp: z.string().optional(),
  data: z.unknown().optional(),
  properties: z.unknown().optional(),
});
type Message = z.infer<typeof Message>;

/** What a track has to be for daily-js to show it: one of this class. */
class Track {
  readonly kind = "audio";
  readonly readyState = "live";
}

/** What daily-js and a call machine share in React Native. */
interface Shared {
  _daily: { pendings: string[]; instances: Record<string, { callMachine?: object } | undefined> };
  dailyJsToCallMachineEmitter: EventEmitter;
  callMachineToDailyJsEmitter: EventEmitter;
  /** What the bundle does that daily-js loads. */
  startCallMachine?: () => void;
}

/** What React Native has and Node has not, by the names of its globals. */
export const REACT_NATIVE = {
  window: globalThis,
  navigator: {
    product: "ReactNative",
    mediaDevices: { enumerateDevices: async () => [], addEventListener() {}, removeEventListener() {} },
  },
  MediaStreamTrack: Track,
  // Keeps the screen on, routes sound and the like: told much, asked nothing.
  DailyNativeUtils: new Proxy({}, { get: () => () => {} }),
};

/** The bundle, in the address of its folder: the name that daily-js puts behind the slashes is a comment in it. */
const BUNDLE = "data:text/javascript,startCallMachine()//";

/** All that can be seen of one start. */
export interface NativeStart extends Start {
  /** Types of what the client said in the room. */
  said: string[];
  /** Leaves the room; resolves when the app was told. */
  leave(): Promise<void>;
}

export interface NativeClient extends Omit<ReleasedClient, "start"> {
  daily: string;
  start(request: APIRequest): NativeStart;
}

/** The client as an app on React Native gets it. Asks for the globals of `REACT_NATIVE`. */
export function loadNativeClient(): NativeClient {
  const hooks = registerHooks({
    resolve: (name, context, next) => next(name === NATIVE_DAILY ? DAILY : name, context),
  });
  const load = createRequire(PACKAGE_FILE);
  // As the packages are typed.
  const client = load("@pipecat-ai/client-js") as ClientModule;
  const { RNDailyTransport } = load("@pipecat-ai/react-native-daily-transport") as TransportModule;
  hooks.deregister();
  client.logger.setLevel(client.LogLevel.NONE);

  return {
    versions: {
      transport: versionOf("@pipecat-ai/react-native-daily-transport"),
      client: versionOf("@pipecat-ai/client-js"),
    },
    daily: versionOf(DAILY),
    StartBotError: client.StartBotError,
    start(request) {
      const seen: Pick<NativeStart, "states" | "errors" | "replies"> = {
        states: [],
        errors: [],
        replies: [],
      };
      const transport = new RNDailyTransport({ dailyConfig: { bundlePathOverride: BUNDLE } });
      const room = new RoomWithBot(globalThis as unknown as Shared); // daily-js has made it so
      const user = new client.PipecatClient({
        transport,
        callbacks: {
          onTransportStateChanged: (state) => seen.states.push(state),
          onError: (message) => seen.errors.push(message.data),
          // The transport writes into the reply later on.
          onBotStarted: (reply) => seen.replies.push(structuredClone(reply)),
        },
      });
      return {
        ...seen,
        joins: room.joins,
        said: room.said,
        over: user.startBotAndConnect(request),
        leave: () => user.disconnect(),
      };
    },
  };
}

/** A call machine in whose room a bot is that answers `client-ready`. Of one call object at a time. */
class RoomWithBot {
  readonly joins: unknown[] = [];
  readonly said: string[] = [];
  readonly #shared: Shared;

  constructor(shared: Shared) {
    this.#shared = shared;
    const { dailyJsToCallMachineEmitter: messages, _daily: daily } = shared;
    shared.startCallMachine = () => {
      for (const id of daily.pendings.splice(0)) {
        daily.instances[id] = { ...daily.instances[id], callMachine: { store: { getState }, reset() {} } };
        this.#post(id, { action: "loaded" });
      }
    };
    messages.removeAllListeners();
    messages.on("message", (message) => this.#receive(Message.parse(message)));
  }

  #receive({ callClientId: id, action, callbackStamp, properties, data }: Message): void {
    const participants = { local: participant("the-user", true), [BOT_ID]: participant(BOT_ID, false) };
    const reply = { participants, ...DEVICES };
    if (callbackStamp) this.#post(id, { ...reply, action: "call-machine-reply", callbackStamp });
    if (action === "join-meeting") {
      this.joins.push(properties);
      this.#post(id, { action: "joined-meeting", participants, internal: {} });
    }
    if (action === "app-msg") {
      const said = Said.parse(data);
      this.said.push(said.type);
      const ready = { label: "rtvi-ai", type: "bot-ready", id: said.id, data: { version: "2.1.0" } };
      if (said.type === "client-ready")
        this.#post(id, { action: "app-message", fromId: BOT_ID, data: ready });
    }
    if (action === "leave-meeting") this.#post(id, { action: "left-meeting" });
  }

  /** Later, as what comes over a bridge does. */
  #post(callClientId: string, message: object): void {
    const { callMachineToDailyJsEmitter: messages } = this.#shared;
    setImmediate(() => messages.emit("message", { ...message, callClientId }));
  }
}

function participant(id: string, local: boolean) {
  const off = { state: "off" };
  const tracks = {
    audio: local ? off : { state: "playable" },
    video: off,
    screenAudio: off,
    screenVideo: off,
  };
  return { session_id: id, user_id: id, user_name: id, local, tracks };
}

/** Where daily-js looks for the tracks that messages cannot carry. */
function getState() {
  return {
    local: { streams: { cam: { stream: null } }, public: { customTracks: {} } },
    streams: { bot: { participantId: BOT_ID, type: "cam", pendingTrack: new Track(), starttime: "" } },
    participants: { [BOT_ID]: {} },
  };
}

function versionOf(name: string): string {
  const found = findPackageJSON(name, PACKAGE_FILE);
  if (found === undefined) throw new Error(`${name} is not installed`);
  return z.looseObject({ version: z.string() }).parse(JSON.parse(readFileSync(found, "utf8"))).version;
}
