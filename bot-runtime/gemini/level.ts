/** RMS below which nothing can be heard: −60 dBFS. Speech is at −30 to −15, comfort noise above −60. */
const AUDIBLE_RMS = 32_768 * 10 ** (-60 / 20);
/** Pieces that are looked at one by one: a word in a long silence is audible. */
const FRAME_SAMPLES = 480;

/** Whether anything in it can be heard. s16 mono. */
export function isAudible(pcm: Int16Array): boolean {
  for (let at = 0; at < pcm.length; at += FRAME_SAMPLES) {
    const frame = pcm.subarray(at, at + FRAME_SAMPLES);
    let sum = 0;
    for (const sample of frame) sum += sample * sample;
    if (Math.sqrt(sum / frame.length) >= AUDIBLE_RMS) return true;
  }
  return false;
}
