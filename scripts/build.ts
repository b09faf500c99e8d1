/**
 * Bundles what does not run as TypeScript: the bot's page, the Daily emulator's call machine, the console, and
 * (for the container) the bot runtime. `node scripts/build.ts [part…]` builds the named parts, all by default.
 */
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { bundledLicenses } from "./bundled-licenses.ts";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");

/** The oldest browsers that the console and the call machine run in. The bot's page runs in our own Chromium. */
const BROWSERS = ["chrome110", "safari16.4", "firefox115"];

const shared: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  sourcemap: true,
  legalComments: "linked",
  logLevel: "warning",
};

const parts = { callMachine, botPage, console: consolePage, edge, bot } as const;
type Part = keyof typeof parts;

/** daily-js loads this file by name and evaluates it: it has to be a plain script. */
async function callMachine(): Promise<void> {
  await build({
    ...shared,
    entryPoints: { "call-machine-object-bundle": "emulators/daily/call-machine/index.ts" },
    outdir: join(dist, "call-machine"),
    format: "iife",
    target: BROWSERS,
  });
}

async function botPage(): Promise<void> {
  const outdir = join(dist, "bot-page");
  const { metafile } = await build({
    ...shared,
    metafile: true,
    entryPoints: {
      page: "bot-runtime/room/page/page.ts",
      "audio.worklet": "bot-runtime/room/page/audio.worklet.ts",
      "socket.webworker": "bot-runtime/room/page/socket.webworker.ts",
    },
    outdir,
    format: "iife",
    target: "chrome130",
  });
  await writeFile(join(outdir, "LICENSES.txt"), await bundledLicenses(metafile, root));
  await cp(join(root, "bot-runtime/room/page/index.html"), join(outdir, "index.html"));
}

/** zod brings its messages in fifty languages, of which no bundler drops one: a third of the page. We say our own. */
const zodInEnglish: Plugin = {
  name: "zod-in-english",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, ({ path }) => ({
      contents: 'export { default as en } from "./en.js";',
      resolveDir: dirname(path),
    }));
  },
};

/** The client, with all of daily-js, is a file of its own, which the page asks for once it stands. */
async function consolePage(): Promise<void> {
  const outdir = join(dist, "console");
  await build({
    ...shared,
    entryPoints: { console: "edge/console/console.ts" },
    outdir,
    format: "esm",
    splitting: true,
    chunkNames: "[name]",
    plugins: [zodInEnglish],
    target: BROWSERS,
  });
  await build({ ...shared, entryPoints: ["edge/console/console.css"], outdir, target: BROWSERS });
  for (const file of ["index.html", "icon.svg"])
    await cp(join(root, "edge/console", file), join(outdir, file));
}

/**
 * What the Worker needs beside its own source: the console, and the word whether this build is for development.
 * Wrangler sets WRANGLER_COMMAND for its custom build, so that plain `wrangler dev` needs no setting while
 * anything deployed is production unless told otherwise. Other builds, and `wrangler types`, leave the word alone:
 * they may run beside a `wrangler dev`.
 */
async function edge(): Promise<void> {
  const file = join(root, "edge/generated/built-for.ts");
  const written = await readFile(file, "utf8").catch(() => undefined);
  const command = process.env.WRANGLER_COMMAND;
  const text = `export const builtFor: "dev" | "deploy" = "${command === "dev" ? "dev" : "deploy"}";\n`;
  // Wrangler watches this folder and builds again at every change of it: written each time, it would never end.
  const decides = command !== undefined && command !== "types";
  if (written === undefined || (decides && written !== text)) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  await consolePage();
}

/**
 * One file for the container, with all packages in it, so that the image holds no node_modules (40 MB, 1,700 files).
 * Until it has read its settings it takes 160 ms, with the packages outside 190 ms, as TypeScript 330 ms. Not
 * minified: that saves 10 ms, and a stack trace would quote a line of a megabyte.
 */
async function bot(): Promise<void> {
  const outdir = join(dist, "bot-runtime");
  const { metafile } = await build({
    ...shared,
    entryPoints: { main: "bot-runtime/main.ts", "silero-thread": "bot-runtime/vad/silero-thread.ts" },
    outdir,
    platform: "node",
    target: "node24",
    format: "esm",
    minify: false,
    sourcemap: false,
    metafile: true,
    plugins: [onnxRuntimeBeside],
    external: [
      // Native helpers of `ws`, not installed. It asks for them, and does without.
      "bufferutil",
      "utf-8-validate",
      "*.node",
      // Where it is not installed, the thread fails to import it and takes WebAssembly.
      ...(hasNativeRuntime() ? [] : ["onnxruntime-node"]),
    ],
    // Packages written as CommonJS `require` what Node brings along; a module has no such function by itself.
    banner: {
      js: [
        'import { createRequire as requireFor } from "node:module";',
        "const require = requireFor(import.meta.url);",
      ].join("\n"),
    },
    // A module also where there is no package.json beside it to say so.
    outExtension: { ".js": ".mjs" },
  });
  await writeFile(join(outdir, "LICENSES.txt"), await bundledLicenses(metafile, root));
  await copySpeechModel(outdir);
}

/** The native library of this platform. The package has those of all, 300 MB. */
const NATIVE_RUNTIME = join(
  root,
  "node_modules/onnxruntime-node/bin/napi-v6",
  process.platform,
  process.arch,
);

function hasNativeRuntime(): boolean {
  return existsSync(NATIVE_RUNTIME);
}

/** The package looks for its library by a path within itself; in the image it lies beside the bundle. */
const onnxRuntimeBeside: Plugin = {
  name: "onnxruntime-beside",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]onnxruntime-node[\\/]dist[\\/]binding\.js$/ }, async ({ path }) => {
      const original = await readFile(path, "utf8");
      const contents = original.replace(
        /require\(`[^`]*onnxruntime_binding\.node`\)/,
        'require("./onnxruntime_binding.node")',
      );
      if (contents === original) throw new Error(`${path} does not load its library as it used to`);
      return { contents };
    });
  },
};

/** What the model's thread loads beside its own code: see `bot-runtime/vad/silero-files.ts`. */
async function copySpeechModel(outdir: string): Promise<void> {
  const native = hasNativeRuntime()
    ? (await readdir(NATIVE_RUNTIME)).map((name) => join(NATIVE_RUNTIME, name))
    : [];
  const files = [
    join(root, "node_modules/@ricky0123/vad-web/dist/silero_vad_v6.onnx"),
    join(root, "node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.mjs"),
    join(root, "node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm"),
    join(root, "bot-runtime/vad/LICENSES-speech-model.txt"),
    ...native,
  ];
  await Promise.all(files.map((file) => cp(file, join(outdir, basename(file)))));
}

function isPart(name: string): name is Part {
  return Object.hasOwn(parts, name);
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !isPart(name));
if (unknown.length > 0) {
  process.stderr.write(`Unknown part: ${unknown.join(", ")}. Parts: ${Object.keys(parts).join(", ")}\n`);
  process.exit(1);
}
const wanted = asked.length > 0 ? asked.filter(isPart) : (["callMachine", "botPage", "edge", "bot"] as const);
await Promise.all(wanted.map((part) => parts[part]()));
