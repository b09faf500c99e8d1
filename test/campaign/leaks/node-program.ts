import { readdir, readlink } from "node:fs/promises";
import { z } from "zod";
import { CdpSocket } from "../../support/cdp-socket.ts";
import type { StackProgram } from "../../support/stack.ts";
import { nodeHeapBytes } from "./heap.ts";
import type { Counts } from "./verdict.ts";

const Resources = z.array(z.string());

/** A Node program of the stack, looked into through its inspector. */
export class NodeProgram implements Disposable {
  readonly #pid: number;
  readonly #inspector: CdpSocket;

  /** @throws Error when the stack was started without `inspect` */
  static async of({ program, inspectorUrl }: StackProgram): Promise<NodeProgram> {
    if (inspectorUrl === undefined || program.pid === undefined) {
      throw new Error(`The ${program.name} cannot be looked into`);
    }
    return new NodeProgram(program.pid, await CdpSocket.open(inspectorUrl));
  }

  private constructor(pid: number, inspector: CdpSocket) {
    this.#pid = pid;
    this.#inspector = inspector;
  }

  heapBytes(): Promise<number> {
    return nodeHeapBytes(this.#inspector);
  }

  /** Timers, sockets and the like that keep its event loop busy, by Node's names; and open files, by kind. */
  async counts(): Promise<Counts> {
    const { result } = await this.#inspector.send("Runtime.evaluate", {
      expression: "process.getActiveResourcesInfo()",
      returnByValue: true,
    });
    return countOf([...Resources.parse(result.value), ...(await this.#openFiles())]);
  }

  /** Of each open file what it is: `fd socket`, `fd pipe`, `fd file` ... */
  async #openFiles(): Promise<string[]> {
    const folder = `/proc/${this.#pid}/fd`;
    const targets = await Promise.all(
      // One that is closed between the two looks is gone, and not to be counted.
      (await readdir(folder)).map((fd) => readlink(`${folder}/${fd}`).catch(() => undefined)),
    );
    return targets.flatMap((target) =>
      target === undefined ? [] : [`fd ${/^(\w+):/.exec(target)?.[1] ?? "file"}`],
    );
  }

  [Symbol.dispose](): void {
    this.#inspector[Symbol.dispose]();
  }
}

function countOf(names: readonly string[]): Counts {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
