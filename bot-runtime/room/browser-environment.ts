/**
 * What the browser's process gets of our environment: what a program needs to run, to reach the network and to be
 * preloaded with a library. Not the rest, which holds keys: pages run code of others, as root without a sandbox.
 */
const PASSED_ON = [
  "PATH",
  "HOME",
  "LANG",
  "LC_ALL",
  "TZ",
  "LD_LIBRARY_PATH",
  "LD_PRELOAD",
  "FONTCONFIG_FILE",
  "FONTCONFIG_PATH",
  "CHROME_DEVEL_SANDBOX",
  ...["http_proxy", "https_proxy", "all_proxy", "no_proxy"].flatMap((name) => [name, name.toUpperCase()]),
];

/** @param folder where its temporary files go, so that they are removed with it */
export function browserEnvironment(own: NodeJS.ProcessEnv, folder: string): NodeJS.ProcessEnv {
  const passed = PASSED_ON.flatMap((name) => (own[name] === undefined ? [] : [[name, own[name]] as const]));
  return { ...Object.fromEntries(passed), TMPDIR: folder };
}
