import { expect, it } from "vitest";
import { NOTHING_RECEIVED, receivedBetween, sumReceived } from "./talk.ts";

const one = { ...NOTHING_RECEIVED, connections: 1, samples: 480, concealedSamples: 10, bytes: 100 };

it("adds up what several pages received", () => {
  expect(sumReceived([one, one, NOTHING_RECEIVED])).toMatchObject({
    connections: 2,
    samples: 960,
    bytes: 200,
  });
});

it("takes the difference, of the same connections only", () => {
  const later = { ...one, samples: 1_000, concealedSamples: 10 };
  expect(receivedBetween(one, later)).toMatchObject({ connections: 1, samples: 520, concealedSamples: 0 });
  expect(() => receivedBetween(one, { ...later, connections: 2 })).toThrow("Of 1 connections there are 2");
});
