/** Builds the image without Docker and without a registry: buildah, and bases made on this machine. */
import { cp, mkdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { ROOT } from "../../../scripts/steps.ts";
import { type Command, mustRun, say } from "./steps.ts";

const DEBIAN = "docker.io/library/debian:bookworm-slim";
const NODE = "docker.io/library/node:24-bookworm-slim";
const IMAGE = "localhost/chat-vrd-bot:campaign";
const SUITE = "bookworm";
const MIRROR = "http://deb.debian.org/debian";
const SECURITY_MIRROR = "http://deb.debian.org/debian-security";
/** Where Debian keeps the certificates that this machine trusts: npm in the build has to trust the same. */
const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";
/** Measured: half a minute, and two minutes. They download 60 MB, and 400 MB. */
const DEBOOTSTRAP_MAX_MS = 5 * 60_000;
const BUILD_MAX_MS = 10 * 60_000;
/** All else works on files of this machine. */
const LOCAL_MAX_MS = 2 * 60_000;

/** What of `buildah inspect` matters. */
const Inspected = z.object({
  Docker: z.object({
    config: z.object({
      User: z.string(),
      Env: z.array(z.string()),
      Entrypoint: z.array(z.string()),
      WorkingDir: z.string(),
      ExposedPorts: z.record(z.string(), z.unknown()),
      StopSignal: z.string(),
      Healthcheck: z.object({ Test: z.tuple([z.literal("CMD")], z.string()) }),
    }),
  }),
});
export type ImageConfig = z.output<typeof Inspected>["Docker"]["config"];

export interface BuiltImage {
  config: ImageConfig;
  /** The image's files, unpacked. */
  rootfs: string;
}

export interface ImageOptions {
  /** Takes the storage, some gigabytes. */
  folder: string;
  signal: AbortSignal;
}

export class Images {
  readonly #folder: string;
  readonly #signal: AbortSignal;

  constructor({ folder, signal }: ImageOptions) {
    this.#folder = folder;
    this.#signal = signal;
  }

  /** @throws Error with what was printed when a step fails */
  async build(): Promise<BuiltImage> {
    await this.#makeBases();
    say("Building the image (npm ci and apt-get: about two minutes)");
    await this.#buildah(
      [
        "build",
        "--isolation=chroot",
        "--pull-never",
        "--format=docker",
        "--layers=false",
        `--tag=${IMAGE}`,
        ".",
      ],
      BUILD_MAX_MS,
    );
    const inspected = Inspected.parse(JSON.parse(await this.#buildah(["inspect", "--type=image", IMAGE])));
    const container = (await this.#buildah(["from", "--pull-never", IMAGE])).trim();
    const rootfs = (await this.#buildah(["mount", container])).trim();
    return { config: inspected.Docker.config, rootfs };
  }

  /** Under the names that the Dockerfile uses, what the registry would have; a bit larger than it. */
  async #makeBases(): Promise<void> {
    await assertOnlyBases([DEBIAN, NODE]);
    say(`Making a stand-in of ${DEBIAN} (debootstrap: about half a minute)`);
    const debian = join(this.#folder, "debian");
    await this.#run({
      command: "debootstrap",
      args: ["--variant=minbase", SUITE, debian, MIRROR],
      timeoutMs: DEBOOTSTRAP_MAX_MS,
    });
    for (const path of [
      "var/cache/apt",
      "var/lib/apt/lists",
      ...["doc", "man", "info", "locale"].map(inShare),
    ]) {
      await rm(join(debian, path), { recursive: true, force: true });
    }
    await writeFile(
      join(debian, "etc/apt/sources.list"),
      [
        `deb ${MIRROR} ${SUITE} main`,
        `deb ${MIRROR} ${SUITE}-updates main`,
        `deb ${SECURITY_MIRROR} ${SUITE}-security main`,
        "",
      ].join("\n"),
    );

    say(`Making a stand-in of ${NODE} (it, this Node ${process.version}, and npm)`);
    const node = join(this.#folder, "node");
    const npm = await findNpm();
    await mkdir(join(node, "usr/local/bin"), { recursive: true });
    await cp(process.execPath, join(node, "usr/local/bin/node"));
    await cp(npm, join(node, "usr/local/lib/node_modules/npm"), { recursive: true });
    await writeFile(
      join(node, "usr/local/bin/npm"),
      '#!/bin/sh\nexec node /usr/local/lib/node_modules/npm/bin/npm-cli.js "$@"\n',
      { mode: 0o755 },
    );
    await mkdir(join(node, dirname(CERTIFICATES)), { recursive: true });
    await cp(CERTIFICATES, join(node, CERTIFICATES), { dereference: true });
    await mkdir(join(node, "usr/local/etc"), { recursive: true });
    await writeFile(join(node, "usr/local/etc/npmrc"), `cafile=${CERTIFICATES}\n`);

    const container = (await this.#buildah(["from", "scratch"])).trim();
    await this.#buildah([
      "config",
      "--env=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      container,
    ]);
    await this.#buildah(["copy", "--quiet", container, debian, "/"]);
    await this.#buildah(["commit", "--quiet", container, DEBIAN]);
    await this.#buildah(["copy", "--quiet", container, node, "/"]);
    await this.#buildah(["commit", "--quiet", container, NODE]);
    await this.#buildah(["rm", container]);
    await rm(debian, { recursive: true });
    await rm(node, { recursive: true });
  }

  #buildah(args: string[], timeoutMs = LOCAL_MAX_MS): Promise<string> {
    const storage = [
      `--root=${join(this.#folder, "storage")}`,
      `--runroot=${join(this.#folder, "run")}`,
      "--storage-driver=vfs",
    ];
    return this.#run({ command: "buildah", args: [...storage, ...args], timeoutMs });
  }

  #run(command: Omit<Command, "signal">): Promise<string> {
    return mustRun({ ...command, signal: this.#signal });
  }
}

function inShare(name: string): string {
  return join("usr/share", name);
}

/** A base without a stand-in would be looked for at a registry. */
async function assertOnlyBases(known: string[]): Promise<void> {
  const text = await readFile(join(ROOT, "Dockerfile"), "utf8");
  const used = [...text.matchAll(/^FROM (\S+)/gm)].map(([, name]) => `docker.io/library/${name}`);
  const strange = used.filter((name) => !known.includes(name));
  if (used.length === 0 || strange.length > 0) {
    throw new Error(
      `The Dockerfile's bases are ${used.join(", ")}; there are stand-ins of ${known.join(", ")}.`,
    );
  }
}

/** The folder of the npm that runs this, or of the one in the PATH. */
async function findNpm(): Promise<string> {
  const folders = (process.env.PATH ?? "").split(":").map((folder) => join(folder, "npm"));
  for (const candidate of [process.env.npm_execpath, ...folders]) {
    const script = candidate && (await realpath(candidate).catch(() => undefined));
    if (script?.endsWith("/bin/npm-cli.js")) return dirname(dirname(script));
  }
  throw new Error("No npm was found that could be put into the stand-in of the Node image.");
}
