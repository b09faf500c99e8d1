import { maySend } from "../core/participant-permissions.ts";
import type { InitialPermissions } from "../core/permissions.ts";
import type { Media, MediaState } from "../signalling-messages.ts";
import { type CameraProblem, cameraProblem, combined, type Kind } from "./camera-problem.ts";
import type { SourceWish } from "./setup.ts";

const KINDS = ["audio", "video"] as const;

/** What we have of one kind. `wish` is what it was got for, so that another wish is seen as such. */
type Source =
  | { from: "nowhere" }
  /** Opened by us, and stopped by us. */
  | { from: "device"; wish: Wish; track: MediaStreamTrack }
  /** The app's: never stopped, never disabled. */
  | { from: "custom"; wish: Wish; track: MediaStreamTrack }
  | { from: "refused"; wish: Wish; problem: CameraProblem };

/** A `SourceWish` with its track in hand. Compared by identity. */
type Wish = { from: "custom"; track: MediaStreamTrack } | Extract<SourceWish, { from: "device" }>;

interface Channel {
  /** Muted or not, and who muted it. */
  switch: "on" | "off" | "off-by-request";
  /** The app lets us touch this kind. */
  allowed: boolean;
  /** Our permissions let us send this kind. */
  permitted: boolean;
  wish: Wish;
  source: Source;
}

interface LocalMediaOptions {
  /** The custom track that the app handed over, when its wish says so. */
  customTrack(kind: Kind): MediaStreamTrack | undefined;
  onChange(): void;
  onProblem(problem: CameraProblem): void;
}

/** Our own microphone and camera, or what the app gives in their place. */
export class LocalMedia {
  readonly #options: LocalMediaOptions;
  readonly #channels: Record<Kind, Channel> = { audio: newChannel(), video: newChannel() };
  #settling: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: LocalMediaOptions) {
    this.#options = options;
  }

  get media(): Media {
    return { audio: this.#state("audio"), video: this.#state("video") };
  }

  /** Why a kind is blocked. */
  get problems(): Partial<Record<Kind, CameraProblem>> {
    const problem = (kind: Kind) => {
      const { source } = this.#channels[kind];
      return source.from === "refused" ? { [kind]: source.problem } : {};
    };
    return { ...problem("audio"), ...problem("video") };
  }

  /** The tracks that there are, muted ones too. */
  get tracks(): MediaStreamTrack[] {
    return KINDS.map((kind) => this.track(kind)).filter((track) => track !== null);
  }

  track(kind: Kind): MediaStreamTrack | null {
    const { source } = this.#channels[kind];
    return source.from === "device" || source.from === "custom" ? source.track : null;
  }

  /** What goes out to the others: null while muted. */
  outgoing(kind: Kind): MediaStreamTrack | null {
    return this.#state(kind) === "on" ? this.track(kind) : null;
  }

  /** By the user of this page, or by another participant who may. */
  setWanted(kind: Kind, wanted: boolean, by: "user" | "request" = "user"): Promise<void> {
    const channel = this.#channels[kind];
    const before = channel.switch;
    // Unmuting is the way to ask again for a device that was refused.
    if (wanted && before !== "on" && channel.source.from === "refused") channel.source = { from: "nowhere" };
    if (wanted) channel.switch = "on";
    else if (by === "user") channel.switch = "off";
    // Who had muted themselves stays muted by themselves.
    else if (before === "on") channel.switch = "off-by-request";
    return this.#settle();
  }

  /** Both kinds at once, so that what fails with both is one problem. */
  start(beginning: Record<Kind, { allowed: boolean; wish: SourceWish; wanted: boolean }>): Promise<void> {
    for (const kind of KINDS) {
      const { allowed, wish, wanted } = beginning[kind];
      const channel = this.#channels[kind];
      channel.allowed = allowed;
      channel.wish = this.#fulfil(kind, wish);
      channel.switch = wanted ? "on" : "off";
    }
    return this.#settle();
  }

  setAllowed(kind: Kind, allowed: boolean): Promise<void> {
    this.#channels[kind].allowed = allowed;
    return this.#settle();
  }

  setWish(kind: Kind, wish: SourceWish): Promise<void> {
    this.#channels[kind].wish = this.#fulfil(kind, wish);
    return this.#settle();
  }

  permit(permissions: InitialPermissions): Promise<void> {
    for (const kind of KINDS) this.#channels[kind].permitted = maySend(permissions, kind);
    return this.#settle();
  }

  /** Stops what we opened, also what is still being opened. */
  close(): void {
    this.#closed = true;
    for (const kind of KINDS) this.#release(this.#channels[kind]);
  }

  #state(kind: Kind): MediaState {
    const { switch: position, allowed, permitted, source } = this.#channels[kind];
    if (position !== "on") return position;
    if (!allowed || !permitted || source.from === "nowhere") return "off";
    return source.from === "refused" ? "blocked" : "on";
  }

  #fulfil(kind: Kind, wish: SourceWish): Wish {
    if (wish.from === "device") return wish;
    const track = this.#options.customTrack(kind);
    return track ? { from: "custom", track } : { from: "device", settings: {} };
  }

  /** One step after the other: a mute during a permission prompt must win, and never leave a device open. */
  #settle(): Promise<void> {
    this.#settling = this.#settling.then(async () => {
      const problems: CameraProblem[] = [];
      for (const kind of KINDS) {
        // Steps that still wait at the close would open the device again, and ask the user once more.
        if (this.#closed) return;
        const problem = await this.#settleChannel(kind, this.#channels[kind]);
        if (problem) problems.push(problem);
      }
      if (this.#closed) return;
      const [first, second] = problems;
      for (const problem of first && second ? combined(first, second) : problems) {
        this.#options.onProblem(problem);
      }
      this.#options.onChange();
    });
    return this.#settling;
  }

  /** Resolves with the problem that came up, if one did. */
  async #settleChannel(kind: Kind, channel: Channel): Promise<CameraProblem | undefined> {
    let problem: CameraProblem | undefined;
    const { wish, source } = channel;
    const sending = channel.switch === "on" && channel.allowed && channel.permitted;
    if (!channel.allowed) this.#release(channel);
    // The camera's light has to go out. A muted microphone stays open, so that unmuting is instant.
    else if (kind === "video" && !sending && source.from === "device") this.#release(channel);
    else if (wish.from === "custom") this.#replace(channel, { from: "custom", wish, track: wish.track });
    else if (sending && (source.from === "nowhere" || source.wish !== wish)) {
      const opened = await this.#open(kind, wish);
      if (opened.from === "refused") problem = opened.problem;
      this.#replace(channel, opened);
    }
    if (channel.source.from === "device") channel.source.track.enabled = sending;
    return problem;
  }

  async #open(kind: Kind, wish: Extract<Wish, { from: "device" }>): Promise<Source> {
    // The type does not say so: a page without a secure address has none.
    if (!navigator.mediaDevices) {
      const problem = { type: "undefined-mediadevices", msg: "The page's address is not secure" } as const;
      return { from: "refused", wish, problem };
    }
    try {
      const settings = exactDevice(wish.settings) as MediaTrackConstraints; // the app's; the browser checks them
      const constraints = Object.keys(settings).length > 0 ? settings : true;
      const stream = await navigator.mediaDevices.getUserMedia({ [kind]: constraints });
      const track = stream.getTracks()[0];
      if (!track) throw new DOMException("No track was given", "NotFoundError");
      track.onended = () => this.#ended(kind, track);
      return { from: "device", wish, track };
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      return { from: "refused", wish, problem: cameraProblem(kind, { name, message }) };
    }
  }

  /** The device was pulled out, or its permission withdrawn. */
  #ended(kind: Kind, track: MediaStreamTrack): void {
    const channel = this.#channels[kind];
    if (this.#closed || channel.source.from !== "device" || channel.source.track !== track) return;
    const problem = cameraProblem(kind, { name: "NotFoundError", message: "The device is gone" });
    channel.source = { from: "refused", wish: channel.source.wish, problem };
    this.#options.onProblem(problem);
    this.#options.onChange();
  }

  #replace(channel: Channel, source: Source): void {
    if ("track" in channel.source && "track" in source && channel.source.track === source.track) return;
    this.#release(channel);
    channel.source = source;
    if (this.#closed) this.#release(channel);
  }

  #release(channel: Channel): void {
    if (channel.source.from === "device") {
      channel.source.track.onended = null;
      channel.source.track.stop();
    }
    channel.source = { from: "nowhere" };
  }
}

/** A bare device id is only a preference to the browser, which may give another device in its place. */
function exactDevice(settings: Record<string, unknown>): Record<string, unknown> {
  const { deviceId } = settings;
  return typeof deviceId === "string" ? { ...settings, deviceId: { exact: deviceId } } : settings;
}

function newChannel(): Channel {
  const wish = { from: "device", settings: {} } as const;
  return { switch: "off", allowed: true, permitted: true, wish, source: { from: "nowhere" } };
}
