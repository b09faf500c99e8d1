import { packageScript } from "./steps.ts";

export interface WranglerDevOptions {
  port: number;
  /** Variables of the Worker, above those of any `.env`. */
  vars: Record<string, string>;
  /** Further arguments of `wrangler dev`. */
  more?: string[];
}

/** Node's arguments for the edge in workerd: on loopback, without keys to press, and with the Worker's own log lines. */
export function wranglerDev({ port, vars, more = [] }: WranglerDevOptions): string[] {
  return [
    packageScript("wrangler/bin/wrangler.js"),
    "dev",
    "--ip=127.0.0.1",
    `--port=${port}`,
    "--inspector-port=0",
    "--show-interactive-dev-session=false",
    // Anything quieter leaves out what the Worker logs.
    "--log-level=log",
    ...more,
    ...Object.entries(vars).map(([name, value]) => `--var=${name}:${value}`),
  ];
}
