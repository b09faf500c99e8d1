import type { FromPage } from "../bridge/control.ts";
import {
  BEAT,
  HOST_CHECK_MS,
  HOST_SILENT_MS,
  MAIN_BEAT,
  MAX_CONTROL_CHARS,
  MAX_PAGE_BACKLOG_BYTES,
} from "../bridge/limits.ts";
import { Silence } from "../bridge/silence.ts";
import { BATCH_PREFIX_BYTES } from "../dsp/page-audio.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

/**
 * The bridge's socket, off the main thread: audio goes between it and the audio thread whatever daily-js is
 * busy with. Also the dead man's switch, for the same reason.
 */
let socket: WebSocket | undefined;

function tell(message: FromWorker): void {
  postMessage(message);
}

function start(socketUrl: string, audio: MessagePort): void {
  const opened = new WebSocket(socketUrl);
  socket = opened;
  opened.binaryType = "arraybuffer";
  const silence = new Silence({ afterMs: HOST_SILENT_MS, everyMs: HOST_CHECK_MS });
  const watch = setInterval(() => {
    if (silence.look()) lost();
  }, HOST_CHECK_MS);

  const lost = () => {
    clearInterval(watch);
    opened.onclose = null;
    opened.onmessage = null;
    audio.onmessage = null;
    opened.close();
    tell({ type: "host-lost" });
  };

  opened.onopen = () => tell({ type: "open" });
  opened.onclose = lost;
  opened.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) => {
    silence.heard();
    if (typeof data !== "string") return audio.postMessage(data, [data]);
    if (data === BEAT) {
      sendText(BEAT);
      return tell({ type: "beat" });
    }
    // Node is the only one who can send here, and it is the same version as this page.
    tell({ type: "control", message: JSON.parse(data) });
  };
  audio.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
    // A batch that is dropped leaves a gap in the sequence numbers, which Node counts.
    if (opened.readyState !== WebSocket.OPEN || opened.bufferedAmount > MAX_PAGE_BACKLOG_BYTES) return;
    const length = new DataView(data).getUint32(0, true);
    opened.send(new Uint8Array(data, BATCH_PREFIX_BYTES, length));
  };
}

function sendText(text: string): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(text);
}

function sendControl(message: FromPage): void {
  const text = JSON.stringify(message);
  const detail = `A message ${message.type} of ${text.length} characters was dropped`;
  const instead: FromPage = { type: "page-error", detail, fatal: false };
  sendText(text.length <= MAX_CONTROL_CHARS ? text : JSON.stringify(instead));
}

addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  switch (data.type) {
    case "start":
      return start(data.socketUrl, data.audio);
    case "control":
      return sendControl(data.message);
    case "main-beat":
      return sendText(MAIN_BEAT);
  }
});
