import type { CallReport } from "./call.ts";
import type { Heard, WireLog } from "./peer.ts";

/** What must not happen in any call, whatever the connection goes through. Each finding is a sentence. */
export function judge(report: CallReport): string[] {
  return [
    ...leftovers(report),
    ...end(report),
    ...protocol(report),
    ...rotation(report),
    ...handles(report),
    ...attempts(report),
    ...briefings(report),
    ...texts(report),
    ...audio(report),
    ...results(report),
    ...answers(report),
    ...steps(report),
    ...generations(report),
  ];
}

/** How long an answer may be away, however many steps it takes to get it; without the time that nobody was there. */
const ANSWER_MS = 45_000;
/** More than a frame needs from end to end, and what is sent at its arrival back. */
const SOON_MS = 400;
const QUICK_FAILURE_MS = 10_000;
const FAILURES_WITH_HANDLE = 3;

function leftovers({ leftovers: left }: CallReport): string[] {
  return left.map((what) => `left over: ${what}`);
}

/** Only what is final ends a call, and with its reason. */
function end({ plan, notes, frames, faults, endedAt }: CallReport): string[] {
  const gaveUp = notes.flatMap(({ note }) => (note.kind === "gave-up" ? [note.why] : []));
  const failed = frames.filter(({ frame }) => frame.type === "failed").length;
  if (plan.ends === undefined) {
    return gaveUp.length + failed === 0 ? [] : [`the call ended (${gaveUp}) though nothing was final`];
  }
  const brokenAt = faults.findLast(({ fault }) => fault === "drop")?.at ?? 0;
  if (gaveUp.length !== 1 || failed !== 1)
    return [`the call did not end once (${gaveUp}) after ${plan.ends}`];
  if (gaveUp[0] !== plan.ends) return [`the call ended as ${gaveUp[0]} instead of ${plan.ends}`];
  return brokenAt > 0 && endedAt - brokenAt > 75_000 ? ["the call ended too late"] : [];
}

/** The server never has to refuse what we say. */
function protocol({ wires, faults }: CallReport): string[] {
  const ordered = faults.some(({ fault }) => fault === "close" || fault === "refuseSetup");
  const wasFrozen = wires.some(({ frozen }) => frozen !== undefined);
  return wires.flatMap(({ number, closed }) => {
    if (closed?.code === 1007 && /argument\. ./.test(closed.reason))
      return [`connection ${number}: ${closed.reason}`];
    if (closed?.reason.includes("open on another connection") && !wasFrozen) {
      return [`connection ${number} resumed a session that was open`];
    }
    return closed?.code === 1007 && !ordered && !closed.reason.includes("API key")
      ? [`connection ${number} was refused: ${closed.reason}`]
      : [];
  });
}

/** Announced ends are never reached, and nothing is cut for them that need not be. */
function rotation({ wires, notes, tools, faults }: CallReport): string[] {
  const found: string[] = [];
  const capped = faults.some(({ fault }) => fault === "capConnection");
  for (const { number, closed, heard, frozen } of wires) {
    if (!closed || frozen || !/Deadline|cancelled/.test(closed.reason)) continue;
    const announced = heard.find(
      (one) =>
        one.kind === "go-away" &&
        one.timeLeftMs >= 500 &&
        one.at < closed.at - 300 &&
        // A second, earlier end is not announced where the server falls silent at the first.
        Math.abs(one.at + one.timeLeftMs - closed.at) < SOON_MS,
    );
    if (announced) found.push(`connection ${number} was closed as announced`);
    else if (capped) found.push(`connection ${number} reached its limit`);
  }
  for (const { at, note } of notes) {
    if (note.kind !== "rotated" || note.forced) continue;
    if (notes.some((other) => other.at === at && other.note.kind === "cut")) {
      found.push("an answer was cut by a rotation that had time");
    }
    const pending = tools.filter(
      ({ startedAt, endedAt, cancelled }) =>
        startedAt < at && !cancelled && (endedAt ?? Number.POSITIVE_INFINITY) > at,
    );
    const wire = wires.findLast(({ liveAt }) => liveAt !== undefined && liveAt < at);
    const asked = new Set(wire?.heard.flatMap((one) => (one.kind === "tool-call" ? one.ids : [])));
    if (pending.some(({ id }) => asked.has(id)))
      found.push("a connection was left that waited for a function");
  }
  return found;
}

/** Whether a connection is one of a series of quick failures. */
function isQuickFailure({ liveAt, closed, leftAt }: WireLog): boolean {
  if (liveAt === undefined) return true;
  return closed !== undefined && (leftAt ?? closed.at) - liveAt < QUICK_FAILURE_MS;
}

function handles({ wires, notes }: CallReport): string[] {
  const found: string[] = [];
  let failures = 0;
  let newest: Extract<Heard, { kind: "handle" }> | undefined;
  const refused = new Set<string>();
  for (const [index, wire] of wires.entries()) {
    const { setup, askedAt, number } = wire;
    const handle = setup?.handle;
    if (setup && handle !== undefined) {
      if (refused.has(handle)) found.push(`connection ${number} tried a handle that had been refused`);
      if (newest && handle !== newest.handle)
        found.push(`connection ${number} did not use the newest handle`);
      if (failures >= FAILURES_WITH_HANDLE) {
        found.push(`connection ${number} tried to resume after ${failures} quick failures`);
      }
    }
    if (setup && handle === undefined && newest && index > 0) {
      const dropped = notes.some(
        ({ at, note }) =>
          at <= askedAt && at >= (newest?.at ?? 0) && note.kind === "mute" && note.step === "fresh",
      );
      if (!dropped && failures < FAILURES_WITH_HANDLE && !refused.has(newest.handle)) {
        found.push(`connection ${number} began anew without need`);
      }
    }
    // One that we gave up ourselves, before it was one.
    const failedAt = wire.leftAt ?? Number.NaN;
    const isFailure = notes.some(
      ({ at, note }) => note.kind === "connect-failed" && at >= failedAt && at <= failedAt + SOON_MS,
    );
    if (wire.liveAt === undefined && !isFailure) continue;
    failures = isQuickFailure(wire) ? failures + 1 : wire.closed && wire.leftAt !== undefined ? 0 : failures;
    if (wire.liveAt !== undefined && !isQuickFailure(wire)) failures = 0;
    // A word of the server that came when we had left was heard by nobody.
    const heardEnd = wire.closed && wire.closed.at <= (wire.leftAt ?? wire.closed.at);
    const code = heardEnd ? wire.closed?.code : undefined;
    if (handle !== undefined && wire.liveAt === undefined && (code === 1007 || code === 1008))
      refused.add(handle);
    const reason = wire.closed?.reason ?? "";
    const last = wire.heard.findLast((one) => one.kind === "handle");
    if (last?.kind === "handle") newest = last;
    // What closes so takes the handle with it, whichever it was.
    if (
      newest &&
      wire.liveAt !== undefined &&
      (code === 1007 || code === 1008) &&
      !/API key|not found for/.test(reason)
    ) {
      refused.add(newest.handle);
    }
  }
  return found;
}

/** No storm of connections. */
function attempts({ wires }: CallReport): string[] {
  const worst = wires.map(
    ({ askedAt }) =>
      wires.filter((other) => other.askedAt >= askedAt && other.askedAt < askedAt + 1_000).length,
  );
  return Math.max(0, ...worst) > 5 ? [`${Math.max(...worst)} connections in a second`] : [];
}

/** A fresh session is told what was said, and a resumed one only what it missed. */
function briefings({ wires, said, plan, endedAt, frames }: CallReport): string[] {
  const found: string[] = [];
  let handleAt = 0;
  for (const [index, wire] of wires.entries()) {
    const { liveAt, setup, texts: told, number } = wire;
    const leftAt = wire.leftAt ?? endedAt;
    const works = liveAt !== undefined && leftAt - liveAt > SOON_MS && !wire.frozen;
    const words = told.map(({ text }) => text).join("\n");
    if (index > 0 && liveAt !== undefined && setup) {
      const isFresh = setup.handle === undefined;
      for (const { kind, text, at, respond } of said) {
        if (kind !== "text" || at >= liveAt - 1) continue;
        // Where every text is answered, a note waits for a quiet moment.
        if (!respond && plan.model.includes("3.1") && leftAt - liveAt < 20_000) continue;
        const isToldHere = words.includes(text);
        if (isFresh && works && !isToldHere) found.push(`connection ${number} was not told: ${text}`);
        // What is told again by itself may have been lost, for all that anybody knows.
        const isRetold = told.some((one) => !one.text.startsWith("[again") && one.text.includes(text));
        const knownAt = wires
          .slice(0, index)
          .flatMap((earlier) => earlier.texts)
          .find((one) => one.text.includes(text))?.at;
        if (!isFresh && isRetold && knownAt !== undefined && knownAt < handleAt - 3_000)
          found.push(`connection ${number} was told what it knew: ${text}`);
        const canBeTold = plan.model !== "gemini-3.1-flash-live-preview";
        if (!isFresh && works && canBeTold && at > handleAt && !isToldHere) {
          found.push(`connection ${number} was not told what it missed: ${text}`);
        }
      }
    }
    if (setup && setup.handle === undefined && liveAt !== undefined) handleAt = 0;
    const last = wire.heard.findLast((one) => one.kind === "handle");
    if (last) handleAt = last.at;
  }
  let away = false;
  for (const { frame } of frames) {
    if (frame.type !== "assistant-status" || frame.status.kind === "cut") continue;
    if ((frame.status.kind === "away") === away) found.push(`twice ${frame.status.kind}`);
    away = frame.status.kind === "away";
  }
  return found;
}

function texts({ said, wires, endedAt, plan }: CallReport): string[] {
  if (plan.ends !== undefined) return [];
  return said.flatMap(({ kind, text, at, respond }) => {
    // What wants no answer waits for a quiet moment.
    const patienceMs = respond ? 2_500 : 20_000;
    if (kind === "speech" || at > endedAt - patienceMs || isAwayAt(wires, endedAt)) return [];
    const arrived = wires.some(({ texts: told }) => told.some((one) => one.text.includes(text)));
    return arrived || wires.some(({ frozen, leftAt }) => frozen && leftAt === undefined)
      ? []
      : [`lost: ${text}`];
  });
}

function isAwayAt(wires: readonly WireLog[], at: number): boolean {
  return !wires.some(
    ({ liveAt, leftAt }) => liveAt !== undefined && liveAt < at - 1_000 && (leftAt ?? at) >= at,
  );
}

/** The newest two seconds from an outage are heard after it. */
function audio({ wires, audio: pieces, plan, endedAt, speaking }: CallReport): string[] {
  if (plan.manual || plan.model.includes("2.5")) return [];
  const delivered = new Set(wires.flatMap((wire) => [...wire.audio]));
  const found: string[] = [];
  for (const [index, { liveAt, leftAt, number, frozen, audio: heardHere }] of wires.entries()) {
    const former = wires.slice(0, index).findLast((wire) => wire.liveAt !== undefined);
    if (liveAt === undefined || former?.leftAt === undefined || frozen) continue;
    if ((leftAt ?? endedAt) - liveAt < 1_000) continue;
    const from = Math.max(former.leftAt, liveAt - 1_900);
    const missing = pieces.filter(({ at }, n) => at > from && at <= liveAt && !delivered.has(n)).length;
    if (missing > 0)
      found.push(`connection ${number} did not hear ${missing} pieces from the time before it`);
    // In the middle of a word, its beginning is heard again.
    const lostAt = former.leftAt;
    const word = speaking.find(({ from: began, to }) => began < lostAt && to > lostAt + 80);
    const again = pieces.filter(
      ({ at, spoken }, n) =>
        spoken && word && at >= word.from && at > liveAt - 1_800 && at <= lostAt - 100 && !heardHere.has(n),
    );
    if (again.length > 0) found.push(`connection ${number} did not hear the beginning of a turn again`);
  }
  return found;
}

/** Each result is taken once, or told once in words; unless nobody knows whether it arrived. */
function results({ tools, wires, endedAt, notes, frames, plan }: CallReport): string[] {
  if (plan.ends !== undefined) return [];
  return tools.flatMap(({ id, endedAt: toolEndedAt, cancelled }) => {
    if (toolEndedAt === undefined || toolEndedAt > endedAt - 2_500) return [];
    const asker = wires.find(({ heard }) =>
      heard.some((one) => one.kind === "tool-call" && one.ids.includes(id)),
    );
    const taken = wires.filter((wire) => wire.results.some((one) => one.id === id));
    const told = wires.filter(({ texts: all }) => all.some(({ text }) => text.includes(id)));
    if (cancelled)
      return taken.length + told.length > 0 ? [`a result that nobody wanted was told: ${id}`] : [];
    const doubtful = notes.some(({ note }) => note.kind === "told-again" && note.id === id);
    const isFrozen = wires.some(({ frozen, leftAt }) => frozen && leftAt === undefined);
    if (taken.length + told.length === 0)
      return isFrozen || isAwayAt(wires, endedAt) ? [] : [`a result was lost: ${id}`];
    if (taken.some((wire) => wire !== asker)) return [`a result went to a session that did not ask: ${id}`];
    if (taken.length + told.length > 1 && !doubtful) return [`a result was told twice: ${id}`];
    return frames.length > 0 ? [] : [];
  });
}

/** Whoever says something is answered, and can hear it. */
function answers(report: CallReport): string[] {
  const { said, audibleAt, wires, frames, notes, plan, endedAt, speaking, tools } = report;
  const found: string[] = [];
  const told = frames.some(({ frame }) => frame.type === "client-notice");
  if (plan.staysMute) return told ? [] : ["nobody was told that the assistant is mute"];
  if (told) found.push("the client was told of a mute assistant that was not");
  if (plan.ends !== undefined) return found;
  const asked = said.filter(({ respond }) => respond);
  for (const [index, { at, kind }] of asked.entries()) {
    const until = Math.min(
      asked[index + 1]?.at ?? endedAt,
      speaking.find(({ from }) => from > at)?.from ?? endedAt,
      tools.find(({ startedAt }) => startedAt > at)?.startedAt ?? endedAt,
      endedAt,
    );
    if (audibleAt.some((one) => one > at && one <= until + 5_000)) continue;
    // One refusal is an answer, but not the next one.
    const before = wires
      .flatMap(({ heard }) => heard)
      .findLast((one) => one.kind === "turn-complete" && one.at < at);
    const wasRefused = before?.kind === "turn-complete" && before.refused;
    if (refusals(report, at, until) === 1 && !wasRefused) continue;
    if (until - at - awayMs(wires, at, until) > ANSWER_MS)
      found.push(`no answer to a ${kind} for ${until - at} ms`);
  }
  // What is owed is asked for as soon as there is somebody to ask.
  for (const [index, { liveAt, texts: words, leftAt, frozen, number }] of wires.entries()) {
    if (index === 0 || liveAt === undefined || frozen || (leftAt ?? endedAt) - liveAt < SOON_MS) continue;
    const last = asked.findLast(({ at }) => at < liveAt);
    const former = wires.slice(0, index).findLast((wire) => wire.liveAt !== undefined)?.leftAt ?? liveAt;
    if (
      !last ||
      last.at < former - 9_000 ||
      speaking.some(({ from, to }) => from < liveAt + 50 && to > former - 400)
    )
      continue;
    const isAnswered = audibleAt.some((at) => at > last.at && at < liveAt);
    const hasTools = tools.some(
      ({ startedAt, endedAt: over }) =>
        startedAt > last.at && startedAt < liveAt && (over ?? endedAt) > former - 100,
    );
    const refusedIt = refusals(report, last.at, liveAt) > 0;
    const wasAsked = words.some(({ at, wantsAnswer }) => wantsAnswer && at - liveAt < SOON_MS);
    if (!isAnswered && !hasTools && !refusedIt && !wasAsked)
      found.push(`connection ${number} was not asked for what is owed`);
  }
  // An answer that was cut goes on.
  for (const { at, note } of notes) {
    if (note.kind !== "cut" || speaking.some(({ from, to }) => from < at + 20 && to > at - 300)) continue;
    const next = wires.find(({ liveAt }) => liveAt !== undefined && liveAt > at);
    if (!next?.liveAt || next.frozen || (next.leftAt ?? endedAt) - next.liveAt < SOON_MS) continue;
    if (speaking.some(({ from }) => from > at && from < (next.liveAt ?? 0) + 50)) continue;
    const hasTools = tools.some(
      ({ startedAt, endedAt: over }) => startedAt < at && (over ?? endedAt) > at - 50,
    );
    if (hasTools) continue;
    if (
      !next.texts.some(
        ({ at: askedAt, wantsAnswer }) => wantsAnswer && askedAt - (next.liveAt ?? 0) < SOON_MS,
      )
    ) {
      found.push(`connection ${next.number} was not asked to go on`);
    }
  }
  return found;
}

/** Turns that the model refused. */
function refusals({ wires }: CallReport, from: number, to: number): number {
  const heard = wires.flatMap((wire) => wire.heard);
  return heard.filter((one) => one.kind === "turn-complete" && one.refused && one.at > from && one.at <= to)
    .length;
}

function awayMs(wires: readonly WireLog[], from: number, to: number): number {
  let away = 0;
  let leftAt: number | undefined;
  for (const wire of wires) {
    if (leftAt !== undefined) {
      const backAt = wire.liveAt ?? wire.leftAt ?? to;
      away += Math.max(0, Math.min(backAt, to) - Math.max(leftAt, from));
    }
    leftAt = wire.leftAt;
    if (wire.liveAt === undefined && leftAt === undefined) leftAt = wire.askedAt;
  }
  return away;
}

/** A mute model is met step by step, from the first one on. */
function steps({ notes, audibleAt, wires, endedAt }: CallReport): string[] {
  const LADDER = ["nudge", "resume", "fresh", "tell-client"];
  const found: string[] = [];
  let count = 0;
  let before = 0;
  for (const { at, note } of notes) {
    if (note.kind !== "mute") continue;
    if (audibleAt.some((one) => one > before && one < at)) count = 0;
    const expected = LADDER[count % LADDER.length];
    if (note.step !== expected)
      found.push(`step ${count + 1} against a mute model was ${note.step}, not ${expected}`);
    count += 1;
    before = at;
  }
  for (const { number, frozen, leftAt, liveAt } of wires) {
    if (!frozen || liveAt === undefined) continue;
    const until = Math.min(leftAt ?? endedAt, frozen.to);
    if (until - frozen.from > 100_000)
      found.push(`connection ${number} was dead for ${until - frozen.from} ms`);
  }
  return found;
}

/** Numbers of answers only rise, and what was cut off stays so. */
function generations({ frames }: CallReport): string[] {
  let newest = 0;
  let cancelled = 0;
  const found: string[] = [];
  for (const { frame } of frames) {
    if (!("generation" in frame)) continue;
    const { type, generation } = frame;
    if (type === "answer-started" && generation !== newest + 1)
      found.push(`answer ${generation} after ${newest}`);
    if (generation < newest) found.push(`${type} of answer ${generation} after ${newest} had begun`);
    newest = Math.max(newest, generation);
    if (type === "answer-ended") cancelled = generation;
    if (type === "answer-audio" && generation <= cancelled)
      found.push(`sound of answer ${generation} after its end`);
  }
  return found;
}
