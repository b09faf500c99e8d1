/**
 * What a start calls, in a process of its own: a Daily that makes every room after exactly as long as `DELAY_MS` says.
 * The emulator would do as well, but its own work would be measured with it.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

const Room = z.object({ name: z.string() });
const delayMs = Number(process.env.DELAY_MS);

const server = createServer(async (request, response) => {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  await sleep(delayMs);
  const { name } = request.method === "POST" ? Room.parse(JSON.parse(text)) : { name: "" };
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ id: "a-room", name, url: `http://daily.bench/${name}`, privacy: "private" }));
});
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo; // of a server that listens on TCP
  process.stdout.write(`${JSON.stringify({ event: "server.listening", url: `http://127.0.0.1:${port}` })}\n`);
});
process.on("SIGTERM", () => {
  server.close();
  server.closeAllConnections();
});
