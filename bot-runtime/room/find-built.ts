import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Where `scripts/build.ts` put a folder: `dist/<name>` above this file in a checkout, `<name>` beside the bundle
 * in the container.
 * @throws Error when there is none, which means that it was not built
 */
export function findBuilt(name: string): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    for (const candidate of [join(folder, "dist", name), join(folder, name)]) {
      if (existsSync(join(candidate, "index.html"))) return candidate;
    }
    if (dirname(folder) === folder) throw new Error(`"${name}" is not built: run "npm run build"`);
  }
}
