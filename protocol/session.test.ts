import { describe, expect, it } from "vitest";
import { ConnectRequest, StartRequest } from "./session.ts";

describe("StartRequest", () => {
  it("fills an empty body with the defaults", () => {
    expect(StartRequest.parse({})).toEqual({ createDailyRoom: true });
  });

  it("takes what official clients and the documents of the API send", () => {
    const body = {
      createDailyRoom: false,
      roomUrl: "https://example.daily.co/room",
      dailyRoomProperties: { max_participants: 2 },
      user: { id: "u1", name: "Ada", locale: "de-AT" },
      metadata: { scenario: "interview" },
    };
    expect(StartRequest.parse(body)).toEqual({ ...body, user: { ...body.user, locale: "de-DE" } });
  });

  it("refuses an unknown language and lists the known ones", () => {
    const result = StartRequest.safeParse({ user: { locale: "pt-BR" } });
    expect(result.error?.issues[0]?.message).toMatch(/pt-BR.*en-US.*it-IT/);
  });

  it.each([
    ["a list", []],
    ["a wrong type", { createDailyRoom: "yes" }],
    ["no URL", { roomUrl: "room" }],
    ["an empty name", { user: { name: "" } }],
    ["a user id that is longer than Daily's", { user: { id: "u".repeat(37) } }],
    ["a user id by which a caller would be taken for a bot", { user: { id: "bot-1" } }],
    ["metadata that is no object", { metadata: "x" }],
    ["metadata of a document's size", { metadata: { text: "x".repeat(20_000) } }],
    [
      "metadata too deep to be written again",
      { metadata: { a: JSON.parse("[".repeat(8_000) + "]".repeat(8_000)) } },
    ],
  ])("refuses %s", (_, body) => {
    expect(StartRequest.safeParse(body).success).toBe(false);
  });
});

describe("ConnectRequest", () => {
  it("takes a language or none", () => {
    expect(ConnectRequest.parse({})).toEqual({});
    expect(ConnectRequest.parse({ language: "fr" })).toEqual({ language: "fr-FR" });
  });
});
