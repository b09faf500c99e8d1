import { randomBytes } from "node:crypto";
import { z } from "zod";
import { type Close, Closes } from "./closes.ts";
import { PartialSetup, Setup } from "./setup.ts";
import { accept, type Parsed, refuse } from "./wire-json.ts";

/**
 * Ephemeral tokens: what a server buys with its key, so that a browser can hold a session without it. The rules are
 * those of `AuthToken` in the Gemini API's reference (https://ai.google.dev/api/live) and of
 * https://ai.google.dev/gemini-api/docs/ephemeral-tokens.
 */

/** The name of every token, and the form of the credential that it is. */
const NAME_PREFIX = "auth_tokens/";

const DEFAULT_LIFETIME_MS = 30 * 60_000;
const DEFAULT_NEW_SESSION_MS = 60_000;
const MAX_LIFETIME_MS = 20 * 3_600_000;

const Timestamp = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

const SETUP_FIELDS: ReadonlySet<string> = new Set(Object.keys(Setup.shape));

/** `model,generationConfig.temperature`: fields of a setup, or fields of these. */
const FieldMask = z
  .string()
  .transform((text) => text.split(",").filter((path) => path !== ""))
  .refine((paths) => paths.every(isSetupPath), { error: "names what is no field of a setup" });

function isSetupPath(path: string): boolean {
  const [field = "", inner, ...rest] = path.split(".");
  return SETUP_FIELDS.has(field) && inner !== "" && rest.length === 0;
}

/** Body of `POST /v1alpha/auth_tokens`. */
export const AuthTokenRequest = z.strictObject({
  /** Sessions that can be begun; 0 for any number. */
  uses: z.int32().nonnegative().default(1),
  expireTime: Timestamp.optional(),
  newSessionExpireTime: Timestamp.optional(),
  bidiGenerateContentSetup: PartialSetup.optional(),
  fieldMask: FieldMask.optional(),
});
export type AuthTokenRequest = z.output<typeof AuthTokenRequest>;

/** What a connection's credential allows. */
export interface Access {
  /** The setup that takes effect when the client asks for this one; counts as a use. */
  admit(setup: Setup): Parsed<Setup>;
  /** How Google closes on the next message, once the credential is no longer good. */
  expired(): Close | undefined;
}

export type TokenAccess = { kind: "good"; access: Access } | { kind: "expired" } | { kind: "unknown" };

/** A key allows everything. */
export const KEY_ACCESS: Access = { admit: accept, expired: () => undefined };

interface Token {
  /** Sessions that can still be begun. */
  usesLeft: number;
  expiresAtMs: number;
  newSessionUntilMs: number;
  setup: PartialSetup | undefined;
  /** `undefined`: the setup of the token is all that counts, where there is one. */
  mask: readonly string[] | undefined;
}

/** Tokens that are kept; the oldest is forgotten first. */
const MAX_TOKENS = 10_000;

/** Ephemeral tokens of one server. */
export class AuthTokenStore {
  readonly #tokens = new Map<string, Token>();
  readonly #now: () => number;

  /** @param now Unix time in milliseconds, as the times of a token are */
  constructor(now: () => number = () => Date.now()) {
    this.#now = now;
  }

  get size(): number {
    return this.#tokens.size;
  }

  /** The new token's name, or why there is none. */
  create(request: AuthTokenRequest): Parsed<string> {
    const now = this.#now();
    const expiresAtMs = request.expireTime ?? now + DEFAULT_LIFETIME_MS;
    const newSessionUntilMs = request.newSessionExpireTime ?? now + DEFAULT_NEW_SESSION_MS;
    for (const [field, atMs] of [
      ["expire_time", expiresAtMs],
      ["new_session_expire_time", newSessionUntilMs],
    ] as const) {
      if (atMs <= now) return refuse(Closes.badValue(field, "is in the past"));
      if (atMs - now >= MAX_LIFETIME_MS) return refuse(Closes.badValue(field, "is 20 hours away or more"));
    }
    const name = `${NAME_PREFIX}${randomBytes(32).toString("hex")}`;
    this.#tokens.set(name, {
      usesLeft: request.uses === 0 ? Number.POSITIVE_INFINITY : request.uses,
      expiresAtMs,
      newSessionUntilMs,
      setup: request.bidiGenerateContentSetup,
      mask: request.fieldMask && request.fieldMask.length > 0 ? request.fieldMask : undefined,
    });
    this.#forget(now);
    return accept(name);
  }

  /** What a new connection with this token may do. It counts as a use once it is set up. */
  access(name: string): TokenAccess {
    const token = this.#tokens.get(name);
    if (!token) return { kind: "unknown" };
    const expired = () => (this.#now() >= token.expiresAtMs ? Closes.tokenExpired : undefined);
    if (expired() || this.#now() >= token.newSessionUntilMs) return { kind: "expired" };
    return { kind: "good", access: { admit: (setup) => admit(token, setup), expired } };
  }

  #forget(now: number): void {
    for (const [name, { expiresAtMs }] of this.#tokens) {
      if (this.#tokens.size <= MAX_TOKENS && expiresAtMs > now) break;
      this.#tokens.delete(name);
    }
  }
}

/** Carrying a session on is no use of its own. */
function admit(token: Token, asked: Setup): Parsed<Setup> {
  const effective = Setup.safeParse(constrain(token, asked));
  if (!effective.success)
    return refuse(Closes.badArgument("The token and the setup together have no model."));
  if (!effective.data.sessionResumption?.handle) {
    if (token.usesLeft <= 0) return refuse(Closes.tokenUsedUp);
    token.usesLeft--;
  }
  return accept(effective.data);
}

type Fields = Record<string, unknown>;

/**
 * The token's fields take the place of the client's: all of them without a mask, those of the mask with one, also where
 * the token has no such field.
 */
function constrain({ setup, mask }: Token, asked: Setup): Fields {
  if (!mask) return { ...(setup ?? asked) };
  return mask.reduce<Fields>((fields, path) => replaced(fields, path.split("."), { ...setup }), { ...asked });
}

function replaced(fields: Fields, [field = "", ...inner]: readonly string[], source: Fields): Fields {
  const value =
    inner.length === 0 ? source[field] : replaced(fieldsOf(fields[field]), inner, fieldsOf(source[field]));
  const { [field]: _, ...others } = fields;
  return value === undefined ? others : { ...others, [field]: value };
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
