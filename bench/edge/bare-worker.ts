/** The floor of the edge: a Worker that makes the one call, and one object that knows one thing. */

interface Env {
  DAILY_API_URL: string;
  OBJECTS: { idFromName(name: string): unknown; get(id: unknown): { fetch(url: string): Promise<Response> } };
}

interface Storage {
  get(key: string): Promise<unknown>;
  put(key: string, value: unknown): Promise<void>;
}

/** One object for each name, with one stored value. */
export class Bare {
  readonly #storage: Storage;

  constructor({ storage }: { storage: Storage }) {
    this.#storage = storage;
  }

  async fetch(request: Request): Promise<Response> {
    if (new URL(request.url).pathname === "/put") await this.#storage.put("value", { state: "starting" });
    return Response.json((await this.#storage.get("value")) ?? {});
  }
}

async function makeRoom(request: Request, env: Env): Promise<unknown> {
  const wanted: unknown = await request.json();
  const made = await fetch(`${env.DAILY_API_URL}/rooms`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "bare", wanted }),
  });
  return made.json();
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/start") return Response.json(await makeRoom(request, env), { status: 201 });
    if (pathname === "/start-with-object") {
      const object = env.OBJECTS.get(env.OBJECTS.idFromName(crypto.randomUUID()));
      const [room] = await Promise.all([makeRoom(request, env), object.fetch("http://object/put")]);
      return Response.json(room, { status: 201 });
    }
    if (pathname.startsWith("/objects/")) {
      const object = env.OBJECTS.get(env.OBJECTS.idFromName(pathname));
      return object.fetch(`http://object/${request.method === "POST" ? "put" : "get"}`);
    }
    return Response.json({ status: "ok" });
  },
};
