import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findBuilt } from "./find-built.ts";

async function tree(...files: string[]): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "find-built-"));
  onTestFinished(() => rm(root, { recursive: true }));
  for (const file of files) {
    await mkdir(join(root, file, ".."), { recursive: true });
    await writeFile(join(root, file), "");
  }
  return root;
}

test("in a checkout it is below dist, and the source of the same name is passed over", async () => {
  const root = await tree("dist/machine/bundle.js", "emulators/daily/machine/index.ts");
  expect(findBuilt("machine", join(root, "emulators/daily"))).toBe(join(root, "dist/machine"));
});

test("beside a bundle it is the folder of that name", async () => {
  const root = await tree("app/machine/bundle.js");
  expect(findBuilt("machine", join(root, "app"))).toBe(join(root, "app/machine"));
});

test("what is not built is not found", async () => {
  const root = await tree("emulators/daily/machine-of-nobody/index.ts");
  expect(findBuilt("machine-of-nobody", join(root, "emulators/daily"))).toBe(undefined);
});
