import type { BotReport } from "../../protocol/link.ts";
import type { EdgeLink, EdgeLinkEvents } from "../edge-link.ts";

/** A link in memory. Records every call; a method added to `EdgeLink` and not here does not compile. */
export class FakeLink implements EdgeLink {
  readonly reports: BotReport[] = [];
  readonly events: EdgeLinkEvents;
  closed = false;

  constructor(events: EdgeLinkEvents) {
    this.events = events;
  }

  report(report: BotReport): void {
    if (!this.closed) this.reports.push(report);
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  get marks(): string[] {
    return this.reports.flatMap((report) => (report.kind === "mark" ? [report.mark] : []));
  }

  get transcript() {
    return this.reports.flatMap((report) => (report.kind === "transcript" ? [report.entry] : []));
  }

  get endReasons(): string[] {
    return this.reports.flatMap((report) => (report.kind === "ended" ? [report.reason] : []));
  }
}
