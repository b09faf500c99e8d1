import type { RemoteStream, StoreState } from "./daily-js.ts";

/** The tracks of one call. It has to be filled before the event that makes daily-js look into it is posted. */
export class Store {
  readonly #local = new MediaStream();
  readonly #streams = new Map<string, RemoteStream>();

  setLocal(tracks: MediaStreamTrack[]): void {
    for (const track of this.#local.getTracks()) {
      if (!tracks.includes(track)) this.#local.removeTrack(track);
    }
    for (const track of tracks) this.#local.addTrack(track);
  }

  /** These tracks and no other of this participant. */
  setRemote(participantId: string, tracks: MediaStreamTrack[]): void {
    for (const kind of ["audio", "video"]) {
      if (!tracks.some((track) => track.kind === kind)) this.#streams.delete(`${participantId}/${kind}`);
    }
    for (const track of tracks) {
      const key = `${participantId}/${track.kind}`;
      if (this.#streams.get(key)?.pendingTrack === track) continue;
      const starttime = new Date().toISOString();
      this.#streams.set(key, { participantId, type: "cam", pendingTrack: track, starttime });
    }
  }

  removeRemote(participantId: string): void {
    for (const kind of ["audio", "video"]) this.#streams.delete(`${participantId}/${kind}`);
  }

  clear(): void {
    this.setLocal([]);
    this.#streams.clear();
  }

  getState(): StoreState {
    const streams = Object.fromEntries(this.#streams);
    const participants = [...this.#streams.values()].map(({ participantId }) => [participantId, {}]);
    return {
      local: { streams: { cam: { stream: this.#local } }, public: { customTracks: {} } },
      streams,
      participants: Object.fromEntries(participants),
    };
  }
}
