import { z } from "zod";
import { propertiesOf, TokenProperties } from "../core/token-properties.ts";
import { readToken, signToken } from "../core/tokens.ts";
import { dailyError, json, type Reply } from "../http.ts";
import type { RestCall } from "./context.ts";
import { parseBody, parseQuery } from "./parse.ts";

/** Body of `POST /meeting-tokens`. */
const CreateToken = z.strictObject({ properties: TokenProperties.default({}) });

/** Of `GET /meeting-tokens/:token`. */
const ValidateQuery = z.strictObject({ ignoreNbf: z.enum(["true", "false"]).optional() });

export async function createToken({ context, body }: RestCall): Promise<Reply> {
  const { properties } = parseBody(CreateToken, body);
  return json(200, { token: await signToken(properties, context.issuer) });
}

/** Says what a token of this domain holds, whoever signed it; an error where it opens nothing now. */
export async function validateToken({ context, name: token, query }: RestCall): Promise<Reply> {
  const { ignoreNbf } = parseQuery(ValidateQuery, query);
  const read = await readToken(token, context.issuer);
  if (!read.ok) return dailyError("invalid-request-error", read.error.msg);
  const { claims } = read;
  const nowS = Date.now() / 1000;
  if (claims.exp !== undefined && nowS >= claims.exp) {
    return dailyError("invalid-request-error", "The meeting token has expired.");
  }
  if (claims.nbf !== undefined && nowS < claims.nbf && ignoreNbf !== "true") {
    return dailyError("invalid-request-error", "The meeting token is not valid yet.");
  }
  return json(200, propertiesOf(claims));
}
