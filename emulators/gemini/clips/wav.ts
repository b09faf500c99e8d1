/**
 * The samples of a μ-law WAV file as s16, and its rate.
 * @throws Error when the file is anything else than mono μ-law.
 */
export function decodeMuLawWav(file: Buffer): { samples: Int16Array; rateHz: number } {
  if (file.toString("latin1", 0, 4) !== "RIFF" || file.toString("latin1", 8, 12) !== "WAVE") {
    throw new Error("not a WAV file");
  }
  let rateHz: number | undefined;
  for (let at = 12; at + 8 <= file.length; ) {
    const id = file.toString("latin1", at, at + 4);
    const length = file.readUInt32LE(at + 4);
    const start = at + 8;
    if (id === "fmt ") {
      const format = file.readUInt16LE(start);
      const channels = file.readUInt16LE(start + 2);
      if (format !== FORMAT_MU_LAW || channels !== 1) throw new Error("not mono μ-law");
      rateHz = file.readUInt32LE(start + 4);
    }
    if (id === "data" && rateHz !== undefined) {
      return { samples: Int16Array.from(file.subarray(start, start + length), decodeMuLaw), rateHz };
    }
    // Chunks are padded to an even length.
    at = start + length + (length % 2);
  }
  throw new Error("a WAV file without samples");
}

const FORMAT_MU_LAW = 7;
const MU_LAW_BIAS = 0x84;

/** One byte of G.711 μ-law: inverted, sign, three bits of exponent, four of mantissa. */
function decodeMuLaw(byte: number): number {
  const bits = ~byte & 0xff;
  const exponent = (bits >> 4) & 0x07;
  const magnitude = ((((bits & 0x0f) << 3) + MU_LAW_BIAS) << exponent) - MU_LAW_BIAS;
  return (bits & 0x80) === 0 ? magnitude : -magnitude;
}
