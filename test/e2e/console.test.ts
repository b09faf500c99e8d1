/**
 * The console in a real Chromium against the whole stack, through every state that it has. What the page says is
 * what is asserted: it is made for people.
 */
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from "vitest";
import { STACK_HOOK_TIMEOUT_MS, type Stack, startStack } from "../support/stack.ts";
import { type Visitor, VisitorsBrowser } from "./console-visitor.ts";

/** For what a healthy machine does in a fraction of a second. */
const SOON = { timeout: 10_000 };
/** For what has to be said first: the microphone's question comes round every 13 s. */
const SPOKEN = { timeout: 30_000, interval: 200 };
/** Short enough for everyone to be let in again, and to be seen all the same. */
const SIGNALLING_CUT_MS = 1_000;
const PERSONA = "A lighthouse keeper who never hurries.";

let stack: Stack;
let browser: VisitorsBrowser;

beforeAll(async () => {
  // One after the other: when the second fails, the first has an owner that closes it.
  stack = await startStack();
  browser = await VisitorsBrowser.launch();
}, STACK_HOOK_TIMEOUT_MS);

afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await stack?.[Symbol.asyncDispose]();
});

describe("before a call", () => {
  it("is loading until the service has answered, says when it does not, and tries again", async () => {
    await using visitor = await visit({ open: false });
    const { page } = visitor;
    const away = Promise.withResolvers<void>();
    await page.route("**/client-config", async (route) => {
      await away.promise;
      await route.abort();
    });
    await visitor.open(stack.edge.url);
    await visitor.stateIs("loading");
    expect(await page.isEnabled("#connect")).toBe(false);
    expect(await visitor.violations()).toEqual([]);

    away.resolve();
    await visitor.stateIs("unavailable");
    expect(await visitor.text("[role=alert]")).toMatch(/cannot be reached[\s\S]*try again/);
    expect(await visitor.violations()).toEqual([]);

    await page.unroute("**/client-config");
    await page.click("#retry");
    await visitor.stateIs("idle");
    expect(await visitor.violations()).toEqual([]);
    expect(await visitor.text("#emulation")).toContain("repeats what you say");
    // The one that the test itself made.
    expect(visitor.complaints.filter((text) => !text.includes("ERR_FAILED"))).toEqual([]);
  });

  it("says what to do when the microphone is refused, and asks the service for nothing", async () => {
    await using refusing = await VisitorsBrowser.launch("refused");
    await using visitor = await refusing.visitor();
    await visitor.open(stack.edge.url);
    const started: string[] = [];
    visitor.page.on(
      "request",
      (request) => void (request.method() === "POST" && started.push(request.url())),
    );
    await visitor.connect();
    await visitor.stateIs("ended");
    expect(await visitor.text("[role=alert]")).toMatch(/microphone was refused[\s\S]*Allow/);
    expect(await visitor.page.isHidden("#session")).toBe(true);
    expect(started).toEqual([]);
    expect(await visitor.violations()).toEqual([]);
  });

  it("can be used with the keyboard alone, in the order in which it is read", async () => {
    await using visitor = await visit();
    await visitor.stateIs("idle");
    const reached: string[] = [];
    for (let presses = 0; presses < 10; presses++) {
      await visitor.page.keyboard.press("Tab");
      reached.push(await visitor.focused());
    }
    expect(reached).toEqual([
      ...["connect", "language", "microphone", "persona", "push-mode"],
      ...["transcript", "SUMMARY", "BODY", "connect", "language"],
    ]);
    await visitor.page.focus("#push-mode");
    await visitor.page.keyboard.press("Space");
    expect(await visitor.page.isChecked("#push-mode")).toBe(true);
  });

  it.each([320, 390, 820])("does not scroll sideways at %i px", async (width) => {
    await using visitor = await visit({ width });
    await visitor.stateIs("idle");
    await visitor.page.click("#log summary");
    const [content, visible] = await visitor.page.evaluate<[number, number]>(
      "[document.documentElement.scrollWidth, innerWidth]",
    );
    expect(content).toBe(visible);
  });
});

describe("a call", () => {
  let visitor: Visitor;

  beforeAll(async () => {
    visitor = await visit();
  });

  afterAll(async () => {
    await visitor?.[Symbol.asyncDispose]();
  });

  it("starts by the keyboard, through each state, with the persona that was typed in", async () => {
    onTestFailed(explain);
    const { page } = visitor;
    await visitor.stateIs("idle");
    await page.fill("#persona", PERSONA);
    const begun = Promise.withResolvers<void>();
    await page.route("**/api/rtvi/start", async (route) => {
      await begun.promise;
      await route.continue();
    });
    await page.focus("#connect");
    await page.keyboard.press("Enter");
    await visitor.stateIs("starting");
    expect(await page.evaluate("document.activeElement.id")).toBe("hangup");
    expect(await visitor.violations()).toEqual([]);
    begun.resolve();

    await visitor.stateIs("speaking");
    expect(await visitor.text("#assistant-speaking")).toBe("speaking");
    expect(await visitor.violations()).toEqual([]);
    await visitor.stateIs("listening");
    expect(await visitor.violations()).toEqual([]);
    const seen = await visitor.seenStates();
    expect(seen.slice(0, 7)).toEqual([
      ...["loading", "idle", "starting", "connecting", "ready", "speaking", "listening"],
    ]);
    expect(await visitor.text("#transcript")).toContain("Say something and I will repeat it");
    expect(JSON.stringify(await lastSetup())).toContain(PERSONA);
  });

  it("shows the session's timeline, in a picture and in numbers", async () => {
    onTestFailed(explain);
    const { page } = visitor;
    const label = () => page.getAttribute("#timeline svg", "aria-label");
    await expect.poll(label, SOON).toContain("First audio sent");
    for (const step of [
      ...["Connect pressed", "Microphone open", "Accepted", "Room created", "Bot dispatched", "Bot joined"],
      ...["Session received", "In the room", "Caller joined", "Caller ready", "Assistant ready"],
      "Assistant heard",
    ]) {
      expect(await label()).toContain(step);
    }
    await page.click("#timeline summary");
    await expect.poll(() => page.locator("#timeline tbody tr").count(), SOON).toBeGreaterThanOrEqual(13);
  });

  it("shows how long the answer took, once there is one", async () => {
    onTestFailed(explain);
    await expect.poll(() => visitor.page.locator("#latency svg .bar").count(), SPOKEN).toBeGreaterThan(0);
    expect(await visitor.text("#latency")).toMatch(/Median \d/);
    expect(await visitor.page.getAttribute("#latency svg", "aria-label")).toMatch(/median \d/);
  });

  it("has announced each step, and none of what is heard anyway", async () => {
    const announced = await visitor.announced();
    expect(announced).toEqual(expect.arrayContaining(["Starting a session…", "Connected: say something"]));
    expect(announced.join()).not.toMatch(/offline demo|You said|Listening|is speaking/);
  });

  it("keeps the session's id on one line on a small phone", async () => {
    const { page } = visitor;
    await page.setViewportSize({ width: 320, height: 640 });
    expect(await page.evaluate("document.getElementById('session-id').getClientRects().length")).toBe(1);
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  it("lists the microphones, changes to another one during the call, and back", async () => {
    onTestFailed(explain);
    const options = visitor.page.locator("#microphone option");
    await expect.poll(() => options.count(), SOON).toBeGreaterThan(2);
    const wanted = (await options.last().textContent()) ?? "";
    await visitor.page.selectOption("#microphone", { label: wanted });
    await openLog(visitor);
    await visitor.page.selectOption("#log-kind", "device");
    const lastEntry = () => visitor.page.locator("#log-entries li").last().innerText();
    await expect.poll(lastEntry, SOON).toContain(wanted);
    await visitor.page.selectOption("#microphone", { value: "" });
    await expect.poll(lastEntry, SOON).toContain((await options.nth(1).textContent()) ?? "nothing");
  });

  it("mutes with push to talk, and opens while the space bar is held", async () => {
    onTestFailed(explain);
    const { page } = visitor;
    const isOn = () =>
      page.evaluate<boolean>("!document.getElementById('user-speaking').textContent.includes('muted')");
    const level = () => page.evaluate<number>("document.getElementById('mic-level').value");
    // With the mouse, which would leave the focus on the switch, and the space bar to switch it.
    await page.click(".switch");
    expect(await isOn()).toBe(false);
    await expect.poll(level, SOON).toBe(0);
    await page.keyboard.down("Space");
    await expect.poll(isOn, SOON).toBe(true);
    // The question comes round within 13 s: what is held that long is heard.
    await expect.poll(level, SPOKEN).toBeGreaterThan(0.1);
    await page.keyboard.up("Space");
    await expect.poll(isOn, SOON).toBe(false);
    expect(await page.isChecked("#push-mode")).toBe(true);

    // By a screen reader, which presses without a pointer.
    await page.evaluate("document.getElementById('talk').click()");
    await expect.poll(isOn, SOON).toBe(true);
    expect(await page.getAttribute("#talk", "aria-pressed")).toBe("true");
    await page.evaluate("document.getElementById('talk').click()");
    await expect.poll(isOn, SOON).toBe(false);
    expect(await visitor.violations()).toEqual([]);
    await page.uncheck("#push-mode");
    expect(await isOn()).toBe(true);
  });

  it("filters the log and copies what is shown, without any token", async () => {
    onTestFailed(explain);
    const { page } = visitor;
    await openLog(visitor);
    await page.selectOption("#log-kind", "");
    await page.fill("#log-text", "bot-ready");
    await expect.poll(() => page.locator("#log-entries li").count(), SOON).toBe(1);
    await page.fill("#log-text", "");
    await page.click("#log-copy");
    await expect.poll(() => visitor.text("#log-said"), SOON).toContain("Copied");
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    const lines = copied.split("\n").map((line) => JSON.parse(line));
    expect(lines.map(({ name }) => name)).toContain("bot-output");
    expect(copied).not.toContain("eyJ");
    expect(await visitor.violations()).toEqual([]);
  });

  // What says that it is back goes with the next word, which may come at once: so each is looked for among all.
  it("says when the device is offline, and when it is back", async () => {
    onTestFailed(explain);
    await visitor.context.setOffline(true);
    await expect.poll(() => visitor.text("#problem"), SOON).toContain("This device is offline");
    expect(await visitor.violations()).toEqual([]);
    await visitor.context.setOffline(false);
    await expect
      .poll(() => visitor.seenProblems(), SOON)
      .toEqual(["This device is offline", "The network is back"]);
  });

  it("says when Daily's signalling is cut, and when it is back, and the call goes on", async () => {
    onTestFailed(explain);
    const turns = () => visitor.page.locator("#latency svg .bar").count();
    const before = { problems: await visitor.seenProblems(), turns: await turns() };
    await post(`${stack.daily.url}/_emulator/faults`, { fault: "dropSignalling", ms: SIGNALLING_CUT_MS });
    await expect
      .poll(async () => (await visitor.seenProblems()).slice(before.problems.length), SOON)
      .toEqual(["The network is unsteady", "The network is back"]);
    await expect.poll(turns, SPOKEN).toBeGreaterThan(before.turns);
    expect(await visitor.page.isVisible("#problem")).toBe(false);
  });

  it("ends by the keyboard, and says what became of the session", async () => {
    onTestFailed(explain);
    const { page } = visitor;
    await page.focus("#hangup");
    await page.keyboard.press("Enter");
    await visitor.stateIs("ended");
    expect(await page.evaluate("document.activeElement.id")).toBe("connect");
    await expect.poll(() => visitor.text("#outcome"), SOON).toContain("completed");
    expect(await page.isVisible("#problem")).toBe(false);
    expect(await page.getAttribute("#timeline svg", "aria-label")).toContain("Session ended");
    expect(await visitor.violations()).toEqual([]);
    // But those that the tests themselves made.
    expect(
      visitor.complaints.filter((text) => !/ERR_INTERNET_DISCONNECTED|\/signalling' failed/.test(text)),
    ).toEqual([]);
  });
});

describe("the other ends of a call", () => {
  it("asks for a click when the browser holds back the sound", async () => {
    onTestFailed(explain);
    await using visitor = await visit({ open: false });
    // Chromium lets a page that has the microphone play anything, so its refusal is put in its place.
    await visitor.page.addInitScript(() => {
      const play = HTMLMediaElement.prototype.play;
      let allowed = false;
      addEventListener(
        "pointerup",
        ({ target }) => {
          allowed ||= target instanceof HTMLHeadingElement;
        },
        true,
      );
      HTMLMediaElement.prototype.play = function () {
        return allowed ? play.call(this) : Promise.reject(new DOMException("", "NotAllowedError"));
      };
    });
    await visitor.open(stack.edge.url);
    await visitor.call();
    await expect.poll(() => visitor.text("#problem"), SOON).toContain("Click anywhere");
    await visitor.page.click("h1");
    await expect.poll(() => visitor.page.isVisible("#problem"), SOON).toBe(false);
  });

  it("gives the space bar to push to talk, and to no button that has the focus when the call begins or ends", async () => {
    onTestFailed(explain);
    await using visitor = await visit();
    const { page } = visitor;
    await visitor.stateIs("idle");
    await page.click(".switch");
    await page.click("#connect");
    await page.waitForSelector("#talk:not([hidden])", { timeout: 20_000 });
    expect(await visitor.focused()).toBe("talk");
    await page.keyboard.down("Space");
    await expect.poll(() => page.getAttribute("#talk", "aria-pressed"), SOON).toBe("true");
    await post(`${stack.edge.url}/api/rtvi/${await visitor.text("#session-id")}/stop`);
    await visitor.stateIs("ended");
    expect(await visitor.focused()).toBe("connect");
    // A held key repeats, and its release would press the button: a call that nobody asked for.
    await page.keyboard.down("Space");
    await page.keyboard.up("Space");
    expect((await visitor.seenStates()).at(-1)).toBe("ended");
  });

  it("is ended by the assistant, and says that it was stopped elsewhere", async () => {
    onTestFailed(explain);
    await using visitor = await visit();
    await visitor.call();
    const id = await visitor.text("#session-id");
    await post(`${stack.edge.url}/api/rtvi/${id}/stop`);
    await visitor.stateIs("ended");
    await expect.poll(() => visitor.text("#problem"), SOON).toContain("The session was stopped elsewhere");
    // Nothing to be alarmed about.
    expect(await visitor.page.getAttribute("#problem", "role")).toBe("status");
    await expect.poll(() => visitor.text("#outcome"), SOON).toContain("stopped");
    expect(await visitor.violations()).toEqual([]);
  });

  it("says that the call was lost when Daily is gone", async () => {
    onTestFailed(explain);
    await using visitor = await visit();
    await visitor.call();
    await post(`${stack.daily.url}/_emulator/reset`);
    await visitor.stateIs("ended");
    await expect.poll(() => visitor.text("[role=alert]"), SOON).toContain("Daily failed");
    expect(await visitor.violations()).toEqual([]);
  });

  it("says that the assistant was lost, and then that no bot host is left", { timeout: 60_000 }, async () => {
    onTestFailed(explain);
    await using visitor = await visit();
    const { program } = stack.bot;
    const { pid } = program;
    if (pid === undefined) throw new Error("the bot runtime has no pid");
    // Frozen as soon as it has taken the call, and killed before it can say that it is ready.
    await visitor.page.route("**/api/rtvi/start", async (route) => {
      const response = await route.fetch();
      process.kill(pid, "SIGSTOP");
      await route.fulfill({ response });
    });
    await visitor.connect();
    await visitor.stateIs("connecting");
    expect(await visitor.violations()).toEqual([]);
    program.kill();
    await program.exited;
    await visitor.stateIs("ended", 30_000);
    await expect
      .poll(() => visitor.text("[role=alert]"), SPOKEN)
      .toMatch(/^The assistant was lost\s+The bot runtime stopped or was cut off/);
    expect(await visitor.text("#outcome")).toContain("bot_lost");
    await visitor.page.unroute("**/api/rtvi/start");

    await visitor.page.click("#connect");
    await visitor.page.waitForFunction(
      () => document.getElementById("problem")?.textContent?.includes("bot host"),
      undefined,
      { timeout: 20_000 },
    );
    await visitor.stateIs("ended");
    expect(await visitor.violations()).toEqual([]);
  });
});

async function visit(options: { open?: boolean; width?: number } = {}): Promise<Visitor> {
  const { open = true, ...rest } = options;
  const visitor = await browser.visitor(rest);
  if (open) await visitor.open(stack.edge.url);
  return visitor;
}

async function openLog({ page }: Visitor): Promise<void> {
  if (!(await page.evaluate<boolean>("document.getElementById('log').open")))
    await page.click("#log summary");
}

async function lastSetup(): Promise<unknown> {
  return (await getJson(`${stack.gemini.url}/_emulator/sessions`)).at(-1)?.lastSetup;
}

function explain(): void {
  process.stderr.write(`${stack.transcript()}\n`);
}

// biome-ignore lint/suspicious/noExplicitAny: answers of the programs under test, looked at field by field
async function getJson(url: string): Promise<any> {
  return (await fetch(url)).json();
}

async function post(url: string, body?: object): Promise<void> {
  const { ok, status } = await fetch(url, {
    method: "POST",
    ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  expect(ok, `POST ${url}: ${status}`).toBe(true);
}
