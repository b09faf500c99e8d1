import { expect, it } from "vitest";
import { browserEnvironment } from "./browser-environment.ts";

it("passes on what a program needs, and none of our keys", () => {
  const own = {
    PATH: "/bin",
    HOME: "/root",
    HTTPS_PROXY: "http://proxy:3128",
    no_proxy: "localhost",
    TMPDIR: "/tmp",
    GOOGLE_API_KEY: "g-secret",
    DAILY_API_KEY: "d-secret",
    EDGE_SIGNING_KEY: "e-secret",
  };
  expect(browserEnvironment(own, "/tmp/profile")).toEqual({
    PATH: "/bin",
    HOME: "/root",
    HTTPS_PROXY: "http://proxy:3128",
    no_proxy: "localhost",
    TMPDIR: "/tmp/profile",
  });
});
