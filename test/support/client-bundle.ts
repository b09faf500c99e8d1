/** The user's page, bundled with one or another release of the official client: unmodified code, as npm has it. */
import { readFile } from "node:fs/promises";
import { findPackageJSON } from "node:module";
import { dirname, join, resolve } from "node:path";
import { build, type Metafile } from "esbuild";
import { z } from "zod";
import { ROOT } from "../../scripts/steps.ts";

/** Releases of the transport that are in use; each comes with the client and the daily-js that npm gives it. */
export type TransportVersion = "1.4.1" | "1.5.0" | "1.6.0" | "1.6.9";
/** What a new app would install: the one of the root's dependencies. */
export const NEWEST_TRANSPORT: TransportVersion = "1.6.9";

/** Which releases are in a bundle. */
export interface ClientVersions {
  transport: string;
  client: string;
  daily: string;
}

export interface ClientBundle {
  script: string;
  versions: ClientVersions;
}

const TRANSPORT = "@pipecat-ai/daily-transport";
const CLIENT = "@pipecat-ai/client-js";
const DAILY = "@daily-co/daily-js";
const PACKAGE_OF_INPUT =
  /^(.*node_modules\/(@pipecat-ai\/(?:daily-transport|client-js)|@daily-co\/daily-js))\//;

const Package = z.looseObject({ version: z.string() });

/** @throws Error when a package is missing, or two releases of one got into the bundle */
export async function bundleClient(transport: TransportVersion = NEWEST_TRANSPORT): Promise<ClientBundle> {
  const home = transport === NEWEST_TRANSPORT ? ROOT : join(ROOT, `test/clients/transport-${transport}`);
  const transportFolder = folderOf(TRANSPORT, join(home, "package.json"));
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ["test/e2e/client.page.ts"],
    bundle: true,
    write: false,
    metafile: true,
    format: "iife",
    // Whoever imports them, our page or one of them another: an app has each once.
    alias: {
      [TRANSPORT]: transportFolder,
      [CLIENT]: folderOf(CLIENT, join(home, "package.json")),
      [DAILY]: folderOf(DAILY, join(transportFolder, "package.json")),
    },
  });
  return { script: outputFiles[0]?.text ?? "", versions: await versionsIn(metafile) };
}

/** The folder of a package as it is found from a package file that asks for it. */
function folderOf(name: string, from: string): string {
  const found = findPackageJSON(name, from);
  if (found === undefined) throw new Error(`${name} is not installed for ${from}`);
  return dirname(found);
}

async function versionsIn(metafile: Metafile): Promise<ClientVersions> {
  const folders = new Map<string, Set<string>>();
  for (const input of Object.keys(metafile.inputs)) {
    const [, folder, name] = PACKAGE_OF_INPUT.exec(input) ?? [];
    if (folder && name) folders.set(name, (folders.get(name) ?? new Set()).add(folder));
  }
  const versionOf = async (name: string) => {
    const [folder, ...more] = folders.get(name) ?? [];
    if (folder === undefined || more.length > 0) throw new Error(`The page has to have one ${name}`);
    return Package.parse(JSON.parse(await readFile(resolve(ROOT, folder, "package.json"), "utf8"))).version;
  };
  return {
    transport: await versionOf(TRANSPORT),
    client: await versionOf(CLIENT),
    daily: await versionOf(DAILY),
  };
}
