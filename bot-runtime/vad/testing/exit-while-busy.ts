/** A process that exits, with code 7, while the model is judging. */
import { setTimeout as sleep } from "node:timers/promises";
import { Silero } from "../silero.ts";

const silero = new Silero({ log: () => {} });
const models = Array.from({ length: 64 }, () => silero.open({ heard: () => {}, available: () => {} }));
while (!silero.stats.runtime) await sleep(5);
for (const model of models) model.hear(new Int16Array(8 * 512));
// Somewhere within the eight batches of 5 ms that are to come.
await sleep(Math.random() * 20);
process.exit(7);
