import { expect, it } from "vitest";
import { openApiDocument } from "../../../edge/openapi/document.ts";
import { type Answer, Promises } from "./promises.ts";

const promises = new Promises(
  JSON.parse(JSON.stringify(openApiDocument({ publicUrl: "https://edge.example" }))),
);

const good = {
  "x-request-id": "1",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
  "content-type": "application/json",
};
const stopped = (more: Partial<Answer> = {}, headers: Record<string, string> = {}): Answer => ({
  method: "POST",
  path: "/api/rtvi/{id}/stop",
  status: 200,
  headers: new Headers({ ...good, ...headers }),
  text: JSON.stringify({ sessionId: "s", state: "completed", reason: "stopped" }),
  ...more,
});
const problem = (status: number, code: string, more: Partial<Answer> = {}) =>
  stopped(
    {
      status,
      text: JSON.stringify({ type: "t", title: "t", status, detail: "It is so.", code, retryable: false }),
      ...more,
    },
    { "content-type": "application/problem+json", "www-authenticate": "Bearer", allow: "GET" },
  );

it.each([
  ["what is promised", stopped()],
  ["a problem that is promised", problem(404, "session_not_found")],
  ["no route", problem(404, "not_found", { path: "/nothing" })],
  ["another method", problem(405, "method_not_allowed", { method: "DELETE" })],
])("has nothing to say of %s", (_, answer) => {
  expect(promises.complaints(answer)).toEqual([]);
});

it.each([
  ["a status", stopped({ status: 204 }), "204"],
  ["a field of another type", stopped({ text: '{"sessionId":1,"state":"completed"}' }), "sessionId"],
  ["a field that is missing", stopped({ text: '{"sessionId":"s"}' }), "state"],
  ["a state that is none", stopped({ text: '{"sessionId":"s","state":"paused"}' }), "state"],
  ["no JSON", stopped({ text: "<html>" }), "expected"],
  ["another type", stopped({}, { "content-type": "text/html" }), "text/html"],
  ["a code of another operation", problem(404, "not_found"), "not_found"],
  ["a fault", problem(500, "internal"), "broke"],
  [
    "a problem that is none",
    stopped({ status: 404, text: "{}" }, { "content-type": "application/problem+json" }),
    "not a problem",
  ],
  ["a good answer where nothing is", stopped({ path: "/nothing" }), "not promised"],
  ["what a proxy may keep", stopped({}, { "cache-control": "public" }), "kept"],
])("complains of %s", (_, answer, word) => {
  expect(promises.complaints(answer).join("; ")).toContain(word);
});
