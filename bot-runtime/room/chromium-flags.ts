export interface FlagOptions {
  userDataDir: string;
  /**
   * Whether pages are locked in by Chromium itself. It cannot do so as root, nor where the system lets no user make
   * a namespace, which is the case in plain Docker: it then refuses to start with its sandbox.
   */
  sandbox: boolean;
  /** Where Daily is emulated: the URL of its call machine. The browser then reaches nothing but this host and loopback. */
  callMachineUrl: string | undefined;
}

/** What Chromium is started with. */
export function chromiumFlags({ userDataDir, sandbox, callMachineUrl }: FlagOptions): string[] {
  return [
    "--headless",
    "--remote-debugging-pipe",
    `--user-data-dir=${userDataDir}`,
    ...(sandbox ? [] : ["--no-sandbox"]),
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-dev-shm-usage",
    "--password-store=basic",
    "--use-mock-keychain",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-audio-output",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-features=WebRtcHideLocalIpsWithMdns,Translate,MediaRouter,OptimizationHints",
    `--host-resolver-rules=${resolverRules(callMachineUrl)}`,
    // Without this there is no route between two browsers on a machine that has only a loopback interface.
    ...(callMachineUrl === undefined ? [] : ["--allow-loopback-in-peer-connection"]),
  ];
}

/** daily-js reports its fatal errors to sentry.io, from here with a meeting's details: never. */
function resolverRules(callMachineUrl: string | undefined): string {
  if (callMachineUrl === undefined) return "MAP *.sentry.io ~NOTFOUND";
  const hosts = new Set(["127.0.0.1", "localhost", new URL(callMachineUrl).hostname]);
  return ["MAP * ~NOTFOUND", ...[...hosts].map((host) => `EXCLUDE ${host}`)].join(", ");
}
