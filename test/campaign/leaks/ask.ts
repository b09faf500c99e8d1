/** What the programs of the stack say of themselves. No connection is kept, since connections are counted. */
import { request } from "node:http";
import type { z } from "zod";

export interface Asked {
  method?: "GET" | "POST";
  headers?: Record<string, string>;
  body?: unknown;
}

/** @throws Error when the answer is not 2xx */
export async function ask(url: string, { method = "GET", headers = {}, body }: Asked = {}): Promise<string> {
  const text = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const type = body === undefined ? {} : { "content-type": "application/json" };
    // Without an agent there is no pool: the connection is closed with the answer.
    const asking = request(url, { method, agent: false, headers: { ...type, ...headers } }, (answer) => {
      let received = "";
      answer.setEncoding("utf8").on("data", (part: string) => {
        received += part;
      });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text: received })).on("error", reject);
    });
    asking.on("error", reject);
    asking.end(body === undefined ? undefined : JSON.stringify(body));
  });
  if (text.status < 200 || text.status > 299)
    throw new Error(`${method} ${url}: ${text.status} ${text.text}`);
  return text.text;
}

export async function askJson<Shape>(
  shape: z.ZodType<Shape>,
  url: string,
  asked: Asked = {},
): Promise<Shape> {
  return shape.parse(JSON.parse(await ask(url, asked)));
}
