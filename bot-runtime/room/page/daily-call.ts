import Daily, { type DailyCall, type DailyParticipant } from "@daily-co/daily-js";
import { isBotUserId } from "../../../protocol/user-id.ts";
import type { PageParticipant } from "../bridge/control.ts";
import type { Call, CallContext } from "./call.ts";
import { RemoteAudio } from "./remote-audio.ts";

/**
 * From 64 kbit/s on libopus codes speech with CELT alone, below it with SILK or both, which costs two to three times
 * the CPU. It is a limit: speech takes about half of it.
 */
const MICROPHONE = { bitrate: 64_000, stereo: false };
/** Leaving waits for Daily's call machine; when that hangs, the call object is dropped without it. */
const LEAVE_MAX_MS = 2_000;
/** So long a microphone is off that is published anew: others have to notice before it is on again. */
const OFF_MS = 300;

export interface DailyCallOptions {
  /** Where the call machine is loaded from instead of Daily's CDN. */
  callMachineUrl: string | undefined;
}

/** A call by daily-js. The object publishes the slot's output as its microphone from the moment it joins. */
export class DailyRoomCall implements Call {
  readonly output: MediaStreamAudioDestinationNode;
  readonly #daily: DailyCall;
  readonly #track: MediaStreamTrack;
  readonly #known = new Map<string, PageParticipant>();
  #context: CallContext | undefined;
  #audio: RemoteAudio | undefined;
  #ended = false;

  /** Resolves when the call machine is loaded into it. @throws Error when it cannot be loaded */
  static async prepare(context: AudioContext, options: DailyCallOptions): Promise<DailyRoomCall> {
    const call = new DailyRoomCall(context, options);
    try {
      await call.#daily.load();
    } catch (cause) {
      await call.close();
      throw new Error("The call machine did not load", { cause });
    }
    return call;
  }

  private constructor(context: AudioContext, { callMachineUrl }: DailyCallOptions) {
    this.output = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
    const [track] = this.output.stream.getAudioTracks();
    if (!track) throw new Error("The audio destination has no track");
    this.#track = track;
    this.#daily = Daily.createCallObject({
      allowMultipleCallInstances: true,
      audioSource: track,
      // A room may start its participants muted. Clients wait for the bot's track before they say that they are ready.
      startAudioOff: false,
      videoSource: false,
      startVideoOff: true,
      subscribeToTracksAutomatically: true,
      dailyConfig: {
        micAudioMode: MICROPHONE,
        ...(callMachineUrl === undefined ? {} : { bundlePathOverride: callMachineUrl }),
      },
    });
  }

  attach(context: CallContext): void {
    this.#context = context;
    const audio = new RemoteAudio(context.graph, context.slot);
    this.#audio = audio;
    const daily = this.#daily;
    daily.on("participant-joined", ({ participant }) => this.#joined(participant));
    daily.on("participant-left", ({ participant }) => this.#left(participant));
    daily.on("track-started", ({ participant, track, type }) => {
      if (type !== "audio" || !participant || participant.local) return;
      this.#joined(participant);
      // A bot does not listen to another, such as the ghost of its predecessor.
      if (!isBotUserId(participant.user_id)) audio.add(participant.session_id, track);
    });
    daily.on("track-stopped", ({ participant, track, type }) => {
      if (type === "audio" && participant && !participant.local) {
        audio.removeTrack(participant.session_id, track);
      }
    });
    daily.on("app-message", ({ data, fromId }) => context.events.appMessage(data, fromId));
    daily.on("error", ({ errorMsg, error }) => this.#end(error?.type ?? "unknown", errorMsg));
    daily.on("left-meeting", () => this.#end("left", "The call ended"));
  }

  async join(options: { url: string; token: string; userName: string }): Promise<void> {
    const participants = await this.#daily.join(options);
    for (const participant of Object.values(participants ?? {})) this.#joined(participant);
  }

  send(data: unknown): void {
    this.#daily.sendAppMessage(data, "*");
  }

  republish(): void {
    void this.#republish();
  }

  async close(): Promise<void> {
    this.#ended = true;
    this.#audio?.close();
    const gone = this.#daily.destroy().catch(() => undefined);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LEAVE_MAX_MS);
    });
    await Promise.race([gone, late]);
    clearTimeout(timer);
    for (const track of this.output.stream.getTracks()) track.stop();
  }

  async #republish(): Promise<void> {
    this.#daily.setLocalAudio(false);
    await new Promise((resolve) => setTimeout(resolve, OFF_MS));
    if (this.#ended) return;
    this.#daily.setLocalAudio(true);
    // There were call machines that opened a real microphone when they were told to unmute.
    await this.#daily.setInputDevicesAsync({ audioSource: this.#track }).catch(() => undefined);
  }

  /** Participants come by event, by the reply to `join`, or with their first track: told once. */
  #joined(participant: DailyParticipant): void {
    if (this.#ended || participant.local || this.#known.has(participant.session_id)) return;
    this.#ejectGhost(participant);
    const known: PageParticipant = {
      id: participant.session_id,
      userId: participant.user_id,
      userName: participant.user_name,
    };
    this.#known.set(known.id, known);
    this.#context?.events.participantJoined(known);
  }

  /**
   * Ourselves, from a page that was lost: Daily may keep who went without a word for a while, and clients would be told
   * that the bot has left when it lets go of that at last. Bots own their rooms, so they may.
   */
  #ejectGhost({ session_id, user_id }: DailyParticipant): void {
    const own = this.#daily.participants().local?.user_id;
    if (user_id !== own || !isBotUserId(user_id)) return;
    this.#daily.updateParticipant(session_id, { eject: true });
  }

  #left({ session_id }: { session_id: string }): void {
    this.#audio?.remove(session_id);
    const known = this.#known.get(session_id);
    if (this.#ended || !known) return;
    this.#known.delete(session_id);
    this.#context?.events.participantLeft(known);
  }

  #end(errorType: string, detail: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#audio?.close();
    this.#context?.events.ended(errorType, detail);
  }
}
