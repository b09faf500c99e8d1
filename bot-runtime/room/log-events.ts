import type { Log } from "../../protocol/log.ts";

/** What the rooms' machinery logs. `page` numbers the pages of this process from 1. */
export type RoomLogEvent =
  | { event: "browser.started"; pid: number; product: string; sandbox: boolean; startMs: number }
  | { event: "browser.start_failed"; level: "error"; attempt: number; detail: string }
  | { event: "browser.exited"; level: "error"; detail: string; stderr: string[] }
  | { event: "browser.folder_left"; level: "warn"; detail: string }
  | { event: "browser.given_up"; level: "error"; attempts: number }
  | { event: "browser.replaced"; why: ReplaceReason; calls: number; memoryMb?: number; startMs: number }
  | { event: "browser.replace_failed"; level: "warn"; why: ReplaceReason; detail: string }
  | { event: "page.ready"; page: number; startMs: number; renderQuantum: number }
  | { event: "page.start_failed"; level: "error"; detail: string }
  | { event: "page.preloaded"; level: "debug"; page: number; ms: number }
  | { event: "page.preload_failed"; level: "warn"; page: number; detail: string }
  | { event: "page.error"; level: "warn"; page: number; detail: string }
  | { event: "page.lost"; level: "error"; page: number; rooms: number; detail: string }
  | { event: "page.closed"; page: number }
  | { event: "bridge.refused"; level: "warn"; reason: BridgeRefusal }
  | { event: "bridge.malformed"; level: "warn"; page: number }
  | { event: "room.opened"; sessionId: string; page: number; openMs: number; continues?: true }
  | { event: "room.joined"; sessionId: string; joinMs: number }
  | { event: "room.join_failed"; level: "warn"; sessionId: string; errorType: string }
  | { event: "room.speech_dropped"; level: "warn"; sessionId: string; droppedMs: number }
  | { event: "room.ended"; sessionId: string; end: string; framesLost: number; underruns: number };

/** Why a browser was replaced: it had taken many calls, it held much memory, or it did not answer. */
export type ReplaceReason = "calls" | "memory" | "silence";

/** Why somebody was not let in at the bridge. */
export type BridgeRefusal = "host" | "origin" | "secret" | "used" | "method";

export type RoomLog = Log<RoomLogEvent>;
