import { setTimeout as sleep } from "node:timers/promises";
import { type CpuUsed, cpuBetween, sampleTree, totalPss } from "../common/process-usage.ts";
import { CYCLE_MS } from "../common/talkers/speech.ts";
import { receivedBetween } from "../common/talkers/talk.ts";
import { idlePercent, machineTimes } from "./machine-load.ts";
import type { System } from "./system.ts";
import { profileBetween, threadTimes } from "./thread-times.ts";

const MIB = 1 << 20;
/** From the last call's beginning: bitrates and jitter buffers find their level. */
const SETTLE_MS = CYCLE_MS;
/** Whole cycles, so that everybody has spoken for half of it, wherever in a cycle it begins. */
const WINDOW_MS = 2 * CYCLE_MS;
/** Chromium looks for cameras when a call object is made, and ends who did so after a while. */
const ENDS_BY_ITSELF = /video_capture/;
/** Node's role in a tree of processes; whatever else there is, is Chromium's. */
const NODE_ROLE = /^(node|MainThread)/;

/** What so many calls took for a while. CPU is in percent of one core. */
export interface Measured {
  calls: number;
  cpu: number;
  nodeCpu: number;
  pssMiB: number;
  /** What the users did not get in time and WebRTC made up, in percent of what they heard. */
  concealedPercent: number;
  /** How long a user's jitter buffer kept the sound back: it grows with stalls, and then nothing has to be made up. */
  heldMs: number;
  /** What each user received, in kB a second: the same of ours and of the floor, or the two did not do the same. */
  receivedKb: number;
  /** Between batches of a page; none without a bridge. */
  gapsMs: number[];
  framesLost: number;
  /** By thread, most first, in percent of one core. */
  profile: [name: string, cpu: number][];
  /** Of the whole machine, users and emulators too. */
  idlePercent: number;
}

export interface MeasureOptions {
  calls: number;
  signal: AbortSignal;
}

/** Puts so many calls on a system, looks for some seconds, and takes them off again. */
export async function measure(system: System, { calls, signal }: MeasureOptions): Promise<Measured> {
  await system.begin(calls);
  try {
    await sleep(SETTLE_MS, undefined, { signal });
    return await look(system, { calls, signal });
  } finally {
    await system.end();
  }
}

async function look(system: System, { calls, signal }: MeasureOptions): Promise<Measured> {
  const { bridge, pid } = system;
  const heardBefore = await system.received();
  const lostBefore = await bridge?.framesLost();
  await bridge?.takeGapsMs();
  const before = await snapshot(pid);
  await sleep(WINDOW_MS, undefined, { signal });
  const after = await snapshot(pid);
  const gapsMs = (await bridge?.takeGapsMs()) ?? [];
  const framesLost = ((await bridge?.framesLost()) ?? 0) - (lostBefore ?? 0);
  const heard = receivedBetween(heardBefore, await system.received());
  if (heard.connections !== calls) throw new Error(`Of ${calls} calls ${heard.connections} are connected`);
  await system.collectGarbage();
  const pssMiB = totalPss(await sampleTree(pid)) / MIB;

  const cpu = cpuBetween(before.tree, after.tree);
  const vanished = cpu.vanished.find(({ role }) => !ENDS_BY_ITSELF.test(role));
  if (vanished) throw new Error(`A process ended meanwhile: ${vanished.role}`);
  const percentOf = (ms: number) => (100 * ms) / cpu.wallMs;
  return {
    calls,
    cpu: cpu.percent,
    nodeCpu: percentOf(nodeMs(cpu)),
    pssMiB,
    concealedPercent: (100 * heard.concealedSamples) / heard.samples,
    heldMs: (1000 * heard.heldS) / heard.heldSamples,
    receivedKb: heard.bytes / 1000 / calls / (cpu.wallMs / 1000),
    gapsMs,
    framesLost,
    profile: profileBetween(before.threads, after.threads).map(([name, ms]) => [name, percentOf(ms)]),
    idlePercent: idlePercent(before.machine, after.machine),
  };
}

async function snapshot(pid: number) {
  const tree = await sampleTree(pid, { memory: false });
  return { tree, threads: await threadTimes(tree), machine: await machineTimes() };
}

function nodeMs({ byRole }: CpuUsed): number {
  return [...byRole].reduce((sum, [role, ms]) => (NODE_ROLE.test(role) ? sum + ms : sum), 0);
}
