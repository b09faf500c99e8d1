import { expect, test } from "vitest";
import { decodeMuLawWav } from "./wav.ts";

function wav({
  format = 7,
  channels = 1,
  data = [0xff],
}: {
  format?: number;
  channels?: number;
  data?: number[];
}) {
  const fmt = Buffer.alloc(16);
  fmt.writeUInt16LE(format, 0);
  fmt.writeUInt16LE(channels, 2);
  fmt.writeUInt32LE(24_000, 4);
  const chunk = (id: string, body: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(body.length);
    return Buffer.concat([Buffer.from(id), length, body, Buffer.alloc(body.length % 2)]);
  };
  const chunks = [chunk("fmt ", fmt), chunk("note", Buffer.from("odd")), chunk("data", Buffer.from(data))];
  return Buffer.concat([Buffer.from("RIFF\0\0\0\0WAVE"), ...chunks]);
}

test("decodes the values of G.711", () => {
  const { samples, rateHz } = decodeMuLawWav(wav({ data: [0x00, 0x80, 0x7f, 0xff, 0x8f, 0x0f, 0xf0] }));
  expect(rateHz).toBe(24_000);
  expect([...samples]).toEqual([-32_124, 32_124, 0, 0, 16_764, -16_764, 120]);
});

test.each([
  ["not a WAV file", Buffer.from("RIFX")],
  ["not mono μ-law", wav({ format: 1 })],
  ["not mono μ-law", wav({ channels: 2 })],
  ["a WAV file without samples", wav({}).subarray(0, 36)],
])("refuses what is %s", (message, file) => {
  expect(() => decodeMuLawWav(file)).toThrow(message);
});
