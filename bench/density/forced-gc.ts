import { debuggingUrl } from "../../test/campaign/leaks/bot-browser.ts";
import { CdpSocket, type CdpTarget } from "../../test/support/cdp-socket.ts";

/**
 * Collects the garbage of all pages of a Chromium that was started with a debugging port, and of their workers and
 * worklets, which have heaps of their own. The audio threads stand still meanwhile: not while anything is measured.
 */
export async function collectChromium(browserPid: number): Promise<void> {
  using cdp = await CdpSocket.open(await debuggingUrl(browserPid));
  const { targetInfos } = await cdp.send("Target.getTargets");
  for (const { type, url, targetId } of targetInfos) {
    if (type !== "page" || !url.startsWith("http")) continue;
    const { sessionId } = await cdp.send("Target.attachToTarget", { targetId, flatten: true });
    const page = cdp.target(sessionId);
    const parts: CdpTarget[] = [page];
    const stop = cdp.on("Target.attachedToTarget", ({ sessionId }) => parts.push(cdp.target(sessionId)));
    // Answered once everything that there is was attached to.
    await page.send("Target.setAutoAttach", {
      autoAttach: true,
      waitForDebuggerOnStart: false,
      flatten: true,
    });
    stop();
    for (const part of parts) await collect(part);
  }
}

/** Twice: what a finalizer lets go of is garbage only after the first. */
export async function collect(target: CdpTarget): Promise<void> {
  await target.send("HeapProfiler.collectGarbage");
  await target.send("HeapProfiler.collectGarbage");
}
