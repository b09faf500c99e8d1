import { describe, expect, test } from "vitest";
import { count, latestStats, networkState } from "./call-machine/network-stats.ts";

const report = (bytes: number, more: Record<string, unknown> = {}) => [
  { type: "outbound-rtp", kind: "audio", bytesSent: bytes },
  {
    type: "inbound-rtp",
    kind: "audio",
    bytesReceived: 2 * bytes,
    packetsReceived: 95,
    packetsLost: 5,
    ...more,
  },
  { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.02 },
  { type: "candidate-pair", nominated: false, currentRoundTripTime: 9 },
  { type: "codec" },
];

describe("the counters", () => {
  test("are added up over all connections; of times the worst counts", () => {
    const slow = { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.3 };
    const counters = count([...report(1_000), ...report(500), slow], 7);
    expect(counters).toMatchObject({
      timestamp: 7,
      sentBytes: { audio: 1_500, video: 0 },
      receivedBytes: { audio: 3_000, video: 0 },
      receivedPackets: 190,
      lostPackets: 10,
      roundTripTime: 0.3,
      remoteLoss: null,
    });
  });
});

describe("the latest figures", () => {
  const before = count(report(0), 1_000);

  test("are rates between two looks, and unknown at the first", () => {
    expect(latestStats(null, before)).toMatchObject({ sendBitsPerSecond: null, totalRecvPacketLoss: null });
    const now = count(report(1_000, { packetsReceived: 185, packetsLost: 15 }), 3_000);
    expect(latestStats(before, now)).toMatchObject({
      sendBitsPerSecond: 4_000,
      recvBitsPerSecond: 8_000,
      audioSendBitsPerSecond: 4_000,
      videoSendBitsPerSecond: 0,
      totalRecvPacketLoss: 0.1,
      networkRoundTripTime: 0.02,
    });
  });

  test("have no rate when a connection has taken its counts away", () => {
    const now = count([], 3_000);
    expect(latestStats(count(report(1_000), 1_000), now)).toMatchObject({
      sendBitsPerSecond: null,
      totalRecvPacketLoss: null,
    });
  });
});

describe("the network", () => {
  const stats = latestStats(null, count(report(0), 0));

  test.each([
    [{}, "good", []],
    [{ totalRecvPacketLoss: 0.06 }, "warning", ["recvPacketLoss"]],
    [{ totalSendPacketLoss: 0.2, totalRecvPacketLoss: 0.06 }, "bad", ["sendPacketLoss"]],
    [{ networkRoundTripTime: 0.5 }, "warning", ["roundTripTime"]],
    [{ networkRoundTripTime: 1 }, "bad", ["roundTripTime"]],
  ])("with %j is %s", (change, state, reasons) => {
    expect(networkState({ ...stats, ...change }).state).toEqual({ state, reasons });
  });

  test("is good while nothing is known of it", () => {
    expect(networkState(null)).toEqual({
      state: { state: "good", reasons: [] },
      threshold: "good",
      quality: 100,
    });
  });
});
