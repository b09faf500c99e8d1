import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Metafile } from "esbuild";

const PACKAGE_FOLDER = /^((?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+)\//;
const LICENSE_FILE = /^(licen[cs]e|copying|notice)/i;
/** Where there is no such file: the last chapter of a README, its heading in either style of Markdown. */
const LICENSE_CHAPTER = /^(?:#+ *licen[cs]e *|licen[cs]e *\n-+)\n[\s\S]*/im;

/**
 * The licence texts of all packages that got into a bundle: whoever hands the bundle on has to hand them on too.
 * @param root what the inputs of the metafile are relative to
 * @throws Error when a package has none
 * @returns one section for each package and version, in order of their names
 */
export async function bundledLicenses(metafile: Metafile, root: string): Promise<string> {
  const used = Object.values(metafile.outputs)
    .flatMap(({ inputs }) => Object.entries(inputs))
    .flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [PACKAGE_FOLDER.exec(path)?.[1]] : []))
    .filter((folder) => folder !== undefined);
  const sections = await Promise.all([...new Set(used)].map((folder) => section(join(root, folder))));
  return [...new Set(sections)].sort().join("\n");
}

async function section(folder: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Record<
    string,
    unknown
  >;
  const title = `${manifest.name} ${manifest.version} (${manifest.license})`;
  const texts = await licenseTexts(folder);
  if (texts.length === 0) throw new Error(`${title} is bundled, and nothing in ${folder} says its licence`);
  return [title, "=".repeat(title.length), ...texts.map((text) => text.trim()), ""].join("\n");
}

async function licenseTexts(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).sort();
  const read = (name: string) => readFile(join(folder, name), "utf8");
  const files = names.filter((name) => LICENSE_FILE.test(name));
  if (files.length > 0) return Promise.all(files.map(read));
  const readme = names.find((name) => /^readme/i.test(name));
  const chapter = readme && LICENSE_CHAPTER.exec(await read(readme))?.[0];
  return chapter ? [chapter] : [];
}
