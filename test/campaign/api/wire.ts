import { randomBytes } from "node:crypto";
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { type Answer, headerOf, type SentRequest } from "../../../edge/testing/requests/exchange.ts";

const TIMEOUT_MS = 20_000;

/**
 * Sends requests over TCP just as they are: `fetch` would put its own headers among them, and asks for no WebSocket. One
 * connection after the other is used again, as a proxy does.
 */
export class Wire implements Disposable {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(url: string) {
    this.#url = url;
  }

  /** @throws Error when there is no answer in time, or one that is no HTTP */
  async send(sent: SentRequest): Promise<Answer> {
    const { method, target, headers, body } = sent;
    const isUpgrade = headerOf(sent, "upgrade") !== undefined;
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = httpRequest(`${this.#url}${target}`, {
      method,
      // In a URL object it would be written anew.
      path: target,
      agent: isUpgrade ? false : this.#agent,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        ...Object.fromEntries(headers),
        "content-length": body?.byteLength ?? 0,
        ...(isUpgrade ? upgradeHeaders() : {}),
      },
    });
    request.once("response", resolve).once("error", reject);
    request.once("upgrade", (response, socket) => {
      socket.destroy();
      resolve(response);
    });
    request.end(body);
    const response = await promise;
    return {
      status: response.statusCode ?? 0,
      headers: headersOf(response),
      text: response.statusCode === 101 ? "" : await textOf(response),
    };
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

function upgradeHeaders(): Record<string, string> {
  return {
    connection: "Upgrade",
    "sec-websocket-version": "13",
    "sec-websocket-key": randomBytes(16).toString("base64"),
  };
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    headers.append(rawHeaders[index] ?? "", rawHeaders[index + 1] ?? "");
  }
  return headers;
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += chunk;
  return text;
}
