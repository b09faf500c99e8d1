import { z } from "zod";
import { type ApiToken, ApiTokens } from "./api-tokens.ts";

/** An OpenID provider, as far as its tokens are concerned. */
export interface OpenIdSettings {
  /** Where its public keys are (`jwks_uri` of its discovery document). */
  jwksUrl: string;
  /** Claim `iss`, to the letter: some providers end it with a slash. */
  issuer: string;
  /** Claim `aud`: this service, and nothing else that the provider gives tokens for. */
  audience: string;
}

/** Who may call. */
export interface Access {
  /** Callers without a token are served. */
  anonymous: boolean;
  apiTokens: readonly ApiToken[];
  operatorTokens: readonly ApiToken[];
  openId: OpenIdSettings | undefined;
}

export const ACCESS_VARIABLES = {
  API_TOKENS: ApiTokens.default([]),
  OPERATOR_TOKENS: ApiTokens.default([]),
  AUTH_JWKS_URL: z.url({ protocol: /^https?$/, error: "must be an http or https address" }).optional(),
  AUTH_ISSUER: z.string().max(512).optional(),
  AUTH_AUDIENCE: z.string().max(512).optional(),
  ALLOW_ANONYMOUS: z.stringbool({ error: "must be true or false" }).optional(),
};
const Variables = z.object(ACCESS_VARIABLES);

/**
 * Development is open as long as nothing says otherwise. Production never is by itself: there it has to be asked for.
 * @returns sentences, each naming the setting, beside what could be read.
 */
export function accessOf(
  variables: z.output<typeof Variables>,
  { production }: { production: boolean },
): { access: Access; problems: string[] } {
  const { API_TOKENS: apiTokens, OPERATOR_TOKENS: operatorTokens } = variables;
  const { AUTH_JWKS_URL: jwksUrl, AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience } = variables;
  const problems: string[] = [];
  const openId = jwksUrl && issuer && audience ? { jwksUrl, issuer, audience } : undefined;

  const ofProvider = Object.entries({ AUTH_JWKS_URL: jwksUrl, AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience });
  const missing = ofProvider.filter(([, value]) => value === undefined).map(([name]) => name);
  if (missing.length > 0 && missing.length < ofProvider.length) {
    problems.push(
      `${missing.join(" and ")} missing: AUTH_JWKS_URL, AUTH_ISSUER and AUTH_AUDIENCE go together.`,
    );
  }
  if (production && jwksUrl !== undefined && !jwksUrl.startsWith("https://")) {
    problems.push("AUTH_JWKS_URL must be https in production.");
  }
  if (apiTokens.some(({ token }) => operatorTokens.some((other) => other.token === token))) {
    problems.push("A token of OPERATOR_TOKENS is in API_TOKENS as well.");
  }
  const hasUsers = apiTokens.length > 0 || missing.length < ofProvider.length;
  const anonymous = variables.ALLOW_ANONYMOUS ?? (!production && !hasUsers);
  if (!anonymous && !hasUsers) {
    problems.push(
      "ALLOW_ANONYMOUS is not true and no way to authenticate callers is configured (API_TOKENS, AUTH_JWKS_URL); nobody could start a session.",
    );
  }
  return { access: { anonymous, apiTokens, operatorTokens, openId }, problems };
}
