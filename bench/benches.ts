import { bargeInBench } from "./barge-in/barge-in.ts";
import type { Bench } from "./common/bench.ts";
import { densityBench } from "./density/density.ts";
import { edgeBench } from "./edge/edge.ts";
import { gapBench } from "./gap/gap.ts";
import { latencyBench } from "./latency/latency.ts";
import { soakBench } from "./soak/soak.ts";
import { startBench } from "./start/start.ts";
import { turnBench } from "./turn/turn.ts";
import { vadBench } from "./vad/vad.ts";

/** In the order in which they run. */
export const BENCHES: readonly Bench[] = [
  startBench,
  edgeBench,
  latencyBench,
  turnBench,
  bargeInBench,
  gapBench,
  vadBench,
  densityBench,
  soakBench,
];
