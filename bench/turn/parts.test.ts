import { expect, test } from "vitest";
import { partsOf } from "./parts.ts";

const turns = [
  { number: 1, endedAtMs: 1_000, heardAtMs: 1_950 },
  { number: 2, endedAtMs: 5_000, heardAtMs: 5_940 },
];

test("a turn is the way to Gemini, what the emulator takes, and the way back", () => {
  const heard = [
    { number: 1, atMs: 1_070 },
    { number: 2, atMs: 5_065 },
  ];
  const said = [
    { number: 1, atMs: 1_880 },
    { number: 2, atMs: 5_880 },
  ];
  const parts = partsOf(turns, { heard, said });
  expect(parts).toEqual([
    { upMs: 70, emulatorMs: 810, downMs: 70 },
    { upMs: 65, emulatorMs: 815, downMs: 60 },
  ]);
  expect(parts.map(({ upMs, emulatorMs, downMs }) => upMs + emulatorMs + downMs)).toEqual([950, 940]);
});

test("a turn has no parts where a marker is missing, or is one of another turn with the same number", () => {
  const heard = [
    { number: 1, atMs: 990 },
    { number: 2, atMs: 5_065 },
  ];
  const said = [{ number: 2, atMs: 9_000 }];
  expect(partsOf(turns, { heard, said })).toEqual([]);
});
