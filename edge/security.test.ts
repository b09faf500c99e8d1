import { exports } from "cloudflare:workers";
import { importJWK, jwtVerify, SignJWT } from "jose";
import { describe, expect, test, vi } from "vitest";
import type { StartSignal } from "../protocol/bot-host.ts";
import { DEV_SIGNING_KEY, EMULATED_DAILY } from "../protocol/development.ts";
import { EVENTS_TICKET } from "../protocol/events.ts";
import { LinkClose } from "../protocol/link.ts";
import { MAX_DRAINED_BYTES } from "./http/body.ts";
import { isSessionId } from "./session/session-id.ts";
import { CLOSED, clientOf, newUser, started, TOKENS } from "./testing/callers.ts";
import { useCapturedLogs } from "./testing/captured-logs.ts";
import { get, ORIGIN, post, problemOf, withSettings } from "./testing/edge-client.ts";
import { useFakeUpstreams } from "./testing/fake-upstreams.ts";
import { openIdProvider } from "./testing/openid-provider.ts";
import { usePassingTime } from "./testing/pass-time.ts";
import { askForLink, openLink } from "./testing/test-link.ts";
import { watch } from "./testing/watcher.ts";

const fakes = useFakeUpstreams();
const logs = useCapturedLogs();
const passTime = usePassingTime();

const NOBODY = "0123456789abcdef0123456789abcdef";

function theSignal(): StartSignal {
  const [signal, ...others] = fakes.signals();
  if (!signal || others.length > 0) throw new Error(`the host was signalled ${fakes.signals().length} times`);
  return signal;
}

/** A body just as it is written. */
function postText(text: string, path = "/api/rtvi/start"): Promise<Response> {
  return withSettings({}, path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: text,
  });
}

function nothingBegun(): void {
  expect([fakes.daily.length, fakes.host.length]).toEqual([0, 0]);
}

describe("a session of somebody else", () => {
  const service = clientOf({ ...CLOSED, ALLOW_ANONYMOUS: "true" });

  test.each([
    ["another user", { token: TOKENS.bob }],
    ["somebody without a token", {}],
  ])("cannot be told by %s from one that is not there, and is not stopped", async (_, stranger) => {
    const { sessionId } = await started(service.start({ token: TOKENS.ada }));
    for (const ask of [service.view, service.stop]) {
      const [there, not] = [await ask(sessionId, stranger), await ask(NOBODY, stranger)];
      expect([there.status, not.status]).toEqual([404, 404]);
      expect(await there.text()).toBe(await not.text());
      const headers = (response: Response) => [...response.headers.keys()].toSorted();
      expect(headers(there)).toEqual(headers(not));
    }
    const mine = await service.view(sessionId, { token: TOKENS.ada });
    expect(await mine.json()).toMatchObject({ state: "starting" });
  });

  test("is seen and stopped by an operator", async () => {
    const { sessionId } = await started(service.start({ token: TOKENS.ada }));
    expect((await service.view(sessionId, { token: TOKENS.operator })).status).toBe(200);
    expect((await service.stop(sessionId, { token: TOKENS.operator })).status).toBe(200);
    expect(await (await service.view(sessionId, { token: TOKENS.ada })).json()).toMatchObject({
      state: "completed",
      reason: "stopped",
    });
  });

  test("stays another's after it has ended", async () => {
    const { sessionId } = await started(service.start({ token: TOKENS.ada }));
    await service.stop(sessionId, { token: TOKENS.ada });
    expect((await service.view(sessionId, { token: TOKENS.bob })).status).toBe(404);
    expect((await service.stop(sessionId, { token: TOKENS.bob })).status).toBe(404);
  });

  test("is another's whatever the caller says of itself", async () => {
    const { sessionId } = await started(service.start({ token: TOKENS.ada, body: { user: { id: "ada" } } }));
    const headers = {
      "x-user": "ada",
      "x-forwarded-user": "token:ada",
      "cf-access-jwt-assertion": TOKENS.ada,
    };
    expect((await service.view(sessionId, { token: TOKENS.bob, headers })).status).toBe(404);
    const query = await service.call(`/api/rtvi/${sessionId}?token=${TOKENS.ada}`, {
      method: "GET",
      token: TOKENS.bob,
    });
    expect(query.status).toBe(404);
  });

  test("without a subject belongs to whoever knows its id, which has 128 random bits", async () => {
    const { sessionId } = await started(service.start());
    expect(isSessionId(sessionId)).toBe(true);
    expect((await service.view(sessionId)).status).toBe(200);
    expect((await service.stop(sessionId, { token: TOKENS.bob })).status).toBe(200);
  });
});

describe("the link of a bot", () => {
  test("is not opened by a token of a caller, nor by one of an operator", async () => {
    const { sessionId } = await started(clientOf(CLOSED).start({ token: TOKENS.ada }));
    for (const token of [TOKENS.ada, TOKENS.operator]) {
      expect((await askForLink(sessionId, token)).status).toBe(401);
    }
  });

  test("does not open the API", async () => {
    await started(clientOf(CLOSED).start({ token: TOKENS.ada }));
    const { sessionId, link, token } = theSignal();
    for (const borrowed of [link.token, token]) {
      expect((await clientOf(CLOSED).view(sessionId, { token: borrowed })).status).toBe(401);
      expect((await clientOf(CLOSED).start({ token: borrowed })).status).toBe(401);
    }
  });

  test("with a token of another attempt is turned away for good, and changes nothing", async () => {
    await post("/api/rtvi/start");
    const { sessionId, link } = theSignal();
    const sign = (claims: Record<string, unknown>) =>
      importJWK({ ...DEV_SIGNING_KEY }, "EdDSA").then((key) =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: "EdDSA", kid: DEV_SIGNING_KEY.kid })
          .setIssuer("chat-vrd-edge")
          .setAudience("chat-vrd-link")
          .setSubject(sessionId)
          .setIssuedAt()
          .setExpirationTime("1h")
          .sign(key),
      );
    for (const att of [2, 99]) {
      const other = await openLink({ sessionId, link: { ...link, token: await sign({ att }) } });
      expect((await other.untilClosed()).code).toBe(LinkClose.outdated);
      expect(other.commands).toEqual([]);
    }
    for (const att of [0, -1, 1.5, "1", null]) {
      expect((await askForLink(sessionId, await sign({ att }))).status).toBe(401);
    }
  });
});

describe("a room to join", () => {
  test.each([
    ["a loopback address", "http://127.0.0.1/room"],
    ["loopback by name", "http://localhost:8788/room"],
    ["loopback in IPv6", "http://[::1]/room"],
    ["loopback as a number", "http://2130706433/room"],
    ["the address of cloud metadata", "http://169.254.169.254/latest/meta-data"],
    ["cloud metadata in IPv6", "http://[fd00:ec2::254]/latest"],
    ["a private network", "http://10.0.0.1/room"],
    ["another domain", "https://evil.example/room"],
    ["another domain of Daily", "https://others.daily.co/room"],
    ["our host as a user", "http://daily.test@evil.example/room"],
    ["a user at our host", "http://user@daily.test/room"],
    ["a user and a password at our host", "http://user:secret@daily.test/room"],
    ["a name that begins like ours", "http://daily.test.evil.example/room"],
    ["a name that ends like ours", "http://evil-daily.test/room"],
    ["a look-alike of Daily", "https://x.daily.co.evil.com/room"],
    ["letters that look like ours", "http://dаily.test/room"],
    ["a full stop that looks like one", "http://daily。test/room"],
    ["a fully qualified form", "http://daily.test./room"],
    ["another case", "http://DAILY.test/room"],
    ["another scheme", "https://daily.test/room"],
    ["a file", "file:///etc/passwd"],
    ["a script", "javascript:alert(1)"],
    ["data", "data:text/html,room"],
    ["another port", "http://daily.test:8080/room"],
    ["the usual port, spelt out", "http://daily.test:80/room"],
    ["a query", "http://daily.test/room?url=https://evil.example"],
    ["an empty query", "http://daily.test/room?"],
    ["a fragment", "http://daily.test/room#x"],
    ["a path below", "http://daily.test/room/../other"],
    ["another path", "http://daily.test/a/b"],
    ["an encoded slash", "http://daily.test/a%2fb"],
    ["a backslash", "http://daily.test\\@evil.example/room"],
    ["an encoded line end", "http://daily.test/room%0d%0aX: y"],
    ["a zero", "http://daily.test/room\0"],
    ["no name", "http://daily.test/"],
    ["too long a name", `http://daily.test/${"a".repeat(129)}`],
    ["what is no address", "room"],
  ])("is not %s", async (_, roomUrl) => {
    for (const createDailyRoom of [true, false]) {
      const response = await post("/api/rtvi/start", { createDailyRoom, roomUrl });
      expect(response.status).toBe(422);
      const problem = await problemOf(response);
      expect(problem.errors?.map(({ path }) => path)).toEqual(["roomUrl"]);
    }
    nothingBegun();
  });

  test.each([" http://daily.test/room\r\n", "http://daily.test/ro\r\nom"])(
    "is an address without the white space in it, which nobody is sent: %j",
    async (roomUrl) => {
      const { room } = await started(post("/start", { roomUrl }));
      expect(room.url).toBe("http://daily.test/room");
      expect(theSignal().room.url).toBe("http://daily.test/room");
    },
  );
});

describe("a body that is meant to hurt", () => {
  const deep = (open: string, close: string, levels: number) => open.repeat(levels) + close.repeat(levels);

  test.each([
    ["lists in lists", deep("[", "]", 30_000), 422],
    ["objects in objects", `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`, 201],
    ["metadata of lists in lists", `{"metadata":{"a":${deep("[", "]", 30_000)}}}`, 422],
    ["properties of lists in lists", `{"dailyRoomProperties":{"a":${deep("[", "]", 30_000)}}}`, 422],
    ["a field nobody knows, of lists in lists", `{"unknown":${deep("[", "]", 30_000)}}`, 201],
    ["lists that are never closed", "[".repeat(60_000), 400],
    ["a number without an end", `{"metadata":${"9".repeat(60_000)}}`, 422],
    ["many fields", `{"metadata":{${Array.from({ length: 5_000 }, (_, i) => `"f${i}":1`).join(",")}}}`, 422],
    ["many unknown fields", `{${Array.from({ length: 5_000 }, (_, i) => `"f${i}":1`).join(",")}}`, 201],
  ])("%s is answered as any other", async (_, text, status) => {
    const response = await postText(text);
    expect(response.status).toBe(status);
    expect(logs.lines).not.toContainEqual(expect.objectContaining({ event: "http.broke" }));
    await response.body?.cancel();
  });

  test("is as harmless with a key, of which it is a part", async () => {
    const properties = `{"roomUrl":"http://daily.test/room","dailyRoomProperties":{"a":${deep("[", "]", 30_000)}}}`;
    const response = await withSettings({}, "/start", {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": "a-key" },
      body: properties,
    });
    expect(response.status).toBe(422);
  });

  test("that never ends is cut off at the limit", async () => {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1_024;
        controller.enqueue(new TextEncoder().encode(" ".repeat(1_024)));
      },
    });
    const headers = { "content-type": "application/json" };
    const response = await withSettings({}, "/start", { method: "POST", headers, body });
    expect(response.status).toBe(413);
    expect(sent).toBeLessThan(MAX_DRAINED_BYTES + 100_000);
  });

  test.each([
    ["too large", "application/json", 413],
    ["of another type", "text/plain", 415],
  ])(
    "that is %s is read to its end all the same, or its connection would be lost to the next request",
    async (_, type, status) => {
      let left = 300;
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (left-- > 0) controller.enqueue(new Uint8Array(1_024).fill(0x20));
          else controller.close();
        },
      });
      const headers = { "content-type": type };
      const response = await withSettings({}, "/start", { method: "POST", headers, body });
      expect(response.status).toBe(status);
      expect(left).toBeLessThan(0);
    },
  );

  test.each([
    '{"__proto__":{"createDailyRoom":false,"polluted":true}}',
    '{"constructor":{"prototype":{"polluted":true}}}',
    '{"user":{"__proto__":{"id":"bot-1","polluted":true}}}',
    '{"metadata":{"__proto__":{"voice":"Kore","polluted":true},"constructor":{"prototype":{"polluted":true}}}}',
    '{"metadata":{"a":{"__proto__":{"polluted":true}}}}',
    '{"dailyRoomProperties":{"__proto__":{"polluted":true}}}',
  ])("does not reach the prototype of anything: %s", async (text) => {
    const response = await withSettings({}, "/start", {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": `key-of-${text.length}` },
      body: text,
    });
    expect([201, 422]).toContain(response.status);
    expect("polluted" in {}).toBe(false);
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
    for (const signal of fakes.signals()) {
      expect(signal.user.id).toBeUndefined();
      expect(signal.voice).toBeUndefined();
      expect("polluted" in signal.metadata).toBe(false);
    }
    await response.body?.cancel();
  });
});

describe("text that is meant to be taken for something else", () => {
  const LINES = "Ada\r\nX-Injected: yes\r\n\r\n<script>alert(1)</script>";

  test("stays text in a name: no header, no line of the log, no claim of its own", async () => {
    const response = await post("/api/rtvi/start", { user: { name: LINES, id: "a\nb" } });
    expect(response.status).toBe(201);
    expect(response.headers.get("x-injected")).toBeNull();
    const { token } = await response.json<{ token: string }>();
    const { payload } = await jwtVerify(token, new TextEncoder().encode(EMULATED_DAILY.apiKey));
    expect(payload).toMatchObject({ u: LINES, ud: "a\nb" });
    expect(Object.keys(payload).toSorted()).toEqual(["d", "ejt", "exp", "iat", "p", "r", "u", "ud"]);
    expect(logs.text()).not.toContain("Injected");
  });

  test("cannot be put into a header at all, and what can is refused as a key", async () => {
    expect(() => new Headers({ "idempotency-key": LINES })).toThrow();
    for (const key of ["a, b", "a\tb", `a${String.fromCharCode(0x7f)}`, `a${String.fromCharCode(0xa0)}b`]) {
      const response = await withSettings({}, "/start", {
        method: "POST",
        headers: { "idempotency-key": key },
      });
      expect(response.status).toBe(422);
      expect(await response.text()).not.toContain("\t");
    }
    nothingBegun();
  });

  test("stays in an error's sentence, which is JSON and never a page", async () => {
    const response = await get(`/api/${encodeURIComponent("<script>alert(1)</script>")}`);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    await response.body?.cancel();
  });

  test("cannot make the Host header a part of a link", async () => {
    const response = await exports.default.fetch("http://evil.example/api/rtvi/start", { method: "POST" });
    expect(response.status).toBe(201);
    expect(await response.text()).not.toContain("evil.example");
    expect(JSON.stringify(fakes.signals())).not.toContain("evil.example");
  });
});

describe("secrets", () => {
  test("are in no log, reply, header, event or word to the bot over the whole life of a session", async () => {
    const provider = await openIdProvider();
    fakes.keysAnswers.push(provider.keys);
    const { settings, token: apiToken } = newUser();
    const service = clientOf({
      ...settings,
      ...provider.settings,
      OPERATOR_TOKENS: `ops:${TOKENS.operator}`,
    });
    const bearer = await provider.token({ sub: "person-4711" });
    const key = "the-key-of-this-conversation";
    const replies: string[] = [];
    const note = async (response: Response) => {
      replies.push(JSON.stringify([...response.headers]), await response.text());
      return response.status;
    };

    const headers = { "idempotency-key": key, origin: "https://app.example.com" };
    const reply = await started(
      service.start({ token: bearer, headers, body: { user: { name: "Ada Lovelace" } } }),
    );
    const signal = theSignal();
    const { sessionId } = reply;
    const watcher = await watch(reply.rtvi.wsEndpoint);
    const own = { token: bearer };
    expect(await note(await service.start({ token: `${bearer}x` }))).toBe(401);
    expect(
      await note(await service.start({ token: apiToken, headers, body: { user: { id: "bot-1" } } })),
    ).toBe(422);
    expect(await note(await service.start({ ...own, headers, body: {} }))).toBe(409);
    expect(await note(await service.view(sessionId, own))).toBe(200);
    expect(await note(await service.view(sessionId, { token: apiToken }))).toBe(404);
    expect(await note(await service.view(sessionId, { token: TOKENS.operator }))).toBe(200);
    const link = await openLink(signal);
    await link.reported(1, { kind: "mark", mark: "botJoined", at: Date.now() });
    await link.reported(2, { kind: "mark", mark: "clientJoined", at: Date.now() });
    const said = {
      role: "user",
      text: "what I said is nobody else's business",
      at: new Date().toISOString(),
    } as const;
    await link.reported(3, { kind: "transcript", entry: said });
    link.send('{"type":"a message that is none","secret":"a-broken-bot"}');
    await link.untilClosed();
    expect(await note(await service.stop(sessionId, own))).toBe(200);
    await passTime(sessionId, 10_000);
    await passTime(sessionId, 10_000);
    await vi.waitFor(() => expect(fakes.daily.at(-1)?.method).toBe("DELETE"));
    expect(await note(await service.view(sessionId, own))).toBe(200);

    const secrets = {
      bearer,
      apiToken,
      operatorToken: TOKENS.operator,
      callerToken: reply.token,
      ticket: new URL(reply.rtvi.wsEndpoint).searchParams.get(EVENTS_TICKET) ?? "",
      botToken: signal.token,
      linkToken: signal.link.token,
      dailyKey: EMULATED_DAILY.apiKey,
      signingKey: DEV_SIGNING_KEY.d,
      key,
      subject: "person-4711",
      broken: "a-broken-bot",
    };
    // Of a token also the part that alone is its worth.
    const leaks = (text: string) =>
      Object.entries(secrets).flatMap(([name, secret]) =>
        text.includes(secret.split(".")[2] ?? secret) ? [name] : [],
      );
    for (const [name, secret] of Object.entries(secrets)) expect(leaks(`{"at":"${secret}"}`)).toEqual([name]);
    expect(leaks(JSON.stringify(reply))).toEqual(["callerToken", "ticket"]);
    expect(watcher.messages.map(({ type }) => type)).toContain("transcript");
    expect(link.commands.length).toBeGreaterThan(2);
    expect(leaks(logs.text())).toEqual([]);
    expect(leaks(replies.join())).toEqual([]);
    expect(leaks(JSON.stringify([watcher.messages, watcher.closed, link.commands, link.closed]))).toEqual([]);
    // What was said, and by whom, is the caller's to read, but in no log.
    for (const personal of [said.text, "Ada Lovelace"]) expect(logs.text()).not.toContain(personal);
    expect(replies.join("\n")).toContain(said.text);
    expect(logs.lines.length).toBeGreaterThan(10);
  });

  test("are in no answer to a page of another origin", async () => {
    const response = await exports.default.fetch(`${ORIGIN}/client-config`, {
      headers: { origin: "https://evil.example" },
    });
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    expect(response.headers.get("access-control-allow-credentials")).toBeNull();
    const text = await response.text();
    for (const secret of [EMULATED_DAILY.apiKey, DEV_SIGNING_KEY.d]) expect(text).not.toContain(secret);
  });
});
