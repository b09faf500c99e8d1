import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CdpConnection, type CdpEvent } from "./cdp.ts";

let toBrowser: PassThrough;
let fromBrowser: PassThrough;
let cdp: CdpConnection;

beforeEach(() => {
  toBrowser = new PassThrough();
  fromBrowser = new PassThrough();
  cdp = new CdpConnection(toBrowser, fromBrowser);
});

afterEach(() => {
  cdp.close();
  vi.useRealTimers();
});

function sent(): { id: number; method: string; params?: unknown; sessionId?: string }[] {
  const text: string = toBrowser.read()?.toString() ?? "";
  return text
    .split("\0")
    .filter((message) => message !== "")
    .map((message) => JSON.parse(message));
}

function answer(message: unknown): void {
  fromBrowser.write(`${JSON.stringify(message)}\0`);
}

describe("commands", () => {
  it("get the answer with their number, in whatever order", async () => {
    const first = cdp.send("Browser.getVersion", undefined);
    const second = cdp.send("Target.createTarget", { url: "about:blank" }, "S");
    const [one, two] = sent();
    expect(one).toEqual({ id: 1, method: "Browser.getVersion" });
    expect(two).toEqual({
      id: 2,
      method: "Target.createTarget",
      params: { url: "about:blank" },
      sessionId: "S",
    });
    answer({ id: 2, result: { targetId: "T" } });
    answer({ id: 1, result: { product: "Chrome" } });
    expect(await second).toEqual({ targetId: "T" });
    expect(await first).toEqual({ product: "Chrome" });
  });

  it("fail with the browser's words", async () => {
    const refused = cdp.send("Target.createTarget", { url: "x" });
    answer({ id: 1, error: { code: -32_000, message: "no such thing" } });
    await expect(refused).rejects.toThrow("no such thing");
  });

  it("fail when there is no answer in time", async () => {
    vi.useFakeTimers();
    const late = expect(cdp.send("Browser.getVersion", undefined)).rejects.toThrow("did not answer");
    await vi.advanceTimersByTimeAsync(10_000);
    await late;
    expect(vi.getTimerCount()).toBe(0);
  });

  it("fail when the pipe closes, then and afterwards", async () => {
    const cut = expect(cdp.send("Browser.getVersion", undefined)).rejects.toThrow("closed its pipe");
    fromBrowser.destroy();
    await cut;
    await expect(cdp.send("Browser.getVersion", undefined)).rejects.toThrow("closed its pipe");
  });
});

describe("messages", () => {
  it("are put together from pieces, cut anywhere, even inside a letter", async () => {
    const events: CdpEvent[] = [];
    cdp.listen((event) => events.push(event));
    const bytes = Buffer.from(
      `{"method":"Target.targetDestroyed","params":{"targetId":"ä€😀"}}\0{"method":"Target.targetCrashed","params":{}}\0`,
    );
    for (const byte of bytes) fromBrowser.write(Buffer.of(byte));
    await vi.waitFor(() => expect(events).toHaveLength(2));
    expect(events[0]).toEqual({
      method: "Target.targetDestroyed",
      params: { targetId: "ä€😀" },
      sessionId: undefined,
    });
  });

  it("go to no listener that has left", async () => {
    const [left, stays] = [vi.fn(), vi.fn()];
    cdp.listen(left)();
    cdp.listen(stays);
    answer({ method: "Target.targetCrashed", params: {} });
    await vi.waitFor(() => expect(stays).toHaveBeenCalledOnce());
    expect(left).not.toHaveBeenCalled();
  });

  it.each<[string, string]>([
    ["not JSON", "nonsense\0"],
    ["too large", "x".repeat((8 << 20) + 1)],
  ])("that are %s end the connection", async (_, text) => {
    const cut = expect(cdp.send("Browser.getVersion", undefined)).rejects.toThrow("The browser sent");
    fromBrowser.write(text);
    await cut;
  });

  it("that answer nothing we asked are ignored", async () => {
    answer({ id: 99, result: {} });
    const version = cdp.send("Browser.getVersion", undefined);
    answer({ id: 1, result: { product: "Chrome" } });
    expect(await version).toEqual({ product: "Chrome" });
  });
});
