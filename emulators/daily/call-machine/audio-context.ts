/**
 * The one AudioContext that all call machines of a page share, open while somebody uses it. A page that runs
 * its own at another rate would suffer from ours, so there is none before a local level is asked for.
 */
export function borrowAudioContext(): { context: AudioContext; giveBack(): void } {
  window._dailyInABox ??= { audio: null };
  const shared = window._dailyInABox;
  shared.audio ??= { context: new AudioContext(), users: 0 };
  const { audio } = shared;
  audio.users += 1;
  // Without a gesture of the user it stays suspended and levels stay 0: nothing that could be mended here.
  void audio.context.resume().catch(() => {});
  return {
    context: audio.context,
    giveBack: () => {
      audio.users -= 1;
      if (audio.users > 0) return;
      shared.audio = null;
      void audio.context.close().catch(() => {});
    },
  };
}
