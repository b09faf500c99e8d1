/**
 * A bot host without bots: `bot-host.ts`, with PORT. It answers start signals as a host does. Two addresses are for
 * whoever tests the edge: `POST /_test/refuse` has it refuse the next signal, `POST /_test/accept` accept it after all;
 * `GET /_test/links/{session}` is the newest link token that it was sent for a session. Signatures are not checked here;
 * the bot runtime's own tests do that.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { StartSignal } from "../../../protocol/bot-host.ts";

const LOAD = { active: 0, capacity: 1_000 };
const LINKS = "/_test/links/";

const linkTokens = new Map<string, string>();
let refusesNext = false;

const server = createServer((request, response) => {
  void answer(request, response);
});
server.listen(Number(process.env.PORT ?? 0), "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo; // of a server that listens on TCP
  process.stdout.write(`${JSON.stringify({ event: "server.listening", url: `http://127.0.0.1:${port}` })}\n`);
});
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    server.close();
    server.closeAllConnections();
  });
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const text = await textOf(request);
  const { method, url = "" } = request;
  if (url.startsWith(LINKS)) return reply(response, 200, { token: linkTokens.get(url.slice(LINKS.length)) });
  if (url === "/_test/refuse" || url === "/_test/accept") {
    refusesNext = url === "/_test/refuse";
    return reply(response, 200, {});
  }
  if (method === "GET") return reply(response, 200, { ...LOAD, status: "ok", draining: false });
  if (method === "DELETE") return reply(response, 200, { ...LOAD, stopped: true });
  const { sessionId, attempt, link } = StartSignal.parse(JSON.parse(text));
  // A start is to be refused, and not a bot that takes over in a session that was begun before.
  if (refusesNext && attempt === 1) {
    refusesNext = false;
    return reply(response, 503, {});
  }
  linkTokens.set(sessionId, link.token);
  return reply(response, 202, { ...LOAD, sessionId, attempt });
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return text;
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
