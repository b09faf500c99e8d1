/** The page's end of the line to the benchmark: it is called by name, and tells events as they come. */

type Method = (...args: never[]) => unknown;

interface Request {
  id: number;
  method: string;
  args: unknown[];
}

/** Connects to where the page came from, offers the methods of `api`, and returns how to tell an event. */
export function serve<Event>(api: Record<string, Method>): (event: Event) => void {
  const name = new URLSearchParams(location.search).get("page") ?? "";
  const socket = new WebSocket(`ws://${location.host}/?page=${name}`);
  const tell = (message: unknown) => socket.send(JSON.stringify(message));
  socket.addEventListener("message", async ({ data }: MessageEvent<string>) => {
    // The other end is our own, which types both.
    const { id, method, args } = JSON.parse(data) as Request;
    try {
      const run = api[method] as ((...args: unknown[]) => unknown) | undefined;
      if (run === undefined) throw new Error(`There is no ${method}`);
      tell({ id, result: await run(...args) });
    } catch (error) {
      tell({ id, error: error instanceof Error ? error.message : JSON.stringify(error) });
    }
  });
  const early: Event[] = [];
  socket.addEventListener("open", () => {
    for (const event of early.splice(0)) tell({ event });
  });
  return (event) => {
    if (socket.readyState === WebSocket.CONNECTING) early.push(event);
    else tell({ event });
  };
}

/** Bytes as they travel in JSON. */
export function fromBase64(text: string): ArrayBuffer {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0)).buffer;
}

export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let from = 0; from < bytes.length; from += 8192) {
    text += String.fromCharCode(...bytes.subarray(from, from + 8192));
  }
  return btoa(text);
}
