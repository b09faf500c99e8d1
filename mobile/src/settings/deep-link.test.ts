import { parseDeepLink } from "./deep-link.ts";

const server = { url: "https://voice.example.com", token: "a.b+c" };

it.each([
  "chatvrd://connect?url=https%3A%2F%2Fvoice.example.com&token=a.b%2Bc",
  "CHATVRD://connect/?token=a.b%2Bc&url=voice.example.com",
  "https://voice.example.com/app#url=https://voice.example.com&token=a.b%2Bc",
])("offers a server: %s", (link) => {
  expect(parseDeepLink(link)).toEqual({ kind: "server", server });
});

it("is an offer without a token, too", () => {
  expect(parseDeepLink("chatvrd://connect?url=localhost:8787")).toEqual({
    kind: "server",
    server: { url: "http://localhost:8787", token: "" },
  });
});

it.each([
  ["chatvrd://connect?url=http%3A%2F%2Fvoice.example.com", "insecure"],
  ["chatvrd://connect?url=", "empty"],
  ["chatvrd://connect?url=javascript%3A%2F%2Fx.y", "scheme"],
  ["chatvrd://connect?url=voice.example.com&token=a%0Ab", "token"],
  [`chatvrd://connect?url=voice.example.com&token=${"a".repeat(9_000)}`, "token"],
  ["chatvrd://connect?url=%E0%A4%A", "not-an-address"],
])("says what is wrong with %s", (link, fault) => {
  expect(parseDeepLink(link)).toEqual({ kind: "unusable", fault });
});

it("takes the first of two fields with one name", () => {
  expect(parseDeepLink("chatvrd://connect?url=a.example&url=b.example")).toMatchObject({
    server: { url: "https://a.example" },
  });
});

it.each([
  "https://voice.example.com/app",
  "https://voice.example.com/app?url=https://evil.example",
  "chatvrd://other?url=a.example",
  "chatvrd://connect?token=x",
  "",
])("is not about %s", (link) => {
  expect(parseDeepLink(link)).toBeUndefined();
});
