import { z } from "zod";
import { REGIONS, type Region } from "./regions.ts";

/** Where a bot runtime can be reached. */
export interface BotAddress {
  /** Without a trailing slash. */
  url: string;
  region: Region | undefined;
}

const ADDRESS =
  "each must be an http or https address, without credentials, query or fragment, such as https://bots.example.com or weur=https://bots.example.com";
const REGION = `a region must be one of ${REGIONS.join(" ")}`;

/** `https://bots.example.com`, or with its region before it: `weur=https://bots.example.com`. */
export const BotAddress = z.string().transform((text, context): BotAddress => {
  const refuse = (message: string) => {
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  };
  // An address has no "=" before its scheme.
  const [, name, address = text] = /^([\w-]*)=(.*)$/s.exec(text) ?? [];
  const region = REGIONS.find((known) => known === name);
  if (name !== undefined && region === undefined) return refuse(REGION);
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || `${url.username}${url.password}${url.search}${url.hash}`) {
    return refuse(ADDRESS);
  }
  // Not `href`, which keeps a "?" or "#" with nothing behind it: what is put after that is no path.
  return { url: `${url.origin}${url.pathname}`.replace(/\/+$/, ""), region };
});

/** One address of two regions, or twice in the list, is a mistake: it would be asked twice for one place. */
export function namesNoneTwice(addresses: readonly BotAddress[]): boolean {
  return new Set(addresses.map(({ url }) => url)).size === addresses.length;
}
