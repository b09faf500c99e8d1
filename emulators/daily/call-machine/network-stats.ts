/** The newest figures of all connections together. Null: nothing to tell, as before the first packet. */
export interface LatestStats {
  timestamp: number;
  recvBitsPerSecond: number | null;
  sendBitsPerSecond: number | null;
  availableOutgoingBitrate: number | null;
  networkRoundTripTime: number | null;
  audioRecvBitsPerSecond: number | null;
  audioSendBitsPerSecond: number | null;
  videoRecvBitsPerSecond: number | null;
  videoSendBitsPerSecond: number | null;
  totalRecvPacketLoss: number | null;
  totalSendPacketLoss: number | null;
}

/** Sums over all connections, as RTCPeerConnection counts them: from its beginning on. */
export interface Counters {
  timestamp: number;
  sentBytes: { audio: number; video: number };
  receivedBytes: { audio: number; video: number };
  receivedPackets: number;
  lostPackets: number;
  /** The worst; a fraction from 0 to 1. */
  remoteLoss: number | null;
  /** The worst, in seconds. */
  roundTripTime: number | null;
  availableOutgoingBitrate: number | null;
}

type Reason = "sendPacketLoss" | "recvPacketLoss" | "roundTripTime";

/** The part of `network-quality-change` that daily-js compares. `threshold` and `quality` are its older words. */
export interface NetworkState {
  state: { state: "good" | "warning" | "bad"; reasons: Reason[] };
  threshold: "good" | "low" | "very-low";
  quality: number;
}

/** Daily does not publish its thresholds; these are ours: loss as a fraction, time in seconds. */
const LIMITS = [
  { state: "bad", threshold: "very-low", quality: 20, loss: 0.15, roundTripTime: 0.8 },
  { state: "warning", threshold: "low", quality: 50, loss: 0.05, roundTripTime: 0.4 },
] as const;

/** How good the network is, by the first limit that something exceeds. */
export function networkState(stats: LatestStats | null): NetworkState {
  for (const { state, threshold, quality, loss, roundTripTime } of LIMITS) {
    const over: [Reason, boolean][] = [
      ["sendPacketLoss", (stats?.totalSendPacketLoss ?? 0) > loss],
      ["recvPacketLoss", (stats?.totalRecvPacketLoss ?? 0) > loss],
      ["roundTripTime", (stats?.networkRoundTripTime ?? 0) > roundTripTime],
    ];
    const reasons = over.filter(([, isOver]) => isOver).map(([reason]) => reason);
    if (reasons.length > 0) return { state: { state, reasons }, threshold, quality };
  }
  return { state: { state: "good", reasons: [] }, threshold: "good", quality: 100 };
}

/** What happened between two looks at the counters; rates are unknown at the first one. */
export function latestStats(before: Counters | null, now: Counters): LatestStats {
  const seconds = before ? (now.timestamp - before.timestamp) / 1000 : 0;
  /** A connection that has closed takes its counts along: then there is no rate to tell. */
  const rate = (then: number | undefined, total: number) =>
    then === undefined || seconds <= 0 || total < then ? null : ((total - then) * 8) / seconds;
  const [sent, received] = [now.sentBytes, now.receivedBytes];
  return {
    timestamp: now.timestamp,
    recvBitsPerSecond: rate(before ? sum(before.receivedBytes) : undefined, sum(received)),
    sendBitsPerSecond: rate(before ? sum(before.sentBytes) : undefined, sum(sent)),
    availableOutgoingBitrate: now.availableOutgoingBitrate,
    networkRoundTripTime: now.roundTripTime,
    audioRecvBitsPerSecond: rate(before?.receivedBytes.audio, received.audio),
    audioSendBitsPerSecond: rate(before?.sentBytes.audio, sent.audio),
    videoRecvBitsPerSecond: rate(before?.receivedBytes.video, received.video),
    videoSendBitsPerSecond: rate(before?.sentBytes.video, sent.video),
    totalRecvPacketLoss: before && lossBetween(before, now),
    totalSendPacketLoss: now.remoteLoss,
  };
}

function lossBetween(before: Counters, now: Counters): number | null {
  const lost = now.lostPackets - before.lostPackets;
  const expected = now.receivedPackets - before.receivedPackets + lost;
  return expected <= 0 || lost < 0 ? null : lost / expected;
}

const sum = ({ audio, video }: { audio: number; video: number }) => audio + video;

const worst = (a: number | null, b: unknown) => (typeof b === "number" ? Math.max(a ?? 0, b) : a);

/** Adds up the reports of all connections. Which fields an entry has is the browser's business. */
export function count(reports: Iterable<Record<string, unknown>>, timestamp: number): Counters {
  const counters: Counters = {
    timestamp,
    sentBytes: { audio: 0, video: 0 },
    receivedBytes: { audio: 0, video: 0 },
    receivedPackets: 0,
    lostPackets: 0,
    remoteLoss: null,
    roundTripTime: null,
    availableOutgoingBitrate: null,
  };
  for (const entry of reports) {
    const kind = entry.kind === "video" ? "video" : "audio";
    switch (entry.type) {
      case "outbound-rtp":
        counters.sentBytes[kind] += number(entry.bytesSent);
        break;
      case "inbound-rtp":
        counters.receivedBytes[kind] += number(entry.bytesReceived);
        counters.receivedPackets += number(entry.packetsReceived);
        counters.lostPackets += number(entry.packetsLost);
        break;
      case "remote-inbound-rtp":
        counters.remoteLoss = worst(counters.remoteLoss, entry.fractionLost);
        break;
      case "candidate-pair":
        if (entry.nominated !== true) break;
        counters.roundTripTime = worst(counters.roundTripTime, entry.currentRoundTripTime);
        counters.availableOutgoingBitrate = worst(
          counters.availableOutgoingBitrate,
          entry.availableOutgoingBitrate,
        );
        break;
    }
  }
  return counters;
}

const number = (value: unknown) => (typeof value === "number" ? value : 0);
