/** Base64 of s16le audio, as it stands in Gemini's messages. All machines that we run on are little-endian. */

export function encodePcm(pcm: Int16Array): string {
  return Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength).toString("base64");
}

/** Samples of base64 audio; half a sample at the end is left out. Copies: a Buffer may start at an odd address. */
export function decodePcm(base64: string): Int16Array {
  const bytes = Buffer.from(base64, "base64");
  const pcm = new Int16Array(bytes.length >> 1);
  new Uint8Array(pcm.buffer).set(bytes.subarray(0, pcm.byteLength));
  return pcm;
}

/** Of all that a model says, Hz. */
export const ANSWER_RATE = 24_000;

/** The rate that a mime type such as `audio/pcm;rate=24000` names, in Hz. */
export function pcmRate(mimeType: string | undefined): number | undefined {
  const rate = /;\s*rate=(\d+)/.exec(mimeType ?? "")?.[1];
  return rate === undefined ? undefined : Number(rate);
}
