import { SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { DEV_SIGNING_KEY, EMULATED_DAILY, EMULATED_GEMINI_KEY } from "../../protocol/development.ts";
import { secretsIn } from "./secrets.ts";

const KEY = new TextEncoder().encode("a key of 32 characters for tests");

function token(claims: Record<string, unknown>): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(KEY);
}

const meeting = await token({ r: "vrd-1", d: "domain" });
const link = await token({ aud: "chat-vrd-link" });
const ticket = await token({ aud: "chat-vrd-events" });
const other = await token({ aud: "somebody else" });
const signature = meeting.split(".")[2] ?? "";

describe("secretsIn", () => {
  it.each([
    ["Daily's key", `authorization: Bearer ${EMULATED_DAILY.apiKey}`],
    ["Gemini's key", `wss://gemini.example/?key=${EMULATED_GEMINI_KEY}&alt=sse`],
    ["the edge's signing key", JSON.stringify({ log: JSON.stringify(DEV_SIGNING_KEY) })],
    ["a meeting token", JSON.stringify({ event: "bot.join_failed", detail: `join({token: ${meeting}})` })],
    ["a link token", `Bearer ${link}`],
    ["a ticket", `wss://edge.example/events?ticket=${ticket}`],
    ["a token", other],
    ["a piece of a token", `${meeting.slice(0, 30)}…`],
    ["a resumption handle", `{"handle":"Ci${"aB3_-".repeat(8)}"}`],
    ["a signature", `…${signature}`],
  ])("finds %s", (name, text) => {
    expect(secretsIn(text, [meeting])).toEqual([name]);
  });

  it("finds each time that one occurs", () => {
    expect(secretsIn(`${meeting} ${EMULATED_DAILY.apiKey} ${meeting}`)).toEqual([
      "Daily's key",
      "a meeting token",
      "a meeting token",
    ]);
  });

  it("finds nothing in what is none: ids, addresses, the public half of a key", () => {
    const line = {
      sessionId: "0123456789abcdef0123456789abcdef",
      kid: DEV_SIGNING_KEY.kid,
      x: DEV_SIGNING_KEY.x,
    };
    expect(secretsIn(JSON.stringify(line), [meeting])).toEqual([]);
    expect(secretsIn("wss://edge.example/api/rtvi/0123456789abcdef/events CiCd", [meeting])).toEqual([]);
  });
});
