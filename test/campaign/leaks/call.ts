import { EMULATED_DAILY } from "../../../protocol/development.ts";
import { SessionView } from "../../../protocol/session.ts";
import { isBotUserId } from "../../../protocol/user-id.ts";
import type { Recording } from "../../support/audio.ts";
import type { Stack } from "../../support/stack.ts";
import type { User, UserBrowser } from "../../support/user.ts";
import { ask, askJson } from "./ask.ts";
import type { PlannedCall } from "./plan.ts";
import { pollUntil, presentIn } from "./rest.ts";
import type { EndedCall } from "./verdict.ts";

const HEARD_WITHIN_MS = 10_000;
const ENDED_WITHIN_MS = 15_000;

export interface Callers {
  stack: Stack;
  browser: UserBrowser;
  speech: Recording;
}

/**
 * One call from connecting to the end of its session. `resident` makes it, unless it ends with a closed tab: that
 * is a tab of its own.
 */
export async function makeCall(callers: Callers, resident: User, planned: PlannedCall): Promise<EndedCall> {
  const { stack, browser, speech } = callers;
  const visits = planned.end === "close-tab";
  const user = visits ? await browser.newUser() : resident;
  let left = false;
  try {
    await user.connect(`${stack.edge.url}/api/rtvi/start`, `${stack.daily.url}/call-machine`);
    const sessionId = await user.sessionId();
    const heardMs = await pollUntil(
      () => user.heardMs(),
      (heard) => heard >= planned.hearMs,
      HEARD_WITHIN_MS,
    );
    if (heardMs < planned.hearMs) throw new Error(`Session ${sessionId}: the user heard only ${heardMs} ms`);
    await user.speak({
      ...speech,
      samples: speech.samples.subarray(0, (planned.sayMs / 1000) * speech.sampleRate),
    });
    await end(stack, user, { sessionId, way: planned.end });
    left = visits;
    const view = await pollUntil(
      () => sessionView(stack, sessionId),
      ({ endedAt }) => endedAt !== undefined,
      ENDED_WITHIN_MS,
    );
    const { state, reason, endedAt } = view;
    return { sessionId, end: planned.end, state, reason, endedAt };
  } finally {
    if (visits && !left) await user[Symbol.asyncDispose]();
    if (!visits) {
      // Whoever ended the call: a user who is told that it is over closes it too.
      await user.hangUp();
      await user.forget();
    }
  }
}

async function end(
  stack: Stack,
  user: User,
  { sessionId, way }: { sessionId: string; way: PlannedCall["end"] },
): Promise<void> {
  switch (way) {
    case "hang-up":
      return user.hangUp();
    case "stop":
      await ask(`${stack.edge.url}/api/rtvi/${sessionId}/stop`, { method: "POST" });
      return;
    case "close-tab":
      return user[Symbol.asyncDispose]();
    case "eject-user":
    case "eject-bot": {
      const { room } = await sessionView(stack, sessionId);
      const present = await presentIn(stack, room.name);
      const ejected = present.filter((id) => isBotUserId(id) === (way === "eject-bot"));
      await ask(`${stack.daily.url}/v1/rooms/${room.name}/eject`, {
        method: "POST",
        headers: { authorization: `Bearer ${EMULATED_DAILY.apiKey}` },
        body: { user_ids: ejected },
      });
    }
  }
}

function sessionView(stack: Stack, sessionId: string): Promise<SessionView> {
  return askJson(SessionView, `${stack.edge.url}/api/rtvi/${sessionId}`);
}
