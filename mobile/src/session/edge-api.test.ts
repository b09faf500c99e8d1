import { asFailure } from "../connection/failure.ts";
import { createEdgeApi, REQUEST_TIMEOUT_MS } from "./edge-api.ts";

const api = createEdgeApi({ url: "https://voice.example.com", token: "secret" });

const requests: { url: string; init: RequestInit | undefined }[] = [];
function answer(response: () => Promise<Response>): void {
  globalThis.fetch = (url, init) => {
    requests.push({ url: String(url), init });
    return response();
  };
}
beforeEach(() => requests.splice(0));

const json = (status: number, body: unknown) => async () => new Response(JSON.stringify(body), { status });
const failureOf = async (request: Promise<unknown>) => request.then(() => undefined, asFailure);

it("asks with the token, and takes what fits", async () => {
  answer(
    json(200, {
      emulated: { daily: false, gemini: true },
      auth: "bearer",
      defaultLanguage: "de-DE",
      more: 1,
    }),
  );
  expect(await api.config()).toEqual({
    emulated: { daily: false, gemini: true },
    auth: "bearer",
    defaultLanguage: "de-DE",
  });
  expect(requests[0]).toMatchObject({
    url: "https://voice.example.com/client-config",
    init: { headers: { authorization: "Bearer secret" } },
  });
});

it("stops a session by its own address, whatever its id holds", async () => {
  answer(json(200, { sessionId: "a/b", state: "completed", reason: "stopped" }));
  await api.stop("a/b");
  expect(requests[0]).toMatchObject({
    url: "https://voice.example.com/api/rtvi/a%2Fb/stop",
    init: { method: "POST" },
  });
});

it.each([
  [
    json(401, { detail: "No.", code: "unauthorized" }),
    { kind: "refused", status: 401, detail: "No.", code: "unauthorized" },
  ],
  [async () => new Response("<html>", { status: 502 }), { kind: "refused", status: 502, detail: "" }],
  [async () => new Response("<html>", { status: 200 }), { kind: "unexpected-reply" }],
  [json(200, { state: "dancing" }), { kind: "unexpected-reply" }],
  [() => Promise.reject(new TypeError("Network request failed")), { kind: "unreachable" }],
])("says what was wrong with an answer (%#)", async (response, failure) => {
  answer(response);
  expect(await failureOf(api.session("s"))).toEqual(failure);
});

it("does not wait for ever", async () => {
  jest.useFakeTimers();
  globalThis.fetch = (_url, init) =>
    new Promise((_resolve, reject) => {
      init?.signal?.addEventListener("abort", () => reject(new Error("aborted")));
    });
  const failure = failureOf(api.health());
  await jest.advanceTimersByTimeAsync(REQUEST_TIMEOUT_MS);
  expect(await failure).toEqual({ kind: "unreachable" });
  jest.useRealTimers();
});
