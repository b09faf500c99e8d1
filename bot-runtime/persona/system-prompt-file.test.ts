import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSystemPrompt } from "./system-prompt-file.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "chat-vrd-prompt-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function fileOf(content: string | Uint8Array): Promise<string> {
  const path = join(folder, "prompt.txt");
  await writeFile(path, content);
  return path;
}

describe("readSystemPrompt", () => {
  it("is the text as it stands, without the byte order mark and the space around it", async () => {
    expect(readSystemPrompt(await fileOf("\ufeff\n  You are Ada.\n\nSé breve. 你好\r\n"))).toBe(
      "You are Ada.\n\nSé breve. 你好",
    );
  });

  it.each([
    ["what is empty", " \n", /is empty/],
    ["what is too long for a prompt", "x".repeat(8_001), /8001 characters; at most 8000/],
    ["what is no text", Uint8Array.of(0x66, 0xff, 0xfe), /no UTF-8/],
  ])("refuses %s and names the file", async (_, content, why) => {
    const path = await fileOf(content);
    expect(() => readSystemPrompt(path)).toThrow(why);
    expect(() => readSystemPrompt(path)).toThrow(path);
  });

  it.each([
    ["that is not there", () => join(folder, "nothing.txt"), /cannot be read.*ENOENT/],
    ["that is a folder", () => folder, /cannot be read.*EISDIR/],
  ])("refuses a file %s", (_, path, why) => {
    expect(() => readSystemPrompt(path())).toThrow(why);
  });
});
