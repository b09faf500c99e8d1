import { execFile } from "node:child_process";
import { access, chmod, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ROOT } from "./steps.ts";

/** A checkout with nothing in it, and a PATH with nothing but what Debian always has and these two. */
let checkout: string;

beforeEach(async () => {
  checkout = await mkdtemp(join(tmpdir(), "chat-vrd-setup-"));
  await mkdir(join(checkout, "scripts"));
  await mkdir(join(checkout, "bin"));
  await copyFile(join(ROOT, "scripts/setup.sh"), join(checkout, "scripts/setup.sh"));
  await writeFile(join(checkout, "package-lock.json"), "{}");
  for (const tool of ["dirname", "cmp", "cp", "grep", "rm", "uname", "mkdir", "chmod"]) {
    await symlink(
      (await run("/bin/sh", ["-c", `command -v ${tool}`])).output.trim(),
      join(checkout, "bin", tool),
    );
  }
  await program("id", "echo 1000");
  await program("node", "echo 20");
  await npmInstalls("24");
});

afterEach(() => rm(checkout, { recursive: true }));

async function program(name: string, script: string): Promise<void> {
  const file = join(checkout, "bin", name);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
}

/** What `npm ci` does: it makes a `node` of this major version, or none. */
function npmInstalls(major: string | undefined): Promise<void> {
  const node = `printf '#!/bin/sh\\necho ${major}\\n' > node_modules/.bin/node; chmod +x node_modules/.bin/node`;
  return program("npm", `echo "npm $*"; mkdir -p node_modules/.bin; ${major === undefined ? ":" : node}`);
}

function setup(args: string[] = [], env: Record<string, string> = {}) {
  return run("/bin/sh", [join(checkout, "scripts/setup.sh"), ...args], {
    PATH: join(checkout, "bin"),
    ...env,
  });
}

function run(command: string, args: string[], env?: Record<string, string>) {
  return new Promise<{ code: number; output: string }>((resolve) => {
    execFile(command, args, env ? { env } : {}, (error, stdout, stderr) => {
      resolve({
        code: typeof error?.code === "number" ? error.code : error ? 1 : 0,
        output: stdout + stderr,
      });
    });
  });
}

it("installs all kinds of packages, once", async () => {
  const first = await setup([], { NODE_ENV: "production" });
  expect(first.output).toMatch(/npm ci --include=dev --include=optional/);
  expect(first.code).toBe(0);
  expect(await setup()).toEqual({ code: 0, output: "" });
});

it("installs again when the lockfile has changed", async () => {
  await setup();
  await writeFile(join(checkout, "package-lock.json"), '{"changed": true}');
  expect((await setup()).output).toContain("npm ci");
});

it("fails as npm does, and asks it again the next time", async () => {
  await program("npm", "echo no network; exit 7");
  expect((await setup()).code).toBe(7);
  expect((await setup()).output).toContain("no network");
});

it("asks npm again when it has passed over the package with Node", async () => {
  await npmInstalls(undefined);
  const first = await setup();
  expect(first.code).toBe(1);
  expect(first.output).toContain("Node 24");
  await expect(access(join(checkout, "node_modules/.installed-lockfile"))).rejects.toThrow();
  expect((await setup()).output).toContain("npm ci");
});

it("says what to do about a missing Chromium, and takes CHROMIUM_PATH from the shell or .env", async () => {
  const missing = await setup(["browser"]);
  expect(missing.code).toBe(1);
  expect(missing.output).toMatch(/no Chromium found\. Install .* set CHROMIUM_PATH/);

  expect((await setup(["browser"], { CHROMIUM_PATH: "/opt/chrome" })).code).toBe(0);
  await writeFile(join(checkout, ".env"), "CHROMIUM_PATH=\n");
  expect((await setup(["browser"])).code).toBe(1);
  await writeFile(join(checkout, ".env"), "CHROMIUM_PATH=/opt/chrome\n");
  expect((await setup(["browser"])).code).toBe(0);
});

it("finds a Chromium by its usual names", async () => {
  await program("google-chrome", ":");
  expect((await setup(["browser"])).code).toBe(0);
});
