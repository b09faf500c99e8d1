/** Somebody who has the console open, in a Chromium with a microphone into which the same question is asked over and over. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { findChromium } from "../../bot-runtime/room/chromium-path.ts";
import type { StateWord } from "../../edge/console/words.ts";
import { readWav } from "../support/audio.ts";

/** Before the question, from the microphone's opening on: long enough for the assistant to have greeted. */
const LEAD_MS = 6_000;
/** After it, before everything begins anew: the pause by which the end of the question is known. */
const TAIL_MS = 2_000;
const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A Chromium that asks nobody, and always gives the same answer. */
export class VisitorsBrowser implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #folder: string;
  readonly #microphone: string[];

  private constructor(browser: Browser, folder: string, microphone: string[]) {
    this.#browser = browser;
    this.#folder = folder;
    this.#microphone = microphone;
  }

  /** @param microphone what the browser answers to whoever asks for it. */
  static async launch(microphone: "allowed" | "refused" = "allowed"): Promise<VisitorsBrowser> {
    const folder = await mkdtemp(join(tmpdir(), "chat-vrd-console-"));
    const speech = join(folder, "speech.wav");
    await writeFile(speech, await repeatedQuestion());
    const browser = await chromium.launch({
      executablePath: findChromium({ wanted: process.env.CHROMIUM_PATH }),
      args: [
        "--no-sandbox",
        // Without it a headless Chromium has nobody to ask, and no microphone for anyone.
        `--use-fake-ui-for-media-stream${microphone === "refused" ? "=deny" : ""}`,
        "--use-fake-device-for-media-stream",
        `--use-file-for-fake-audio-capture=${speech}`,
        "--allow-loopback-in-peer-connection",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
        "--disable-background-networking",
      ],
    });
    return new VisitorsBrowser(browser, folder, microphone === "allowed" ? ["microphone"] : []);
  }

  async visitor(options: VisitorOptions = {}): Promise<Visitor> {
    const { width = 1280, height = 900 } = options;
    const context = await this.#browser.newContext({
      permissions: [...this.#microphone, "clipboard-read", "clipboard-write"],
      viewport: { width, height },
      locale: "en-US",
      reducedMotion: "reduce",
    });
    return new Visitor(context, await context.newPage());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

export interface VisitorOptions {
  width?: number;
  height?: number;
}

export class Visitor implements AsyncDisposable {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the browser complained of: uncaught errors, refused by policy, not found. */
  readonly complaints: string[] = [];

  constructor(context: BrowserContext, page: Page) {
    this.context = context;
    this.page = page;
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") this.complaints.push(message.text());
    });
  }

  /** Opens the page, keeping every state, every message and everything that is read out, from the first. */
  async open(url: string): Promise<void> {
    await this.page.addInitScript(() => {
      const [states, problems, announced]: string[][] = [[], [], []];
      Object.assign(window, { seenStates: states, seenProblems: problems, announced });
      // The browser prints some of these and not others. Axe, which is none of the page's, tries to evaluate.
      document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => {
        if ("auditing" in window) return;
        queueMicrotask(() => {
          throw new Error(`The policy's ${effectiveDirective} was broken by ${blockedURI}`);
        });
      });
      const keep = (seen: string[] | undefined, text: string | null | undefined) => {
        if (seen && text && text !== seen.at(-1)) seen.push(text);
      };
      // As browsers tell screen readers: what is put into a region that is live, by its role or by its own word.
      const isLive = (element: Element | null | undefined) => {
        const region = element?.closest("[aria-live], [role=status], [role=alert], [role=log]");
        return region != null && region.getAttribute("aria-live") !== "off";
      };
      const look = (changes: MutationRecord[]) => {
        keep(states, document.getElementById("console")?.dataset.state);
        if (document.getElementById("problem")?.hidden === false) {
          keep(problems, document.getElementById("problem-title")?.textContent);
        }
        for (const { target, addedNodes } of changes) {
          if (!isLive(target instanceof Element ? target : target.parentElement)) continue;
          for (const node of addedNodes) keep(announced, node.textContent);
        }
      };
      new MutationObserver(look).observe(document, {
        ...{ subtree: true, childList: true, attributes: true },
        attributeFilter: ["data-state", "hidden"],
      });
    });
    await this.page.goto(url);
  }

  async stateIs(word: StateWord, timeout = 15_000): Promise<void> {
    await this.page.waitForSelector(`#console[data-state="${word}"]`, { timeout });
  }

  seenStates(): Promise<string[]> {
    return this.page.evaluate("seenStates");
  }

  /** Titles of the messages that have been shown. */
  seenProblems(): Promise<string[]> {
    return this.page.evaluate("seenProblems");
  }

  /** What a screen reader was told without having asked. */
  announced(): Promise<string[]> {
    return this.page.evaluate("announced");
  }

  focused(): Promise<string> {
    return this.page.evaluate("document.activeElement.id || document.activeElement.tagName");
  }

  async connect(): Promise<void> {
    await this.stateIs("idle");
    await this.page.click("#connect");
  }

  /** From Connect to a call in which one can speak. */
  async call(): Promise<void> {
    await this.connect();
    await this.page.waitForFunction(
      () =>
        ["ready", "listening", "speaking"].includes(document.getElementById("console")?.dataset.state ?? ""),
      undefined,
      { timeout: 20_000 },
    );
  }

  text(selector: string): Promise<string> {
    return this.page.innerText(selector);
  }

  /** Serious and critical violations, in light and in dark. */
  async violations(): Promise<string[]> {
    const found: string[] = [];
    await this.page.evaluate("window.auditing = true");
    for (const colorScheme of ["light", "dark"] as const) {
      await this.page.emulateMedia({ colorScheme });
      // By the debugger, which no policy of the page hinders.
      await this.page.evaluate(AXE);
      const serious = await this.page.evaluate<string[]>(`axe.run(document, { resultTypes: ["violations"] })
        .then(({ violations }) => violations
          .filter(({ impact }) => impact === "serious" || impact === "critical")
          .map(({ id, nodes }) => id + ": " + nodes.map(({ html, failureSummary }) => html + " " + failureSummary).join("; ")))`);
      found.push(...serious.map((violation) => `${colorScheme} ${violation}`));
    }
    await this.page.emulateMedia({ colorScheme: null });
    await this.page.evaluate("delete window.auditing");
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.close();
  }
}

/** The recorded question between two silences, as the only kind of file that Chromium's fake microphone plays: 16 bit. */
async function repeatedQuestion(): Promise<Uint8Array> {
  const file = await readFile(join(import.meta.dirname, "recordings/question.wav"));
  const { sampleRate, samples } = readWav(file);
  const samplesOf = (ms: number) => Math.round((sampleRate * ms) / 1000);
  const [lead, tail] = [samplesOf(LEAD_MS), samplesOf(TAIL_MS)];
  const bytes = (lead + samples.length + tail) * 2;
  const view = new DataView(new ArrayBuffer(44 + bytes));
  const name = (at: number, text: string) => {
    for (let index = 0; index < text.length; index++) view.setUint8(at + index, text.charCodeAt(index));
  };
  name(0, "RIFF");
  view.setUint32(4, 36 + bytes, true);
  name(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  name(36, "data");
  view.setUint32(40, bytes, true);
  for (const [index, sample] of samples.entries()) {
    view.setInt16(44 + (lead + index) * 2, Math.max(-1, Math.min(1, sample)) * 32_767, true);
  }
  return new Uint8Array(view.buffer);
}
