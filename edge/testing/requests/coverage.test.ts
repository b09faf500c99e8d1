import { expect, it } from "vitest";
import { Coverage } from "./coverage.ts";
import { OpenApi } from "./open-api.ts";

const problem = (...codes: string[]) => ({
  content: {
    "application/problem+json": { schema: { allOf: [{}, { properties: { code: { enum: codes } } }] } },
  },
});
const api = new OpenApi({
  paths: {
    "/things/{id}": {
      get: { responses: { 200: {}, 404: problem("not_here", "not_yours"), 503: problem("broken") } },
    },
  },
  components: { schemas: {} },
});
const ORIGINS = { allowed: ["https://ours.example"], foreign: ["null"] };

function met(...exchanges: [line: string, status: number, code?: string, origin?: string][]): Coverage {
  const coverage = new Coverage(api);
  for (const [line, status, code, origin] of exchanges) {
    const [method = "", target = ""] = line.split(" ");
    const headers = origin === undefined ? [] : [["origin", origin] as const];
    coverage.meet({
      request: { service: "", method, target, headers, body: undefined },
      answer: { status, headers: new Headers(), text: "" },
      code,
    });
  }
  return coverage;
}

it("names all that was never met", () => {
  expect(met().missing({ unreachable: [], origins: ORIGINS, more: ["another's"] })).toEqual([
    "GET /things/{id} 200",
    "GET /things/{id} 404 not_here",
    "GET /things/{id} 404 not_yours",
    "GET /things/{id} 503 broken",
    "* /things/{id} 405",
    "HEAD /things/{id}",
    "OPTIONS /things/{id}",
    "preflight of https://ours.example",
    "preflight of null",
    "* (no operation) 404",
    "another's",
  ]);
});

it("is content with one of each, and asks for nothing that cannot be", () => {
  const coverage = met(
    ["GET /things/1?a=b", 200],
    ["GET /things/2", 404, "not_here"],
    ["PATCH /things/2", 405, "method_not_allowed"],
    ["HEAD /things/2", 200],
    ["OPTIONS /things/2", 204, undefined, "https://ours.example"],
    ["OPTIONS /things/2", 204, undefined, "null"],
    ["PUT /nothing", 404, "not_found"],
  );
  const unreachable = ["broken", "/things/{id} not_yours"];
  expect(coverage.missing({ unreachable, origins: ORIGINS, more: [] })).toEqual([]);
  expect(coverage.missing({ unreachable: ["broken"], origins: ORIGINS, more: [] })).toEqual([
    "GET /things/{id} 404 not_yours",
  ]);
});

it("counts by operation", () => {
  const table = met(["GET /things/1", 200], ["GET /things/2", 200], ["GET /x", 404, "not_found"]).table();
  expect(table.split("\n").map((line) => line.trim())).toEqual([
    "1 × GET (no operation) 404 not_found",
    "2 × GET /things/{id} 200",
  ]);
});
