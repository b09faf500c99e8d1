import type { FromPage } from "../bridge/control.ts";
import { describe } from "../bridge/describe.ts";
import { AudioGraph } from "./audio-graph.ts";
import type { CallMaker } from "./call.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { PageCalls } from "./page-calls.ts";

/** When the host is gone: time for the calls to leave before the page tears itself down. */
const FAREWELL_MS = 300;

/**
 * The page's main thread: takes the host's orders from the worker and runs its calls, a slot for each.
 * The page is opened with `?slots=<calls at once>`.
 */
export async function startPage(maker: CallMaker): Promise<void> {
  const slots = Number(new URL(location.href).searchParams.get("slots") ?? "1");
  const worker = new Worker("socket.webworker.js");
  const { port1: toWorklet, port2: toWorker } = new MessageChannel();
  const tell = (message: FromPage) => postToWorker(worker, { type: "control", message });
  const complain = (thrown: unknown, fatal: boolean) =>
    tell({ type: "page-error", detail: describe(thrown), fatal });
  addEventListener("error", ({ error, message }) => complain(error ?? message, false));
  addEventListener("unhandledrejection", ({ reason }) => complain(reason, false));

  let calls: PageCalls | undefined;
  const opened = new Promise<void>((resolve) => {
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      switch (data.type) {
        case "open":
          return resolve();
        case "beat":
          return postToWorker(worker, { type: "main-beat" });
        case "control":
          return calls?.obey(data.message);
        case "host-lost":
          return void tearDown(calls);
      }
    };
  });
  const socketUrl = new URL("socket", location.href.replace(/^http/, "ws"));
  socketUrl.search = "";
  postToWorker(worker, { type: "start", socketUrl: socketUrl.href, audio: toWorker }, [toWorker]);
  await opened;
  try {
    const graph = await AudioGraph.start({ slots, bridge: toWorklet });
    calls = new PageCalls({ graph, slots, maker, tell });
    tell({ type: "ready", renderQuantum: graph.quantum });
  } catch (thrown) {
    complain(thrown, true);
  }
}

function postToWorker(worker: Worker, message: ToWorker, transfer: Transferable[] = []): void {
  worker.postMessage(message, transfer);
}

/** Leaves all rooms, then leaves this page: an empty document holds no socket, no connection and no sound. */
async function tearDown(calls: PageCalls | undefined): Promise<void> {
  setTimeout(() => location.replace("about:blank"), FAREWELL_MS);
  await calls?.closeAll();
  location.replace("about:blank");
}
