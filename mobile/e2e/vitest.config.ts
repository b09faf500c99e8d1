// biome-ignore lint/correctness/noUndeclaredDependencies: of the repository's root, as the running system's
import { defineConfig } from "vitest/config";

/** With the tools of the repository's root, which the running system needs anyway. */
export default defineConfig({
  root: import.meta.dirname,
  cacheDir: "../node_modules/.vite",
  test: {
    include: ["*.test.ts"],
    environment: "node",
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
