/** With which settings, and where, it starts. */
import { type Containers, DEVELOPMENT, END_MAX_MS, START_MAX_MS } from "./containers.ts";
import { family, userNamespace } from "./family.ts";
import { check, runToEnd, say } from "./steps.ts";
import { becomes, SOON_MS, settled } from "./waiting.ts";

/** Anybody who is not root. */
const SOME_USER = "10001";

/** That it ends with a sentence where it cannot do what it should. */
export async function checkRefusals(containers: Containers): Promise<void> {
  say("In production, which is the default, without keys");
  await endsSaying(/^GOOGLE_API_KEY is missing: .*EDGE_JWKS is missing: /, {
    containers,
    name: "unset",
    settings: {},
    timeoutMs: END_MAX_MS,
  });
  say("With Chromium's sandbox, where no user namespaces can be made");
  await endsSaying(/"server\.start_failed".*No usable sandbox/, {
    containers,
    name: "impossible",
    settings: { ...DEVELOPMENT, PORT: "0", CHROMIUM_SANDBOX: "on" },
    timeoutMs: START_MAX_MS,
  });
}

/** That Chromium's own sandbox works where the system lets it. */
export async function checkSandbox(containers: Containers): Promise<void> {
  say("With Chromium's sandbox, where user namespaces can be made (as under Podman)");
  if (!(await usersMayMakeNamespaces(containers.signal))) {
    say("  left out: this machine's kernel refuses them to users");
    return;
  }
  const started = await containers.startListening("sandbox", {
    settings: { CHROMIUM_SANDBOX: "on" },
    userNamespaces: "allowed",
  });
  await using container = started.container;
  check((await containers.health(started.url)).status === "ok", "it is healthy");
  const own = await userNamespace(container.pid);
  const namespaces = await Promise.all((await family(container.pid)).map(({ pid }) => userNamespace(pid)));
  const isLockedIn = namespaces.some((one) => one !== undefined && one !== own);
  check(isLockedIn, "its pages are in a user namespace of their own");
}

interface Refusal {
  containers: Containers;
  name: string;
  settings: Record<string, string>;
  timeoutMs: number;
}

async function endsSaying(words: RegExp, refusal: Refusal): Promise<void> {
  const { containers, name, settings, timeoutMs } = refusal;
  const { signal } = containers;
  await using container = await containers.start(name, { settings, userNamespaces: "refused" });
  const how = await settled("it ended", container.program.exited, { timeoutMs, signal });
  check(how === 1, "it ends with code 1");
  // Its last words may arrive after the news of its end.
  check(
    await becomes(() => container.lines.some((line) => words.test(line)), { signal }),
    `it says ${words}`,
  );
}

async function usersMayMakeNamespaces(signal: AbortSignal): Promise<boolean> {
  const { how } = await runToEnd({
    command: "setpriv",
    args: [`--reuid=${SOME_USER}`, `--regid=${SOME_USER}`, "--clear-groups", "unshare", "--user", "true"],
    timeoutMs: SOON_MS,
    signal,
  });
  return how === 0;
}
