import type { HostLoad } from "../protocol/bot-host.ts";
import { MuteStep } from "../protocol/session.ts";
import type { Strain } from "./admission/strain.ts";
import type { TurnSums } from "./measures/turn-summary.ts";
import type { RoomHostStats } from "./room/room.ts";
import type { SessionCounts } from "./sessions.ts";
import type { SileroStats } from "./vad/silero.ts";

export interface Measured {
  load: HostLoad;
  draining: boolean;
  counts: SessionCounts;
  room: RoomHostStats;
  strain: Pick<Strain, "door" | "lagMs">;
  unhandledRejections: number;
  vad: SileroStats;
  turns: Readonly<TurnSums>;
}

export const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Prometheus text of this host. Names end in their unit; counters in `_total`. */
export function renderMetrics(measured: Measured): string {
  const { load, draining, counts, room, strain, unhandledRejections, vad, turns } = measured;
  return [
    metric("chat_vrd_bots_active", "gauge", "Calls under way.", load.active),
    metric("chat_vrd_bots_capacity", "gauge", "Calls that this host takes at once.", load.capacity),
    metric("chat_vrd_bots_draining", "gauge", "1 while no new calls are taken.", draining ? 1 : 0),
    metric("chat_vrd_bots_started_total", "counter", "Calls taken.", counts.started),
    ended(counts),
    ...doorMetrics(strain, counts),
    metric("chat_vrd_room_pages", "gauge", "Pages of the browser.", room.pages),
    metric("chat_vrd_rooms", "gauge", "Rooms open in those pages.", room.rooms),
    metric("chat_vrd_bridge_frames_in_total", "counter", "Audio frames from the page.", room.framesIn),
    metric("chat_vrd_bridge_frames_out_total", "counter", "Audio frames to the page.", room.framesOut),
    metric("chat_vrd_bridge_frames_lost_total", "counter", "Frames missed on either side.", room.framesLost),
    metric(
      "chat_vrd_bridge_max_gap_seconds",
      "gauge",
      "Longest time between two batches of a page in a call.",
      room.maxGapMs / 1000,
    ),
    metric("chat_vrd_bridge_late_batches_total", "counter", "Batches that came late.", room.lateBatches),
    ...browserMetrics(room),
    metric(
      "chat_vrd_unhandled_rejections_total",
      "counter",
      "Promises whose failure nobody dealt with: each is a fault of the program.",
      unhandledRejections,
    ),
    ...vadMetrics(vad),
    ...turnMetrics(turns),
    metric("process_resident_memory_bytes", "gauge", "Resident memory.", process.memoryUsage.rss()),
  ].join("");
}

function doorMetrics({ door, lagMs }: Measured["strain"], { refusedStrained }: SessionCounts): string[] {
  const state = "chat_vrd_door";
  return [
    `${head(state, "gauge", "Whether new calls are taken: open, wary (one at a time), shut.")}${state}{state="${door}"} 1\n`,
    metric(
      "chat_vrd_loop_lag_seconds",
      "gauge",
      "Longest hold of the event loop in the last second.",
      lagMs / 1000,
    ),
    metric(
      "chat_vrd_bots_refused_strained_total",
      "counter",
      "Calls refused because the machine was strained.",
      refusedStrained,
    ),
  ];
}

function browserMetrics(room: RoomHostStats): string[] {
  return [
    metric("chat_vrd_pages_lost_total", "counter", "Pages that went away by themselves.", room.pagesLost),
    metric("chat_vrd_browsers_lost_total", "counter", "Browsers that did so.", room.browsersLost),
    metric(
      "chat_vrd_browsers_replaced_total",
      "counter",
      "Browsers replaced for their age, their memory or their silence.",
      room.browsersReplaced,
    ),
    metric(
      "chat_vrd_rooms_continued_total",
      "counter",
      "Calls that went on in another page, after theirs was lost.",
      room.continued,
    ),
  ];
}

function vadMetrics({ runtime, ...vad }: SileroStats): string[] {
  const model = "chat_vrd_vad_model";
  const name = runtime === undefined ? "energy" : `silero_${runtime}`;
  return [
    `${head(model, "gauge", "What tells speech from silence: energy, when the model cannot run.")}${model}{model="${name}"} 1\n`,
    metric("chat_vrd_vad_windows_total", "counter", "Windows of 32 ms that the model judged.", vad.windows),
    metric("chat_vrd_vad_batches_total", "counter", "Batches in which it did so.", vad.batches),
    metric(
      "chat_vrd_vad_windows_lost_total",
      "counter",
      "Windows it was too slow to judge.",
      vad.windowsLost,
    ),
    metric("chat_vrd_vad_thread_restarts_total", "counter", "Starts after the first.", vad.threadRestarts),
  ];
}

function turnMetrics({
  turns,
  responseMs,
  interruptions,
  interruptionMs,
  muteSteps,
}: Readonly<TurnSums>): string[] {
  return [
    metric("chat_vrd_turns_total", "counter", "Turns of users that were answered.", turns),
    metric(
      "chat_vrd_turn_response_seconds_total",
      "counter",
      "From the end of the user's turn to the first sound of the answer, summed over turns.",
      responseMs / 1000,
    ),
    metric("chat_vrd_interruptions_total", "counter", "Answers that users interrupted.", interruptions),
    metric(
      "chat_vrd_interruption_seconds_total",
      "counter",
      "From the user's first sound to the bot's silence, summed over interruptions.",
      interruptionMs / 1000,
    ),
    muteStepMetrics(muteSteps),
  ];
}

function muteStepMetrics(steps: TurnSums["muteSteps"]): string {
  const name = "chat_vrd_mute_steps_total";
  const lines = MuteStep.options.map((step) => `${name}{step="${step}"} ${steps[step] ?? 0}\n`);
  return `${head(name, "counter", "What was done against a model that had fallen silent, by step.")}${lines.join("")}`;
}

function ended({ endedByReason }: SessionCounts): string {
  const name = "chat_vrd_bots_ended_total";
  const lines = [...endedByReason].map(([reason, count]) => `${name}{reason="${reason}"} ${count}\n`);
  return `${head(name, "counter", "Calls that ended, by reason.")}${lines.join("")}`;
}

function metric(name: string, type: "gauge" | "counter", help: string, value: number): string {
  return `${head(name, type, help)}${name} ${value}\n`;
}

function head(name: string, type: string, help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}
