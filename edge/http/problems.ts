import type { ContentfulStatusCode } from "hono/utils/http-status";
import { asProblem } from "../../protocol/errors.ts";
import { describeError } from "../../protocol/log.ts";
import { log } from "../log-events.ts";
import type { EdgeContext } from "./context.ts";

/** The one place where an error becomes an answer. */
export function renderProblem(error: Error, c: EdgeContext): Response {
  const problem = asProblem(error);
  if (problem.code === "internal") {
    const thrown = problem.cause ?? error;
    log({ event: "http.broke", level: "error", requestId: c.get("requestId"), error: describeError(thrown) });
  }
  c.set("problem", problem.code);
  const status = problem.status as ContentfulStatusCode; // every status of the error table has a body
  return c.body(JSON.stringify(problem.toProblem()), status, problem.toHeaders());
}
