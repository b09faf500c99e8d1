import { describe, expect, test } from "vitest";
import { distance, REGIONS, regionOf } from "./regions.ts";

test.each([
  ["Lisbon", { continent: "EU", latitude: "38.7", longitude: "-9.1" }, "weur"],
  ["Berlin", { continent: "EU", latitude: "52.5", longitude: "13.4" }, "weur"],
  ["Warsaw", { continent: "EU", latitude: "52.2", longitude: "21.0" }, "eeur"],
  ["New York", { continent: "NA", latitude: "40.7", longitude: "-74.0" }, "enam"],
  ["San Francisco", { continent: "NA", latitude: "37.8", longitude: "-122.4" }, "wnam"],
  ["Sao Paulo", { continent: "SA", latitude: "-23.5", longitude: "-46.6" }, "sam"],
  ["Dubai", { continent: "AS", latitude: "25.2", longitude: "55.3" }, "me"],
  ["Singapore", { continent: "AS", latitude: "1.4", longitude: "103.8" }, "apac"],
  ["Cairo", { continent: "AF", latitude: "30.0", longitude: "31.2" }, "weur"],
  ["Johannesburg", { continent: "AF", latitude: "-26.2", longitude: "28.0" }, "afr"],
  ["Sydney", { continent: "OC", latitude: "-33.9", longitude: "151.2" }, "oc"],
  ["a place in Europe", { continent: "EU" }, "weur"],
  ["a place in Asia", { continent: "AS", longitude: "not a number" }, "apac"],
])("a caller in %s is near the right region", (_, cf, region) => {
  expect(regionOf({ ...cf, colo: "XXX", country: "XX" })).toBe(region);
});

test.each([undefined, null, {}, { continent: "T1" }, { continent: 7 }, "EU"])(
  "a caller of whom %j is known is near nowhere",
  (cf) => {
    expect(regionOf(cf)).toBeUndefined();
  },
);

describe("the table of distances", () => {
  test.each(REGIONS)("knows each region once from %s, which is nearest to itself", (near) => {
    const order = REGIONS.toSorted((a, b) => distance(near, a) - distance(near, b));
    expect(order[0]).toBe(near);
    expect(REGIONS.map((region) => distance(near, region)).toSorted()).toEqual(REGIONS.map((_, i) => i));
    expect(distance(near, undefined)).toBeGreaterThan(distance(near, order.at(-1)));
  });

  test("makes no difference for a caller from nowhere", () => {
    expect(new Set([...REGIONS, undefined].map((region) => distance(undefined, region))).size).toBe(1);
  });
});
