import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";

const PAGE = join(import.meta.dirname, "..", "page");

/** For tests: the page's files with calls that hear themselves in place of Daily's. `remove` deletes them. */
export async function buildLoopbackAssets(): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "chat-vrd-loopback-"));
  await build({
    entryPoints: {
      page: join(PAGE, "loopback.page.ts"),
      "audio.worklet": join(PAGE, "audio.worklet.ts"),
      "socket.webworker": join(PAGE, "socket.webworker.ts"),
    },
    outdir: folder,
    bundle: true,
    format: "iife",
    target: "chrome130",
  });
  await cp(join(PAGE, "index.html"), join(folder, "index.html"));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
