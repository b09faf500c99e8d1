/** Calls through the whole product, with the bot runtime in a container. */
import { z } from "zod";
import { envelope } from "../../support/audio.ts";
import { type Stack, startStack } from "../../support/stack.ts";
import { User } from "../../support/user.ts";
import type { Container } from "./container.ts";
import { type Containers, END_MAX_MS } from "./containers.ts";
import { family } from "./family.ts";
import { check, say } from "./steps.ts";
import { becomes, settled } from "./waiting.ts";

/** For the greeting, which has to be said. */
const SPOKEN_MS = 30_000;
/** For the speech model to be loaded, which is begun with the program. */
const MODEL_MAX_MS = 30_000;
/** Loudness (RMS, full scale is 1) above which something was heard. */
const AUDIBLE = 0.02;

const SessionView = z.looseObject({ state: z.string() });
const DailyState = z.looseObject({
  rooms: z.array(z.looseObject({ participants: z.array(z.looseObject({ user_id: z.string() })) })),
});

interface Scene {
  containers: Containers;
  container: Container;
  stack: Stack;
  user: User;
}

export async function checkCalls(containers: Containers): Promise<void> {
  say("Taking calls, as in plain Docker: read-only but for /tmp, no capabilities, no new privileges");
  await using owned = new AsyncDisposableStack();
  let container: Container | undefined;
  const stack = owned.use(
    await startStack({
      startBot: async (settings) => {
        const started = await containers.startListening("calls", { settings, userNamespaces: "refused" });
        container = owned.use(started.container);
        return { program: container.program, url: started.url, lines: container.lines };
      },
    }),
  );
  if (container === undefined) throw new Error("The stack started no bot runtime");
  try {
    const scene = { containers, container, stack, user: owned.use(await User.open()) };
    await hearsWithTheModel(scene);
    await servesACall(scene);
    await outlivesItsBrowser(scene);
    await endsWithinACall(scene);
  } catch (thrown) {
    process.stderr.write(`${stack.transcript()}\n`);
    throw thrown;
  }
}

/** Without the native library the model would cost three times as much, and nobody would notice but for this line. */
async function hearsWithTheModel({ containers: { signal }, container }: Scene): Promise<void> {
  const isReady = () => container.lines.some((line) => /"event":"vad\.ready".*"runtime":"native"/.test(line));
  check(
    await becomes(isReady, { timeoutMs: MODEL_MAX_MS, signal }),
    "the speech model runs in its native library",
  );
}

async function servesACall({ containers, stack, user }: Scene): Promise<void> {
  const { signal } = containers;
  await connect(stack, { user, signal });
  const isGreeted = async () => (await user.eventNames()).includes("botStoppedSpeaking");
  const greeted = await becomes(isGreeted, { timeoutMs: SPOKEN_MS, signal });
  check(greeted, "the user is connected, and greeted to the end");
  check(Math.max(...envelope(await user.heard())) > AUDIBLE, "the user has heard it");

  const sessionId = await user.sessionId();
  await user.hangUp();
  // Whoever only hangs up is waited for, since they may come back.
  const stopped = await fetch(`${stack.edge.url}/api/rtvi/${sessionId}/stop`, { method: "POST", signal });
  check(SessionView.parse(await stopped.json()).state === "completed", "the session is completed");
  const isIdle = async () => (await containers.health(stack.bot.url)).active === 0;
  check(await becomes(isIdle, { signal }), "no call is left in the container");
}

async function outlivesItsBrowser({ containers, container, stack }: Scene): Promise<void> {
  const { signal } = containers;
  check((await container.checkHealth()) === 0, "its HEALTHCHECK is content");
  const before = await family(container.pid);
  // The first that has several children: tini has Node, and Node has the browser, which has all the others.
  const browser = before.find(({ pid }) => before.filter(({ parent }) => parent === pid).length > 1);
  if (browser === undefined) throw new Error("There is no browser in the container");

  process.kill(browser.pid, "SIGKILL");
  const isGone = async () => (await family(container.pid)).every(({ pid }) => pid !== browser.pid);
  check(await becomes(isGone, { signal }), "its browser can be killed");
  const isBack = async () => (await containers.health(stack.bot.url)).status === "ok";
  check(await becomes(isBack, { signal }), "it gets another one");
  const isClean = async () => (await family(container.pid)).every(({ zombie }) => !zombie);
  check(await becomes(isClean, { signal }), "no zombie is left of the first one");
}

async function endsWithinACall({ containers, container, stack, user }: Scene): Promise<void> {
  const { signal } = containers;
  await connect(stack, { user, signal });
  const startedAt = performance.now();
  process.kill(container.pid, "SIGTERM");
  const how = await settled("it ended", container.program.exited, { timeoutMs: END_MAX_MS, signal });
  const afterMs = Math.round(performance.now() - startedAt);
  check(how === 0, `SIGTERM within a call ends it with code 0, after ${afterMs} ms`);
  const isEmpty = async () => {
    const state = await (await fetch(`${stack.daily.url}/_emulator/state`, { signal })).json();
    const participants = DailyState.parse(state).rooms.flatMap((room) => room.participants);
    return participants.every(({ user_id }) => !user_id.startsWith("bot-"));
  };
  check(await becomes(isEmpty, { signal }), "its bot has left the room");
}

async function connect(stack: Stack, { user, signal }: { user: User; signal: AbortSignal }): Promise<void> {
  const connected = user.connect(`${stack.edge.url}/api/rtvi/start`, `${stack.daily.url}/call-machine`);
  await settled("the user was connected", connected, { signal });
}
