import { expect, test } from "vitest";
import { Samples } from "./heard.ts";

test("keeps what was measured, and counts what did not come", async () => {
  const samples = new Samples();
  await samples.add(async () => 12);
  await samples.add(() => Promise.reject(new Error("The page did not tell of silence in time")));
  samples.addSince(100, 130);
  samples.addSince(undefined, 130);
  expect(samples.ms).toEqual([12, 30]);
  expect(samples.missed).toBe(2);
});

test("passes on whatever else goes wrong", async () => {
  const samples = new Samples();
  await expect(samples.add(() => Promise.reject(new Error("The page is gone")))).rejects.toThrow("gone");
  await expect(samples.tried(() => Promise.reject("no error at all"))).rejects.toBe("no error at all");
  expect(samples.missed).toBe(0);
});
