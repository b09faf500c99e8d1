import {
  type ConnectReply,
  ConnectRequest,
  SESSION_ID_HEADER,
  StartRequest,
} from "../../protocol/session.ts";
import { readBody } from "../http/body.ts";
import type { EdgeContext } from "../http/context.ts";
import { start } from "./sessions.ts";

/**
 * `POST /connect`: 201 (200 as for a start) with the room and the token and nothing else, for clients whose daily-js throws at a
 * field that it does not know. The session id is in a header.
 */
export async function connect(c: EdgeContext): Promise<Response> {
  const { language } = await readBody(c.req.raw, ConnectRequest);
  const request = StartRequest.parse(language === undefined ? {} : { user: { locale: language } });
  const { sessionId, room, token, begun } = await start(c, request);
  const reply: ConnectReply = { room_url: room.url, token };
  return c.json(reply, begun ? 201 : 200, { [SESSION_ID_HEADER]: sessionId });
}
