import { SignJWT } from "jose";
import { z } from "zod";
import { EMULATED_DAILY } from "../../../protocol/development.ts";
import type { BareBrowser, BarePage } from "../../common/bare-page/bare-page.ts";
import { SILENT_AFTER_MS } from "./bot-call.ts";

const TRACK_WITHIN_MS = 15_000;
const TOKEN_S = 3_600;
const Room = z.object({ name: z.string(), url: z.url() });

/** Two bare pages in a room, each in a browser of its own, as a user's is not the bot's. */
export interface BarePair extends AsyncDisposable {
  /** In the users' browser. */
  near: BarePage;
  far: BarePage;
}

/** Resolves once each has the other's track. */
export async function joinPair(
  dailyUrl: string,
  { near, far }: { near: BareBrowser; far: BareBrowser },
): Promise<BarePair> {
  const room = await createRoom(dailyUrl);
  await using opened = new AsyncDisposableStack();
  const pages = await Promise.all([near.newPage(), far.newPage()]);
  for (const page of pages) opened.use(page);
  const tracks = pages.map((page) => page.next("track", TRACK_WITHIN_MS));
  const joins = pages.map(async (page, index) =>
    page.join({ url: room.url, token: await tokenFor(room.name, `bare-${index}`), holdMs: SILENT_AFTER_MS }),
  );
  await Promise.all([...joins, ...tracks]);
  const [nearPage, farPage] = pages;
  const owned = opened.move();
  return { near: nearPage, far: farPage, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function createRoom(dailyUrl: string): Promise<z.output<typeof Room>> {
  const response = await fetch(`${dailyUrl}/v1/rooms`, {
    method: "POST",
    headers: { authorization: `Bearer ${EMULATED_DAILY.apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ privacy: "private" }),
  });
  if (!response.ok) throw new Error(`No room: ${response.status} ${await response.text()}`);
  return Room.parse(await response.json());
}

function tokenFor(room: string, userId: string): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const claims = { r: room, d: EMULATED_DAILY.domainId, ud: userId, u: userId, o: true };
  return new SignJWT({ ...claims, iat: now, exp: now + TOKEN_S })
    .setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(EMULATED_DAILY.apiKey));
}
