import type { RuleName } from "../../../bot-runtime/gemini/rules.ts";
import { randomOf } from "../../support/random.ts";
import { type CallReport, runCall } from "./call.ts";
import { judge } from "./judge.ts";
import { planCall } from "./plan.ts";
import { SimulatedTime } from "./simulated-time.ts";

export interface CampaignOptions {
  seed: number;
  calls: number;
  /** Rules that are not followed. */
  off?: ReadonlySet<RuleName>;
  /** Ends with the first call in which something is found. */
  untilFound?: boolean;
  progress?(done: number, of: number): void;
}

export interface CampaignReport {
  calls: number;
  /** Of all calls together. */
  simulatedMs: number;
  connections: number;
  /** How often what happened, by the notes of the session. */
  notes: Map<string, number>;
  found: { seed: number; index: number; scenario: string; findings: string[] }[];
}

/** Calls in memory on simulated time: the real client and the emulator's real core, and a wire that fails at random. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const { seed, calls, off, untilFound = false, progress } = options;
  const report: CampaignReport = { calls: 0, simulatedMs: 0, connections: 0, notes: new Map(), found: [] };
  using time = new SimulatedTime();
  for (let index = 0; index < calls; index += 1) {
    const { call, findings } = await runOne(seed, index, time, off);
    report.calls += 1;
    report.simulatedMs += call.endedAt - call.startedAt;
    report.connections += call.wires.length;
    for (const { note } of call.notes) {
      const name = "step" in note ? `${note.kind}: ${note.step}` : note.kind;
      report.notes.set(name, (report.notes.get(name) ?? 0) + 1);
    }
    if (findings.length > 0) report.found.push({ seed, index, scenario: call.plan.scenario, findings });
    progress?.(index + 1, calls);
    if (untilFound && report.found.length > 0) break;
  }
  return report;
}

/** One call of a campaign, by its place in it. */
export async function runOne(
  seed: number,
  index: number,
  time: SimulatedTime,
  off?: ReadonlySet<RuleName>,
): Promise<{ call: CallReport; findings: string[] }> {
  const callSeed = (seed + Math.imul(index, 0x9e3779b1)) & 0x7fffffff;
  const plan = planCall(callSeed, index, randomOf(callSeed));
  const call = await runCall(plan, time, off);
  return { call, findings: judge(call) };
}
