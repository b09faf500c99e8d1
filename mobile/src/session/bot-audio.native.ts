/** A phone's WebRTC plays every remote track by itself; only browsers need `bot-audio.ts`. */
export class BotAudio {
  // biome-ignore lint/complexity/noUselessConstructor: it has the shape of the one in `bot-audio.ts`
  constructor(_onBlocked: (blocked: boolean) => void) {
    // Nothing blocks it.
  }

  add(_track: MediaStreamTrack): void {
    // It plays already.
  }

  remove(_track: MediaStreamTrack): void {
    // It has stopped already.
  }

  close(): void {
    // Nothing is held.
  }
}
