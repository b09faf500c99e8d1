import fc from "fast-check";
import { expect, it } from "vitest";
import { openApiDocument } from "../../openapi/document.ts";
import { OpenApi } from "./open-api.ts";
import type { PlannedRequest, Service } from "./planned-request.ts";
import { requestsOf } from "./requests.ts";

const api = new OpenApi(JSON.parse(JSON.stringify(openApiDocument({ publicUrl: "https://edge.example" }))));
const services: Service[] = [
  { name: "open", share: 2, users: 0, open: true, works: true },
  { name: "closed", share: 1, users: 3, open: false, works: true },
];
const FOREIGN = "https://evil.example";

function sample(seed: number, numRuns: number): PlannedRequest[] {
  const requests = requestsOf(api, {
    services,
    origins: { allowed: ["https://app.example.com"], foreign: [FOREIGN] },
    maxBodyBytes: 100_000,
    headerCharacters: "latin1",
    rooms: ["https://daily.example/room"],
  });
  return fc.sample(requests, { seed, numRuns });
}

it("are the same for the same seed, and others for another", () => {
  expect(sample(5, 50)).toEqual(sample(5, 50));
  expect(sample(5, 50)).not.toEqual(sample(6, 50));
});

it("are for every operation of every service, by its method and by others", () => {
  const requests = sample(1, 3_000);
  const asked = new Set(
    requests.flatMap(({ service, method, path }) => [`${service} ${method} ${path}`, `${method} ${path}`]),
  );
  for (const { method, path } of api.operations) {
    for (const { name } of services) expect(asked).toContain(`${name} ${method} ${path}`);
    for (const other of ["HEAD", "OPTIONS", "DELETE"]) expect(asked).toContain(`${other} ${path}`);
  }
  expect([...asked].some((line) => line.includes("/nothing"))).toBe(true);
});

it("are of all kinds", () => {
  const requests = sample(2, 3_000);
  const has = (what: (request: PlannedRequest) => boolean) => expect(requests.some(what)).toBe(true);
  for (const kind of ["none", "text", "filled", "bytes"]) has(({ body }) => body.kind === kind);
  for (const kind of ["none", "new", "again", "text"]) has(({ key }) => key.kind === kind);
  for (const kind of ["nobody", "user", "owner", "bot", "text"]) has(({ caller }) => caller.kind === kind);
  for (const trouble of ["hosts are full", "Daily refuses"]) has((request) => request.trouble === trouble);
  has(({ headers }) => headers.some(([name, value]) => name === "origin" && value === FOREIGN));
  has(({ body }) => body.kind === "text" && body.text.includes('"__proto__"'));
  has(({ body }) => body.kind === "text" && body.text.includes('"locale":"de"'));
  has(({ body }) => body.kind === "text" && body.type !== "application/json");
  has(({ session }) => session.kind === "text" && session.text === "%00");
});
