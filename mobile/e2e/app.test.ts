/** The app in a real Chromium, as the edge serves it, against the whole running system. */
// biome-ignore lint/correctness/noUndeclaredDependencies: of the repository's root, as the running system's
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFailed } from "vitest";
import { VisitorsBrowser } from "../../test/e2e/console-visitor.ts";
import { freePort, STACK_HOOK_TIMEOUT_MS, type Stack, startStack } from "../../test/support/stack.ts";
import { PHONE, PhoneUser } from "./phone-user.ts";

/** For what a healthy machine does in a fraction of a second. */
const SOON = { timeout: 15_000 };
/** For what has to be said first: the microphone's question comes round every 13 s. */
const SPOKEN = { timeout: 40_000, interval: 200 };
const LISTENING = /say something|Listening|is speaking/;

/** As long as this the microphone has to be listened to, to hear all of its question. */
const QUESTION_PERIOD_MS = 13_500;

let stack: Stack;
let browser: VisitorsBrowser;

beforeAll(async () => {
  stack = await startStack();
  browser = await VisitorsBrowser.launch();
}, STACK_HOOK_TIMEOUT_MS);

afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await stack?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  onTestFailed(() => void process.stderr.write(`${stack.transcript()}\n`));
});

async function opened(from = browser): Promise<PhoneUser & AsyncDisposable> {
  const visitor = await from.visitor(PHONE);
  const user = new PhoneUser(visitor);
  await visitor.open(`${stack.edge.url}/app`);
  await user.at("connect").waitFor();
  return Object.assign(user, { [Symbol.asyncDispose]: () => visitor[Symbol.asyncDispose]() });
}

async function call(user: PhoneUser): Promise<void> {
  await user.at("connect").click();
  await expect.poll(() => user.status(), SOON).toMatch(LISTENING);
}

/** Audio that the model of the newest session has received. */
async function heardMs(): Promise<number> {
  const response = await fetch(`${stack.gemini.url}/_emulator/sessions`);
  const sessions = (await response.json()) as { receivedAudioMs: number }[];
  return sessions.at(-1)?.receivedAudioMs ?? 0;
}

describe("before a call", () => {
  it("stands under the service's policy, and shows what the service says when it is tested", async () => {
    await using user = await opened();
    expect(await user.at("server").inputValue()).toBe(stack.edge.url);
    await user.picture("join");
    expect(await user.visitor.violations()).toEqual([]);
    await user.at("diagnostics").click();
    await user.at("test-connection").click();
    await expect.poll(() => user.at("test-result").innerText(), SOON).toContain("The server answers");
    await user.picture("diagnostics");
    expect(await user.visitor.violations()).toEqual([]);
    const sheet = user.visitor.page.getByRole("dialog", { name: "Diagnostics" });
    expect(await sheet.count()).toBe(1);
    await user.visitor.page.keyboard.press("Escape");
    await expect.poll(() => sheet.count(), SOON).toBe(0);
    expect(user.visitor.complaints).toEqual([]);
  });

  it("says that the server is away, and what to look at", async () => {
    await using user = await opened();
    await user.at("server").fill(`http://127.0.0.1:${await freePort()}`);
    await user.at("connect").click();
    await expect
      .poll(() => user.at("card-failed").innerText(), SOON)
      .toContain("The server cannot be reached");
    await user.picture("server-away");
    expect(await user.visitor.violations()).toEqual([]);
  });

  it("says that the token was not accepted, and connects without it", async () => {
    await using user = await opened();
    await user.at("token").fill("not-the-token");
    await user.at("connect").click();
    await expect
      .poll(() => user.at("card-failed").innerText(), SOON)
      .toContain("The access token was not accepted");
    await user.picture("wrong-token");
    expect(await user.visitor.violations()).toEqual([]);
    await user.at("token").fill("");
    await call(user);
    await user.at("hang-up").click();
    await user.at("done").waitFor();
  });

  it("says that the microphone was refused, and asks the service for nothing", async () => {
    await using refusing = await VisitorsBrowser.launch("refused");
    await using user = await opened(refusing);
    const started: string[] = [];
    user.visitor.page.on(
      "request",
      (request) => void (request.method() === "POST" && started.push(request.url())),
    );
    await user.at("connect").click();
    await expect
      .poll(() => user.at("card-failed").innerText(), SOON)
      .toMatch(/The microphone (was|is) (refused|blocked)/);
    expect(started).toEqual([]);
    await user.picture("microphone-refused");
    expect(await user.visitor.violations()).toEqual([]);
  });

  it("takes the server of a link only when the user agrees, and keeps no token in the address", async () => {
    const visitor = await browser.visitor(PHONE);
    await using _ = visitor;
    const user = new PhoneUser(visitor);
    await visitor.open(
      `${stack.edge.url}/app#url=${encodeURIComponent("https://voice.example.com")}&token=secret-token`,
    );
    await expect.poll(() => user.at("offer").innerText(), SOON).toContain("https://voice.example.com");
    expect(visitor.page.url()).not.toContain("secret-token");
    expect(await user.at("server").inputValue()).toBe(stack.edge.url);
    await user.picture("link");
    expect(await visitor.violations()).toEqual([]);
    await user.button("Use it").click();
    await expect.poll(() => user.at("server").inputValue(), SOON).toBe("https://voice.example.com");
  });

  it("asks for the language that was chosen, and keeps it", async () => {
    await using user = await opened();
    const { page } = user.visitor;
    await page.getByRole("radio", { name: /Deutsch/ }).click();
    await page.reload();
    await expect
      .poll(() => page.getByRole("radio", { name: /Deutsch/ }).getAttribute("aria-checked"), SOON)
      .toBe("true");
    const asked = page.waitForRequest("**/api/rtvi/start");
    await call(user);
    expect((await asked).postDataJSON()).toMatchObject({ user: { locale: "de-DE" } });
    await user.at("hang-up").click();
    await user.at("done").waitFor();
  });
});

describe("a call", () => {
  it("says what is said, is there again after a reload, and ends", async () => {
    await using user = await opened();
    const { page } = user.visitor;
    await user.at("connect").click();
    await expect.poll(() => user.status(), SOON).toMatch(LISTENING);
    await expect.poll(() => user.transcript(), SOON).toContain("Say something and I will repeat it");
    await user.picture("call");
    expect(await user.visitor.violations()).toEqual([]);
    await expect.poll(() => user.transcript(), SPOKEN).toMatch(/You\n/);
    await expect.poll(() => user.transcript(), SPOKEN).toMatch(/You\n[\s\S]*Assistant\n/);
    const said = /You\n(.*)/.exec(await user.transcript())?.[1] ?? "nothing";

    await page.reload();
    await expect.poll(() => user.at("card-resume").innerText(), SOON).toContain("still going on");
    await user.picture("resume");
    expect(await user.visitor.violations()).toEqual([]);
    await user.button("Resume").click();
    await expect.poll(() => user.status(), SOON).toMatch(LISTENING);
    expect(await user.transcript()).toContain(said);

    await user.at("mute").click();
    await expect.poll(() => user.status(), SPOKEN).toContain("muted");
    await user.picture("muted");
    await user.at("mute").click();
    await user.at("audio").click();
    await user.picture("audio");
    expect(await user.visitor.violations()).toEqual([]);
    await user.button("Close").click();

    await user.at("hang-up").click();
    await user.at("done").waitFor();
    await user.picture("ended");
    expect(await user.visitor.violations()).toEqual([]);
    expect(user.visitor.complaints).toEqual([]);
  });

  it("goes by the button when that is wanted, and a press interrupts the assistant", async () => {
    await using user = await opened();
    const { page } = user.visitor;
    await call(user);
    await expect.poll(() => user.transcript(), SOON).toContain("This is the");
    await user.at("push-to-talk").click();
    const talk = user.at("talk");
    await talk.hover();
    await page.mouse.down();
    await expect.poll(() => talk.getAttribute("aria-pressed"), SOON).toBe("true");
    // The greeting.
    await expect.poll(() => user.transcript(), SOON).toContain("interrupted");
    await user.picture("talking");
    expect(await user.visitor.violations()).toEqual([]);
    // What was said is known only when the button is let go.
    const before = await heardMs();
    await expect.poll(heardMs, SPOKEN).toBeGreaterThan(before + QUESTION_PERIOD_MS);
    await page.mouse.up();
    await expect.poll(() => talk.getAttribute("aria-pressed"), SOON).toBe("false");
    await expect.poll(() => user.transcript(), SPOKEN).toMatch(/You\n.+/);
    await expect.poll(() => user.status(), SPOKEN).toContain("is speaking");
    await user.picture("push-to-talk");
    expect(await user.visitor.violations()).toEqual([]);
    await user.at("hang-up").click();
    await user.at("done").waitFor();
  });

  it("goes on when the network was away", async () => {
    await using user = await opened();
    await call(user);
    await fetch(`${stack.daily.url}/_emulator/faults`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ fault: "dropSignalling", ms: 3_000 }),
    });
    await expect.poll(() => user.status(), { ...SOON, interval: 20 }).toContain("Reconnecting");
    await user.picture("reconnecting");
    await expect.poll(() => user.status(), SPOKEN).toMatch(LISTENING);
    await user.at("hang-up").click();
    await user.at("done").waitFor();
  });

  it("goes on with another assistant when the first is lost", { timeout: 90_000 }, async () => {
    await using user = await opened();
    await call(user);
    const { program } = stack.bot;
    program.kill();
    await program.exited;
    await expect.poll(() => user.status(), SPOKEN).toContain("coming back");
    await user.picture("recovering");
    expect(await user.visitor.violations()).toEqual([]);
    await stack.startAgain(stack.bot);
    await expect.poll(() => user.status(), SPOKEN).toMatch(LISTENING);
    // By the new one, which the microphone's question has reached.
    await expect.poll(() => user.transcript(), SPOKEN).toMatch(/You\n.+/);
    await user.at("hang-up").click();
    await user.at("done").waitFor();
  });
});
