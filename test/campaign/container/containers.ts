import { z } from "zod";
import { freePort } from "../../support/stack.ts";
import { Container, type ContainerOptions } from "./container.ts";
import type { BuiltImage } from "./images.ts";
import { say } from "./steps.ts";
import { settled } from "./waiting.ts";

/** A start, with its browser. Measured: half a second. */
export const START_MAX_MS = 30_000;
/** What the program promises to whoever stops it, and a second for the runtime around it. */
export const END_MAX_MS = 4_000;
/** In production it refuses emulators. On this machine's own network it should listen on loopback only. */
export const DEVELOPMENT = { APP_ENV: "development", HOST: "127.0.0.1" };

const Health = z.looseObject({ status: z.string(), active: z.number() });

export interface ContainersOptions {
  image: BuiltImage;
  /** Takes the containers' configuration and state. */
  folder: string;
  signal: AbortSignal;
}

type Settings = Pick<ContainerOptions, "settings" | "userNamespaces">;

/** Starts containers of the image. Whoever gets one closes it. */
export class Containers {
  readonly #options: ContainersOptions;

  constructor(options: ContainersOptions) {
    this.#options = options;
  }

  get signal(): AbortSignal {
    return this.#options.signal;
  }

  start(name: string, options: Settings & Pick<ContainerOptions, "onLine">): Promise<Container> {
    return Container.start({ ...this.#options, ...options, id: `chat-vrd-${name}-${process.pid}` });
  }

  /** In development, on a free port; resolves once it listens. @throws Error with what it printed when it does not */
  async startListening(name: string, options: Settings): Promise<{ container: Container; url: string }> {
    const port = await freePort();
    const listening = Promise.withResolvers<void>();
    const startedAt = performance.now();
    const container = await this.start(name, {
      ...options,
      settings: { ...DEVELOPMENT, PORT: String(port), ...options.settings },
      onLine: (line) => {
        if (line.includes('"server.listening"')) listening.resolve();
      },
    });
    const ended = container.program.exited.then((how) => {
      throw new Error(`It ended (${how}):\n${container.lines.join("\n")}`);
    });
    try {
      const first = Promise.race([listening.promise, ended]);
      await settled("it listened", first, { timeoutMs: START_MAX_MS, signal: this.signal });
    } catch (thrown) {
      await container[Symbol.asyncDispose]();
      throw thrown;
    }
    say(`  ok: it listens ${Math.round(performance.now() - startedAt)} ms after its start`);
    return { container, url: `http://127.0.0.1:${port}` };
  }

  /** What a bot runtime says of itself. */
  async health(url: string): Promise<z.output<typeof Health>> {
    return Health.parse(await (await fetch(`${url}/health`, { signal: this.signal })).json());
  }
}
