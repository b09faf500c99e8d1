import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, type Metafile } from "esbuild";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bundledLicenses } from "./bundled-licenses.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "chat-vrd-licenses-"));
});
afterEach(() => rm(root, { recursive: true }));

/** Writes a package into the folder. */
async function install(name: string, files: Record<string, string>): Promise<void> {
  const folder = join(root, "node_modules", name);
  await mkdir(folder, { recursive: true });
  const manifest = JSON.stringify({
    name,
    version: "1.2.3",
    license: "MIT",
    sideEffects: false,
    main: "index.js",
  });
  for (const [file, text] of Object.entries({ "package.json": manifest, ...files })) {
    await writeFile(join(folder, file), text);
  }
}

async function bundle(source: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    stdin: { contents: source, resolveDir: root },
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    logLevel: "silent",
  });
  return metafile;
}

describe("bundledLicenses", () => {
  it("has the text of every package in the bundle, by name, and of no other", async () => {
    await install("@scope/zebra", { "index.js": "export const z = 1;", LICENSE: "Zebra's terms\n" });
    await install("ape", {
      "index.js": "export const a = 1;",
      "license.md": "Ape's terms",
      NOTICE: "By apes",
    });
    await install("unused", { "index.js": "export const u = 1;", LICENSE: "Unused terms" });
    const metafile = await bundle(
      'import { z } from "@scope/zebra"; import { a } from "ape"; import { u } from "unused"; console.log(z, a);',
    );
    expect(await bundledLicenses(metafile, root)).toBe(
      [
        "@scope/zebra 1.2.3 (MIT)\n========================\nZebra's terms\n",
        "ape 1.2.3 (MIT)\n===============\nBy apes\nApe's terms\n",
      ].join("\n"),
    );
  });

  it("takes the README's chapter where there is no file of its own", async () => {
    await install("ape", {
      "index.js": "export const a = 1;",
      "README.md": "# Ape\n\nSwings.\n\nLicense\n-------\n\nApe's terms",
    });
    const text = await bundledLicenses(await bundle('import { a } from "ape"; console.log(a);'), root);
    expect(text).toContain("Ape's terms");
    expect(text).not.toContain("Swings");
  });

  it("refuses a package without a licence text", async () => {
    await install("ape", { "index.js": "export const a = 1;", "README.md": "# Ape\n\nSwings." });
    const metafile = await bundle('import { a } from "ape"; console.log(a);');
    await expect(bundledLicenses(metafile, root)).rejects.toThrow(
      /^ape 1\.2\.3 \(MIT\) is bundled, and nothing in/,
    );
  });
});
