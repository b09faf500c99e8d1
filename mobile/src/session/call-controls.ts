import { trace, type VoiceStore } from "../store/voice-store.ts";
import type { Call } from "./call.ts";
import type { Ports } from "./ports.ts";
import { isPressed, nextTalk, type TalkEvent } from "./talk.ts";

export interface CallControlsOptions {
  readonly store: VoiceStore;
  readonly cue: Ports["cue"];
  /** The call in which somebody listens to the controls, if there is one. */
  call(): Call | undefined;
}

/** What the user decides during a call: whether the microphone counts, and whether a button ends the turns. */
export class CallControls {
  readonly #store: VoiceStore;
  readonly #cue: Ports["cue"];
  readonly #call: () => Call | undefined;

  constructor({ store, cue, call }: CallControlsOptions) {
    this.#store = store;
    this.#cue = cue;
    this.#call = call;
  }

  setMuted(muted: boolean): void {
    this.#store.setState({ muted });
    this.#call()?.setMuted(muted);
  }

  talk(event: TalkEvent): void {
    const before = this.#store.getState().talk;
    const after = nextTalk(before, event);
    if (after === before) return;
    this.#store.setState({ talk: after });
    const call = this.#call();
    if (!call) return;
    if (after.mode !== before.mode) void this.#tellMode(call);
    else if (isPressed(after) !== isPressed(before)) {
      call.setPressed(isPressed(after));
      if (isPressed(after)) this.#cue("talk");
    }
  }

  /** Tells a bot what the one before it knew, or what was chosen before there was one. */
  introduce(call: Call): void {
    const { muted, talk } = this.#store.getState();
    if (muted) call.setMuted(true);
    if (talk.mode === "push") void this.#tellMode(call);
  }

  /** A bot that does not know the button goes on by itself, and so does the screen. */
  async #tellMode(call: Call): Promise<void> {
    const active = this.#store.getState().talk.mode === "push";
    try {
      await call.setPushToTalk(active);
      const { talk } = this.#store.getState();
      if (isPressed(talk)) call.setPressed(true);
    } catch {
      trace(this.#store, "push to talk refused");
      if (active && this.#call() === call) {
        this.#store.setState(({ talk }) => ({ talk: nextTalk(talk, { type: "mode", mode: "open" }) }));
      }
    }
  }
}
