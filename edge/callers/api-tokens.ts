import { z } from "zod";

/** A token that we gave out ourselves. */
export interface ApiToken {
  /** Whom it stands for. Without one it stands for itself. */
  name: string | undefined;
  token: string;
}

/** Below this a token could be guessed. 32 random characters are a good one. */
const MIN_TOKEN_CHARS = 16;
const MAX_TOKEN_CHARS = 256;
/** Each is compared with at every request. */
const MAX_TOKENS = 32;

/** What `Authorization: Bearer` can carry (RFC 6750). It holds no colon, so that a name can stand before one. */
const BEARER_CHARS = /^[A-Za-z0-9._~+/-]+=*$/;
const NAME = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * A list of tokens as a setting: `name:token` or bare tokens, separated by commas. Several tokens may have one name,
 * so that one can be replaced by the next without a gap; a bare token is a user of its own.
 */
export const ApiTokens = z.string().transform((text, context): ApiToken[] => {
  const parts = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const refuse = (message: string) => {
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  };
  if (parts.length > MAX_TOKENS) return refuse(`holds more than ${MAX_TOKENS} tokens`);
  const tokens: ApiToken[] = [];
  for (const [index, part] of parts.entries()) {
    const colon = part.indexOf(":");
    const token = part.slice(colon + 1);
    const name = colon === -1 ? undefined : part.slice(0, colon);
    // By its place and never by its text: this sentence is shown and logged.
    const which = `token ${index + 1}`;
    if (name !== undefined && !NAME.test(name))
      return refuse(`${which} has a name that is not 1 to 64 of A-Z a-z 0-9 . _ -`);
    if (token.length < MIN_TOKEN_CHARS)
      return refuse(`${which} is shorter than ${MIN_TOKEN_CHARS} characters`);
    if (token.length > MAX_TOKEN_CHARS)
      return refuse(`${which} is longer than ${MAX_TOKEN_CHARS} characters`);
    if (!BEARER_CHARS.test(token)) return refuse(`${which} holds characters that no bearer token may have`);
    if (tokens.some((other) => other.token === token)) return refuse(`${which} is there twice`);
    tokens.push({ name, token });
  }
  return tokens;
});
