import { isThisDevice, parseAddress } from "./server.ts";

it.each([
  ["https://voice.example.com", "https://voice.example.com"],
  ["  https://voice.example.com/app?x#y ", "https://voice.example.com"],
  ["voice.example.com", "https://voice.example.com"],
  ["HTTPS://Voice.Example.com:8443/", "https://voice.example.com:8443"],
  ["localhost:8787", "http://localhost:8787"],
  ["http://10.0.2.2:8787", "http://10.0.2.2:8787"],
  ["192.168.1.4:8787", "http://192.168.1.4:8787"],
  ["172.31.0.1", "http://172.31.0.1"],
  ["my-mac.local:8787", "http://my-mac.local:8787"],
  ["http://[::1]:8787", "http://[::1]:8787"],
])("takes %s", (typed, url) => {
  expect(parseAddress(typed)).toEqual({ ok: true, url });
});

it.each([
  ["", "empty"],
  ["  ", "empty"],
  ["two words", "not-an-address"],
  ["https://", "not-an-address"],
  ["https://user:pass@example.com", "not-an-address"],
  ["https://example.com:99999999", "not-an-address"],
  ["https://-.example", "not-an-address"],
  ["javascript://example.com", "scheme"],
  ["ftp://example.com", "scheme"],
  ["http://voice.example.com", "insecure"],
  ["http://172.32.0.1", "insecure"],
  ["http://localhost.example.com", "insecure"],
  [`https://${"a".repeat(600)}.com`, "not-an-address"],
])("refuses %s", (typed, fault) => {
  expect(parseAddress(typed)).toEqual({ ok: false, fault });
});

it("knows an address that means the device itself", () => {
  expect(["http://localhost:8787", "http://127.0.0.1", "http://[::1]:1"].every(isThisDevice)).toBe(true);
  expect(["https://localhost.example.com", "http://10.0.2.2"].some(isThisDevice)).toBe(false);
});
