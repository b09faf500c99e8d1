import { BenchBrowser } from "../page/bench-browser.ts";
import type { BenchPage } from "../page/bench-page.ts";
import { loopOf, speechSpurts, type Tape } from "./speech.ts";
import type { TalkApi } from "./talk.page.ts";
import { type JoinOrder, type Received, sumReceived } from "./talk.ts";

export interface TalkersOptions {
  callMachineUrl: string;
  /** Calls that share a page. */
  callsPerPage: number;
  /** For Chromium, beside those that the bot's Chromium gets. */
  flags?: string[];
}

interface TalkPage {
  remote: BenchPage<TalkApi, never>;
  calls: Set<number>;
}

/** A call of theirs. */
export interface TalkersCall {
  leave(): Promise<void>;
}

/**
 * Speakers in rooms, by daily-js alone, in a Chromium of their own that is started and driven as the bot's is. They
 * are users, and the least that a bot could be.
 */
export class Talkers implements AsyncDisposable {
  readonly #options: TalkersOptions;
  readonly #browser: BenchBrowser;
  readonly #speech: Tape;
  readonly #pages: TalkPage[] = [];
  #placing: Promise<void> = Promise.resolve();
  #lastId = 0;

  static async open(options: TalkersOptions): Promise<Talkers> {
    const { callMachineUrl, flags = [] } = options;
    const speech = loopOf(await speechSpurts());
    const browser = await BenchBrowser.open({
      entry: "bench/common/talkers/talk.page.ts",
      callMachineUrl,
      flags,
    });
    return new Talkers({ options, browser, speech });
  }

  private constructor(made: { options: TalkersOptions; browser: BenchBrowser; speech: Tape }) {
    this.#options = made.options;
    this.#browser = made.browser;
    this.#speech = made.speech;
  }

  get pid(): number {
    return this.#browser.pid;
  }

  /** Joins a room and speaks there; resolves when somebody else's track is there. @throws Error when that cannot be */
  async join(order: Pick<JoinOrder, "url" | "token" | "phaseMs" | "asClient">): Promise<TalkersCall> {
    const id = ++this.#lastId;
    const page = await this.#place(id);
    const leave = async () => {
      await page.remote.call("leave", id);
      page.calls.delete(id);
      await this.#closeSurplus(page);
    };
    try {
      await page.remote.call("join", { ...order, id, callMachineUrl: this.#options.callMachineUrl });
    } catch (thrown) {
      await leave();
      throw thrown;
    }
    return { leave };
  }

  /** What all that are in a call have received so far. */
  async received(): Promise<Received> {
    const pages = this.#pages.filter(({ calls }) => calls.size > 0);
    return sumReceived(await Promise.all(pages.map(({ remote }) => remote.call("received"))));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser[Symbol.asyncDispose]();
  }

  /** One after the other, or two would both find that there is no room and open a page each. */
  #place(id: number): Promise<TalkPage> {
    const placed = this.#placing.then(async () => {
      const free = this.#pages.find(({ calls }) => calls.size < this.#options.callsPerPage);
      const page = free ?? (await this.#openPage());
      page.calls.add(id);
      return page;
    });
    this.#placing = placed.then(
      () => undefined,
      () => undefined,
    );
    return placed;
  }

  async #openPage(): Promise<TalkPage> {
    const remote = await this.#browser.newPage<TalkApi, never>();
    const { samples, sampleRate } = this.#speech;
    await remote.call("load", Buffer.from(samples.buffer).toString("base64"), sampleRate);
    const page: TalkPage = { remote, calls: new Set() };
    this.#pages.push(page);
    return page;
  }

  /** As the bot does: one page stays, others go when nobody is in them any more. */
  async #closeSurplus(page: TalkPage): Promise<void> {
    const index = this.#pages.indexOf(page);
    if (page.calls.size > 0 || this.#pages.length === 1 || index === -1) return;
    this.#pages.splice(index, 1);
    await page.remote[Symbol.asyncDispose]();
  }
}
