import type { SigningKey } from "../../protocol/signing.ts";
import type { BotAddress } from "./bot-address.ts";
import { HttpBotHost } from "./http-bot-host.ts";

/** A bot runtime at an address. */
export function urlBotHost({ url, region }: BotAddress, key: SigningKey): HttpBotHost {
  const base = new URL(`${url}/`);
  return new HttpBotHost({
    // With the path: two hosts behind one proxy must not be taken for each other when one is told to stop a bot.
    id: `${base.host}${base.pathname}`.replace(/\/+$/, ""),
    region,
    order: 0,
    base,
    key,
    send: (address, request) => fetch(address, request),
  });
}
