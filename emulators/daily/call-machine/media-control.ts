import type { RoomInfo } from "../signalling-messages.ts";
import type { Devices, IncomingMessage, Post, Reply } from "./daily-js.ts";
import { nextDevice, selectedDevices } from "./devices.ts";
import { LocalMedia } from "./local-media.ts";
import { fields, readWish, type Setup, text } from "./setup.ts";

interface MediaControlOptions {
  callClientId: string;
  post: Post;
  onChange(): void;
}

/** Our own media as daily-js drives them: how they start, which devices, and what it is told of both. */
export class MediaControl {
  readonly local: LocalMedia;
  readonly #post: Post;
  #speakerId: string | undefined;
  #inputSettings: { audio?: unknown; video?: unknown } = {};
  #isSetUp = false;

  constructor({ callClientId, post, onChange }: MediaControlOptions) {
    this.#post = post;
    this.local = new LocalMedia({
      customTrack: (kind) => {
        const tracks = window._daily?.instances[callClientId]?.tracks;
        return kind === "audio" ? tracks?.audioTrack : tracks?.videoTrack;
      },
      onChange,
      onProblem: (error) => {
        const { audio, video } = this.local.problems;
        const errorMsg = { errorMsg: error.msg, audioOk: !audio, videoOk: !video };
        post({ action: "camera-error", errorMsg, error });
      },
    });
  }

  /** What a start-camera set up before a join stays as it is. */
  async setUp(setup: Setup, room: Pick<RoomInfo, "startAudioOff" | "startVideoOff">): Promise<void> {
    if (this.#isSetUp) return;
    this.#isSetUp = true;
    const startOff = { audio: room.startAudioOff, video: room.startVideoOff };
    this.#inputSettings = setup.inputSettings;
    const beginning = (kind: "audio" | "video") => ({
      allowed: setup[kind].allowed,
      wish: setup[kind].wish,
      wanted: !(setup[kind].startOff ?? startOff[kind]),
    });
    await this.local.start({ audio: beginning("audio"), video: beginning("video") });
  }

  async setInputDevices({ audioDeviceId, videoDeviceId }: IncomingMessage, reply: Reply): Promise<void> {
    if (this.#leavesItToDailyJs(reply)) return;
    const [audio, video] = [text(audioDeviceId), text(videoDeviceId)];
    await Promise.all([
      audio !== undefined && this.local.setWish("audio", readWish({}, audio)),
      video !== undefined && this.local.setWish("video", readWish({}, video)),
    ]);
    const devices = await this.replyDevices(reply);
    this.#post({ action: "selected-devices-updated", devices });
  }

  async updateInputSettings({ inputSettings }: IncomingMessage, reply: Reply): Promise<void> {
    if (this.#leavesItToDailyJs(reply)) return;
    const { audio, video } = fields(inputSettings);
    const processor = [audio, video].map((input) => text(fields(fields(input).processor).type));
    const unknown = processor.find((type) => type !== undefined && type !== "none");
    if (unknown !== undefined) {
      const errorMsg = `not emulated: the input processor ${unknown}`;
      this.#post({ action: "nonfatal-error", type: "input-settings-error", errorMsg });
      reply({ error: errorMsg });
      return;
    }
    const [audioSettings, videoSettings] = [fields(audio).settings, fields(video).settings];
    await Promise.all([
      audioSettings !== undefined && this.local.setWish("audio", readWish(audioSettings)),
      videoSettings !== undefined && this.local.setWish("video", readWish(videoSettings)),
    ]);
    // daily-js takes the answer for all that there is, so a kind that was not spoken of has to be in it.
    this.#inputSettings = {
      ...this.#inputSettings,
      ...(audio === undefined ? {} : { audio }),
      ...(video === undefined ? {} : { video }),
    };
    reply({ inputSettings: this.#inputSettings });
  }

  /** To the next microphone or camera. daily-js's answer has no place for an error, only for no device. */
  async cycle(kind: "audio" | "video", reply: Reply): Promise<void> {
    const device = await nextDevice(kind === "audio" ? "audioinput" : "videoinput", this.local.track(kind));
    if (!device) {
      reply({ device: null });
      return;
    }
    await this.local.setWish(kind, readWish({}, device.deviceId));
    reply({ device });
    const tracks = { audio: this.local.track("audio"), video: this.local.track("video") };
    const devices = await selectedDevices(tracks, this.#speakerId);
    this.#post({ action: "selected-devices-updated", devices });
  }

  async setOutputDevice({ outputDeviceId }: IncomingMessage, reply: Reply): Promise<void> {
    this.#speakerId = text(outputDeviceId);
    await this.replyDevices(reply);
  }

  async replyDevices(reply: Reply): Promise<Devices> {
    const tracks = { audio: this.local.track("audio"), video: this.local.track("video") };
    const devices = await selectedDevices(tracks, this.#speakerId);
    reply({ ...devices });
    return devices;
  }

  /** Before a start daily-js keeps such a wish itself, and brings it along with the start. */
  #leavesItToDailyJs(reply: Reply): boolean {
    if (!this.#isSetUp) reply({ returnPreloadCache: true });
    return !this.#isSetUp;
  }
}
