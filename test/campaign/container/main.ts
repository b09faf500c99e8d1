/**
 * `npm run campaign container`: builds the image of the Dockerfile and takes calls in it, as root on Debian and
 * without Docker. What is real: the Dockerfile, every file in the image, its user, its entrypoint, and a runtime
 * that locks it in as Docker does. What is not: the base images, made here by debootstrap under their names.
 * Emulators, edge and the user's browser run beside it, so its calls are made with APP_ENV=development.
 * It does the same every time: what the other campaigns are told (`--seed`, `--calls`) changes nothing here.
 */
import { checkCalls } from "./call-checks.ts";
import { Containers } from "./containers.ts";
import { checkImage } from "./image-checks.ts";
import { Images } from "./images.ts";
import { checkRefusals, checkSandbox } from "./start-checks.ts";
import { say } from "./steps.ts";
import { makeFolder, provideTools, removeFolder } from "./tools.ts";

/** For everything. Measured: four minutes. */
const TOTAL_MAX_MS = 20 * 60_000;

const interrupted = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => interrupted.abort(new Error(`Interrupted by ${name}`)));
}

try {
  await run(AbortSignal.any([interrupted.signal, AbortSignal.timeout(TOTAL_MAX_MS)]));
  say("container: passed");
} catch (thrown) {
  process.stderr.write(`container: FAILED: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
  process.exitCode = 1;
}

async function run(signal: AbortSignal): Promise<void> {
  await provideTools(signal);
  const folder = await makeFolder();
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => removeFolder(folder));

  const image = await new Images({ folder, signal }).build();
  await checkImage(image, signal);
  const containers = new Containers({ image, folder, signal });
  await checkRefusals(containers);
  await checkCalls(containers);
  await checkSandbox(containers);
}
