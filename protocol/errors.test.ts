import { describe, expect, it } from "vitest";
import { z } from "zod";
import { asProblem, ERRORS, type ErrorCode, ProblemError } from "./errors.ts";
import { parseJson } from "./parse.ts";

describe("ProblemError", () => {
  it.each(Object.keys(ERRORS) as ErrorCode[])("%s becomes problem details with a detail of text", (code) => {
    const error = new ProblemError(code, "what to do about it");
    expect(error.toProblem()).toEqual({
      type: `urn:chat-vrd:problem:${code}`,
      title: ERRORS[code].title,
      status: ERRORS[code].status,
      detail: "what to do about it",
      code,
      retryable: ERRORS[code].retryable,
    });
    expect(error.toHeaders()["content-type"]).toBe("application/problem+json");
  });

  it("says when to come back on 429 and on a 503 that will pass", () => {
    expect(new ProblemError("no_capacity", "", { retryAfterS: 7 }).toHeaders()["retry-after"]).toBe("7");
    expect(new ProblemError("rate_limited", "").toHeaders()["retry-after"]).toBe("2");
    expect(new ProblemError("misconfigured", "").toHeaders()).not.toHaveProperty("retry-after");
  });

  it("says how to authenticate on 401 alone", () => {
    expect(new ProblemError("unauthorized", "").toHeaders()["www-authenticate"]).toBe("Bearer");
    const challenge = 'Bearer error="invalid_token"';
    expect(new ProblemError("unauthorized", "", { challenge }).toHeaders()["www-authenticate"]).toBe(
      challenge,
    );
    expect(new ProblemError("forbidden", "").toHeaders()).not.toHaveProperty("www-authenticate");
  });

  it("keeps the insides of an unforeseen error to itself", () => {
    const problem = asProblem(new Error("key sk-123 at /srv/app.ts")).toProblem();
    expect(problem.code).toBe("internal");
    expect(JSON.stringify(problem)).not.toContain("sk-123");
  });
});

describe("parseJson", () => {
  const schema = z.object({ user: z.object({ locale: z.string() }) });

  it("names every wrong field, with its path, in the detail", () => {
    expect(() => parseJson(schema, '{"user":{"locale":5}}')).toThrowError(/user\.locale: .*string/);
    try {
      parseJson(schema, '{"user":{"locale":5}}');
    } catch (error) {
      expect(error).toMatchObject({ code: "invalid_request", errors: [{ path: "user.locale" }] });
    }
  });

  it("tells broken JSON from JSON that does not fit", () => {
    expect(() => parseJson(schema, "{")).toThrowError(expect.objectContaining({ code: "invalid_json" }));
    expect(() => parseJson(schema, "[]")).toThrowError(expect.objectContaining({ code: "invalid_request" }));
  });
});
