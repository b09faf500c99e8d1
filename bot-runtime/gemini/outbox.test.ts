import { describe, expect, it } from "vitest";
import { Outbox, type OutboxItem } from "./outbox.ts";

const text = (id: string, respond = true): OutboxItem => ({ kind: "text", id, text: `text ${id}`, respond });
const result = (id: string): OutboxItem => ({
  kind: "tool-result",
  id,
  name: "look",
  response: {},
  asker: 1,
});

function sendAll(outbox: Outbox, now: number, quiet = true): string[] {
  const sent: string[] = [];
  outbox.send({ now, quiet }, ({ id }, again) => sent.push(again ? `${id} again` : id));
  return sent;
}

describe("Outbox", () => {
  it("sends each once, in order", () => {
    const outbox = new Outbox();
    for (const item of [text("a"), result("b"), text("c", false)]) outbox.add(item);
    expect(sendAll(outbox, 0)).toEqual(["a", "b", "c"]);
    expect(sendAll(outbox, 1)).toEqual([]);
  });

  it("does not interrupt for what wants no answer, but tells it before the next question", () => {
    const outbox = new Outbox();
    outbox.add(text("note", false));
    outbox.add(result("r"));
    expect(sendAll(outbox, 0, false)).toEqual(["r"]);
    outbox.add(text("question"));
    expect(sendAll(outbox, 0, false)).toEqual(["note", "question"]);
  });

  it("tells again what may have been lost, and counts how long before the loss it was sent", () => {
    const outbox = new Outbox();
    outbox.add(text("a"));
    sendAll(outbox, 0);
    outbox.add(text("b"));
    sendAll(outbox, 900);
    // A sign of life at 1,000: `a` was read by then, `b` may be on its way.
    outbox.heard(1_000);
    expect(outbox.lost(1_200)).toEqual([{ item: text("b"), sentAgoMs: 300 }]);
    expect(outbox.unsent).toEqual([text("b")]);
    expect(sendAll(outbox, 1_300)).toEqual(["b again"]);
  });

  it("takes nothing for read by a peer that has not said a word since", () => {
    const outbox = new Outbox();
    outbox.add(text("a"));
    sendAll(outbox, 0);
    expect(outbox.lost(30_000)).toHaveLength(1);
  });

  it("is bounded, and says what it leaves out", () => {
    const outbox = new Outbox();
    for (let i = 0; i < 200; i += 1) expect(outbox.add(text(`${i}`))).toEqual([]);
    expect(outbox.add(text("200"))).toEqual([text("0")]);
    expect(outbox.size).toBe(200);
  });
});
