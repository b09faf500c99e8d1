import type { Call, CallContext } from "./call.ts";
import { startPage } from "./page-app.ts";
import { RemoteAudio } from "./remote-audio.ts";

/** For tests: a page whose calls hear themselves, so that page and bridge can be tried without any Daily. */
class LoopbackCall implements Call {
  readonly output: MediaStreamAudioDestinationNode;
  #context: CallContext | undefined;
  #audio: RemoteAudio | undefined;

  constructor(context: AudioContext) {
    this.output = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
  }

  attach(context: CallContext): void {
    this.#context = context;
    this.#audio = new RemoteAudio(context.graph, context.slot);
  }

  async join({ url }: { url: string }): Promise<void> {
    const { searchParams } = new URL(url);
    const error = searchParams.get("error");
    if (error !== null) {
      this.#context?.events.ended(error, "as the test asked");
      throw new Error(error);
    }
    this.#context?.events.participantJoined({ id: "self", userId: "self", userName: "Echo" });
    const [track] = this.output.stream.getAudioTracks();
    if (track) this.#audio?.add("self", track);
  }

  /** Comes back as an app message; some words make the page misbehave. */
  send(data: unknown): void {
    if (data === "hang") for (;;);
    const [track] = this.output.stream.getAudioTracks();
    if (data === "mute" && track) this.#audio?.removeTrack("self", track);
    if (data === "unmute" && track) this.#audio?.add("self", track);
    if (data === "leave") this.#audio?.remove("self");
    if (data === "flood") this.#context?.events.appMessage("€".repeat(300_000), "self");
    if (data === "end") this.#context?.events.ended("ejected", "as the test asked");
    this.#context?.events.appMessage(data, "self");
  }

  republish(): void {
    this.#context?.events.appMessage("republished", "self");
  }

  async close(): Promise<void> {
    this.#audio?.close();
  }
}

startPage({ prepare: async (context) => new LoopbackCall(context) });
