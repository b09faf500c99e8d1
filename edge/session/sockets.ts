/** Idempotent: closing a socket that is closed already is no event. */
export function closeSocket(socket: WebSocket, code: number, reason: string): void {
  if (socket.readyState === WebSocket.OPEN) socket.close(code, reason);
}

/**
 * Completes a close that the other side began. The platform leaves that to us for sockets that hibernate, whatever the
 * compatibility date: without this the other would wait for its answer, and give the connection up as broken.
 */
export function answerClose(socket: WebSocket): void {
  if (socket.readyState === WebSocket.CLOSING) socket.close(1000);
}

/**
 * Answers an upgrade with a socket that only says why there is none. It has to be a real one: a browser is not told why
 * an upgrade was refused, and to a bot it would look like one more lost network.
 */
export function turnAway(code: number, reason: string, lastWord?: unknown): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  if (lastWord !== undefined) server.send(JSON.stringify(lastWord));
  server.close(code, reason);
  return new Response(null, { status: 101, webSocket: client });
}
