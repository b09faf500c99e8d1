import type { RoomInfo } from "../signalling-messages.ts";
import type { Devices, IncomingMessage, Post, Reply } from "./daily-js.ts";
import { selectedDevices } from "./devices.ts";
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
        post({ action: "camera-error", errorMsg: { errorMsg: error.msg }, error });
      },
    });
  }

  /** What a start-camera set up before a join stays as it is. */
  async setUp(setup: Setup, room: Pick<RoomInfo, "startAudioOff" | "startVideoOff">): Promise<void> {
    if (this.#isSetUp) return;
    this.#isSetUp = true;
    const startOff = { audio: room.startAudioOff, video: room.startVideoOff };
    const steps = (["audio", "video"] as const).flatMap((kind) => [
      this.local.setAllowed(kind, setup[kind].allowed),
      this.local.setWish(kind, setup[kind].wish),
      this.local.setWanted(kind, !(setup[kind].startOff ?? startOff[kind])),
    ]);
    await Promise.all(steps);
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
    const [audioSettings, videoSettings] = [fields(audio).settings, fields(video).settings];
    await Promise.all([
      audioSettings !== undefined && this.local.setWish("audio", readWish(audioSettings)),
      videoSettings !== undefined && this.local.setWish("video", readWish(videoSettings)),
    ]);
    reply({ inputSettings });
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
