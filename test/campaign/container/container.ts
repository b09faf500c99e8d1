/** A container as plain Docker runs one with `--read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges`. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Program } from "../../../scripts/process-group.ts";
import { ROOT } from "../../../scripts/steps.ts";
import type { BuiltImage } from "./images.ts";
import { runToEnd } from "./steps.ts";

/** Lines kept of what the container printed. */
const MAX_LINES = 500;
const EXEC_MAX_MS = 20_000;
/** `clone`'s flag for a user namespace, from linux/sched.h. */
const CLONE_NEWUSER = 0x10000000;
const EPERM = 1;
const ENOSYS = 38;

export interface ContainerOptions {
  image: BuiltImage;
  /** Unique on this machine. */
  id: string;
  /** Takes its configuration and its state. */
  folder: string;
  /** Above those of the image. */
  settings: Record<string, string>;
  /** As under Docker they cannot be made, as under Podman they can. */
  userNamespaces: "refused" | "allowed";
  signal: AbortSignal;
  onLine?: (line: string) => void;
}

/** A running container, in the network of this machine. */
export class Container implements AsyncDisposable {
  readonly program: Program;
  /** The newest lines that it printed. */
  readonly lines: string[] = [];
  readonly #options: ContainerOptions;

  static async start(options: ContainerOptions): Promise<Container> {
    const bundle = join(options.folder, options.id);
    await mkdir(bundle, { recursive: true });
    await writeFile(join(bundle, "config.json"), JSON.stringify(runtimeConfig(options), null, 2));
    options.signal.throwIfAborted();
    return new Container(options, bundle);
  }

  private constructor(options: ContainerOptions, bundle: string) {
    this.#options = options;
    this.program = new Program({
      name: "container",
      command: "runc",
      args: [...this.#state, "run", "--bundle", bundle, options.id],
      cwd: ROOT,
      env: process.env,
      onLine: (line) => {
        this.lines.push(line);
        if (this.lines.length > MAX_LINES) this.lines.shift();
        options.onLine?.(line);
      },
    });
  }

  /** Of the runtime that runs it, which passes signals on; the container's processes are below it. */
  get pid(): number {
    const { pid } = this.program;
    if (pid === undefined) throw new Error("runc did not start");
    return pid;
  }

  /** Runs a program in it, as its user. @returns the exit code */
  async exec(command: readonly string[]): Promise<number | string> {
    const { how } = await runToEnd({
      command: "runc",
      args: [...this.#state, "exec", this.#options.id, ...command],
      timeoutMs: EXEC_MAX_MS,
      signal: this.#options.signal,
    });
    return how;
  }

  /** As Docker would ask the image. @returns the exit code */
  checkHealth(): Promise<number | string> {
    const [, ...command] = this.#options.image.config.Healthcheck.Test;
    return this.exec(command);
  }

  /** Ends it with all its processes, whatever state it is in. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.program.stop();
    await runToEnd({
      command: "runc",
      args: [...this.#state, "delete", "--force", this.#options.id],
      timeoutMs: EXEC_MAX_MS,
      // Also, and above all, after an abort.
      signal: new AbortController().signal,
    });
  }

  get #state(): string[] {
    return ["--root", join(this.#options.folder, "runc")];
  }
}

/** By the OCI runtime specification 1.0: https://github.com/opencontainers/runtime-spec/blob/main/config.md */
function runtimeConfig({ image, id, settings, userNamespaces }: ContainerOptions): object {
  const { config, rootfs } = image;
  const [uid, gid] = config.User.split(":").map(Number);
  const tmpfs = (destination: string, ...options: string[]) => ({
    destination,
    type: "tmpfs",
    source: "tmpfs",
    options: ["nosuid", "nodev", "noexec", ...options],
  });
  const file = (path: string) => ({ destination: path, type: "bind", source: path, options: ["bind", "ro"] });
  return {
    ociVersion: "1.0.2",
    process: {
      user: { uid, gid },
      args: config.Entrypoint,
      env: [...config.Env, ...Object.entries(settings).map(([name, value]) => `${name}=${value}`)],
      cwd: config.WorkingDir,
      noNewPrivileges: true,
      // None at all.
      capabilities: { bounding: [], effective: [], inheritable: [], permitted: [], ambient: [] },
    },
    root: { path: rootfs, readonly: true },
    hostname: id,
    mounts: [
      { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
      { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755", "size=64k"] },
      {
        destination: "/dev/pts",
        type: "devpts",
        source: "devpts",
        options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"],
      },
      tmpfs("/dev/shm", "mode=1777", "size=64m"),
      { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
      tmpfs("/tmp", "mode=1777", "size=256m"),
      file("/etc/hosts"),
      file("/etc/resolv.conf"),
    ],
    linux: {
      namespaces: ["pid", "ipc", "uts", "mount"].map((type) => ({ type })),
      maskedPaths: ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/sys/firmware"],
      readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
      seccomp: seccompFilter(userNamespaces),
    },
  };
}

/**
 * What Docker's filter refuses to a process without capabilities, as far as it matters to a browser, and without
 * the three calls that Chromium's sandbox needs where it shall have them. `clone3` does not exist, since no filter
 * can see its flags (https://github.com/moby/profiles/blob/main/seccomp/default.json).
 */
function seccompFilter(userNamespaces: ContainerOptions["userNamespaces"]): object {
  const refuse = (names: string[], errnoRet = EPERM, more: object = {}) => ({
    names,
    action: "SCMP_ACT_ERRNO",
    errnoRet,
    ...more,
  });
  const newUser = { index: 0, value: CLONE_NEWUSER, valueTwo: CLONE_NEWUSER, op: "SCMP_CMP_MASKED_EQ" };
  return {
    defaultAction: "SCMP_ACT_ALLOW",
    syscalls: [
      refuse(["mount", "umount2", "pivot_root", "setns", "bpf", "perf_event_open"]),
      refuse(["clone3"], ENOSYS),
      ...(userNamespaces === "refused"
        ? [refuse(["unshare", "chroot"]), refuse(["clone"], EPERM, { args: [newUser] })]
        : []),
    ],
  };
}
