import { z } from "zod";
import type { CdpTarget } from "../../support/cdp-socket.ts";
import type { Counts } from "./verdict.ts";

/**
 * What a call makes in a page. Counted as JavaScript has them: whatever a variable somewhere still leads to. Not
 * MediaStream and MessagePort: of those that a node owns, Chromium makes the object anew when it is asked for, and
 * drops it as it likes.
 */
const CLASSES = [
  "RTCPeerConnection",
  "RTCRtpTransceiver",
  "MediaStreamTrack",
  "BaseAudioContext",
  "AudioNode",
  "HTMLMediaElement",
  "WebSocket",
  "Worker",
] as const;

/**
 * What the browser itself counts, also of things that no script can reach any more. Of a whole process. Not
 * AudioHandlers: Chromium 156 keeps the native part of each source that was made of a stream, some 4 kB, until the
 * source's context is closed, and our page has one for all its calls.
 */
const METRICS = [
  "AudioWorkletProcessors",
  "RTCPeerConnections",
  "WorkerGlobalScopes",
  "Documents",
  "JSEventListeners",
] as const;

const Length = z.int().nonnegative();

/** Objects of each class that live in a page. */
export async function countObjects(page: CdpTarget): Promise<Counts> {
  const objectGroup = "count";
  const counts: Record<string, number> = {};
  try {
    for (const name of CLASSES) {
      const prototype = await page.send("Runtime.evaluate", {
        expression: `${name}.prototype`,
        objectGroup,
      });
      const prototypeObjectId = z.string().parse(prototype.result.objectId);
      const { objects } = await page.send("Runtime.queryObjects", { prototypeObjectId, objectGroup });
      const length = await page.send("Runtime.callFunctionOn", {
        functionDeclaration: "function () { return this.length; }",
        ...(objects.objectId === undefined ? {} : { objectId: objects.objectId }),
        returnByValue: true,
      });
      counts[name] = Length.parse(length.result.value);
    }
  } finally {
    // Found objects are kept until then, and would be what we count.
    await page.send("Runtime.releaseObjectGroup", { objectGroup });
  }
  return counts;
}

/** `Performance` has to be enabled in the page. */
export async function countMetrics(page: CdpTarget): Promise<Counts> {
  const { metrics } = await page.send("Performance.getMetrics");
  const values = new Map(metrics.map(({ name, value }) => [name, value]));
  return Object.fromEntries(METRICS.map((name) => [name, values.get(name) ?? 0]));
}
