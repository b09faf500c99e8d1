import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * The built folder of this name: `dist/<name>` in a checkout, `<name>` beside a bundle; undefined if not built.
 * A folder with an `index.ts` is the source of that name and not what was built from it.
 */
export function findBuilt(name: string, from: string = import.meta.dirname): string | undefined {
  for (const candidate of [join(from, "dist", name), join(from, name)]) {
    if (existsSync(candidate) && !existsSync(join(candidate, "index.ts"))) return candidate;
  }
  const parent = dirname(from);
  return parent === from ? undefined : findBuilt(name, parent);
}
