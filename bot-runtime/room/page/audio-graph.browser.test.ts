import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { AudioGraph } from "./audio-graph.ts";
import type { FromWorklet, ToWorklet } from "./messages.ts";

/** The page's graph without a browser: a context that only knows whether it runs, and a node that answers. */

class FakeContext {
  state: "running" | "suspended" = "suspended";
  audioWorklet = { addModule: async () => {} };
  async resume(): Promise<void> {
    this.state = "running";
  }
  async suspend(): Promise<void> {
    this.state = "suspended";
  }
}

class FakeNode {
  port = {
    onmessage: (_event: { data: FromWorklet }) => {},
    postMessage: (message: ToWorklet) => {
      const answer: FromWorklet | undefined =
        message.type === "connect"
          ? { type: "connected", quantum: 480 }
          : message.type === "open"
            ? { type: "opened", slot: message.slot }
            : undefined;
      if (answer) queueMicrotask(() => this.port.onmessage({ data: answer }));
    },
  };
  connect(): void {}
  disconnect(): void {}
}

// Never looked at here.
const output = {} as AudioNode;
let graph: AudioGraph;

beforeEach(async () => {
  vi.stubGlobal("AudioContext", FakeContext);
  vi.stubGlobal("AudioWorkletNode", FakeNode);
  graph = await AudioGraph.start({ slots: 2, bridge: new MessageChannel().port1 });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

it("does not run without a call: while a context runs, Chromium keeps the nodes of all calls that it had", async () => {
  expect(graph.context.state).toBe("suspended");
  await graph.open(0, 1, output);
  expect(graph.context.state).toBe("running");
  await graph.open(1, 2, output);
  graph.close(0, output);
  expect(graph.context.state).toBe("running");
  graph.close(1, output);
  expect(graph.context.state).toBe("suspended");
});

it("runs again for a call that comes when the last has gone", async () => {
  await graph.open(0, 1, output);
  graph.close(0, output);
  await graph.open(0, 2, output);
  expect(graph.context.state).toBe("running");
});
