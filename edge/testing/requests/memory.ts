import { z } from "zod";
import type { Answer, SentRequest } from "./exchange.ts";
import type { BodyPlan, CallerPlan, KeyPlan, PlannedRequest, SessionPlan } from "./planned-request.ts";

/** A session that was begun. */
export interface KnownSession {
  id: string;
  service: string;
  /** Which of the service's users began it; `undefined` for nobody. */
  user: number | undefined;
  /** Of its events; `/connect` does not tell it. */
  ticket: string | undefined;
  ended: boolean;
}

/** A start with a key that began a session. */
interface KeyedStart {
  key: string;
  path: string;
  body: BodyPlan;
  user: number | undefined;
  session: KnownSession;
}

interface Options {
  /** The tokens of a service's users. */
  tokensOf(service: string): readonly string[];
  /** The newest link token of a session's bot, as the bot host was sent it. */
  linkTokenOf(sessionId: string): Promise<string | undefined>;
  /** Whether a request has to be refused for what it is. */
  isRefused(request: SentRequest): boolean;
  /** How many sessions may be begun at most, those that come to nothing by what they meet included. */
  maxSessions: number;
}

/** Of each service the newest stay: older ones may have been forgotten by the service as well. */
const MAX_KNOWN = 40;
/** Of the sessions that may be begun. */
const SHARE_OF_TROUBLED = 0.3;
/** What becomes in turn of starts that may begin no session: half of them keep their own bodies. */
const SPARED = [
  { state: "living", same: true },
  { state: "living", same: false },
  { state: "ended", same: true },
  { state: "living", same: false },
] as const;
const NOBODY = "0".repeat(32);
const encoder = new TextEncoder();

const StartReply = z.object({ rtvi: z.object({ wsEndpoint: z.url() }) });
const View = z.object({ state: z.string() });
const SESSION_ID = "x-session-id";

/** What a request was, beside what is sent. */
export interface Resolved {
  request: SentRequest;
  plan: PlannedRequest;
  user: number | undefined;
  session: KnownSession | undefined;
  key: string | undefined;
}

/** What has been begun so far, by which a planned request becomes one that can be sent. */
export class Memory {
  readonly #options: Options;
  readonly #sessions = new Map<string, KnownSession[]>();
  readonly #keyed = new Map<string, KeyedStart[]>();
  #begun = 0;
  #troubled = 0;
  #keys = 0;
  /** Starts that were not to begin anything. */
  #spared = 0;

  constructor(options: Options) {
    this.#options = options;
  }

  /** How many sessions were begun and lived. */
  get begun(): number {
    return this.#begun;
  }

  /** How many starts met trouble: of each a session is kept as well, as one that failed. */
  get troubled(): number {
    return this.#troubled;
  }

  /**
   * @param progress how much of the run is done, from 0 to 1. Sessions are begun all through it: where as many as may
   * be by now are, a start comes under the key of an earlier one, which begins none; or with a body that is refused.
   */
  async resolve(planned: PlannedRequest, progress: number): Promise<Resolved> {
    const asPlanned = await this.#resolve(planned);
    const mayGoOut = this.#mayBegin(planned, progress) || this.#options.isRefused(asPlanned.request);
    const resolved = mayGoOut ? asPlanned : await this.#resolve(this.#withoutBeginning(planned));
    if (resolved.plan.trouble !== "none") this.#troubled += 1;
    return resolved;
  }

  async #resolve(planned: PlannedRequest): Promise<Resolved> {
    const { key: wanted } = planned;
    const earlier = wanted.kind === "again" ? this.#earlier(planned, wanted) : undefined;
    const isSame = wanted.kind === "again" && wanted.same;
    const plan = earlier
      ? { ...planned, path: earlier.path, body: isSame ? earlier.body : planned.body }
      : planned;
    const session = earlier ? earlier.session : this.#session(plan.service, plan.session);
    const user = earlier ? earlier.user : this.#user(plan, session);
    const key = earlier ? earlier.key : this.#key(plan);
    const authorization = earlier
      ? this.#bearer(plan.service, user)
      : await this.#authorization(plan, { user, session });
    const type = plan.body.kind === "none" ? undefined : plan.body.type;
    const headers = new Map<string, string>([
      ...plan.headers,
      ...(authorization === undefined ? [] : [["authorization", authorization] as const]),
      ...(key === undefined ? [] : [["idempotency-key", key] as const]),
      ...(type === undefined ? [] : [["content-type", type] as const]),
      // There is none but with GET: workerd makes one of every request that asks for it.
      ...(plan.upgrade && plan.method === "GET" ? [["upgrade", "websocket"] as const] : []),
    ]);
    const id = session?.id ?? (plan.session.kind === "text" ? plan.session.text : NOBODY);
    const request: SentRequest = {
      service: plan.service,
      method: plan.method,
      target: `${plan.path.replace("{id}", pathSegment(id))}${this.#query(plan, session)}`,
      headers: [...headers],
      body: plan.method === "GET" || plan.method === "HEAD" ? undefined : bytesOf(plan.body),
    };
    return { request, plan, user, session, key };
  }

  /** Learns from what was answered. */
  note({ plan, user, session, key }: Resolved, { status, headers, text }: Answer): void {
    if (session && isEnd(plan, { status, text })) session.ended = true;
    if (plan.method !== "POST") return;
    const id = headers.get(SESSION_ID);
    if (status !== 201 || id === null) return;
    this.#begun += 1;
    const reply = StartReply.safeParse(JSON.parse(text));
    const ticket = reply.success ? new URL(reply.data.rtvi.wsEndpoint).searchParams.get("ticket") : null;
    const begun: KnownSession = {
      id,
      service: plan.service,
      user,
      ticket: ticket ?? undefined,
      ended: false,
    };
    keepNewest(this.#sessions, plan.service, begun);
    if (key === undefined) return;
    const { path, body } = plan;
    keepNewest(this.#keyed, plan.service, { key, path, body, user, session: begun });
  }

  #mayBegin({ trouble }: PlannedRequest, progress: number): boolean {
    const troubled = Math.floor(this.#options.maxSessions * SHARE_OF_TROUBLED);
    const [count, most] =
      trouble === "none" ? [this.#begun, this.#options.maxSessions - troubled] : [this.#troubled, troubled];
    return count < most && count <= most * progress;
  }

  #withoutBeginning(plan: PlannedRequest): PlannedRequest {
    if (plan.method !== "POST" || plan.path.includes("{id}")) return plan;
    if (this.#keyed.has(plan.service)) {
      this.#spared += 1;
      const which = this.#spared;
      const turn = SPARED[which % SPARED.length] ?? SPARED[0];
      const key: KeyPlan = plan.key.kind === "again" ? plan.key : { kind: "again", which, ...turn };
      return { ...plan, key, trouble: "none" };
    }
    return { ...plan, body: { kind: "text", text: "[]", type: "application/json" }, trouble: "none" };
  }

  #session(service: string, plan: SessionPlan): KnownSession | undefined {
    if (plan.kind === "text") return undefined;
    const known =
      plan.state === "keyed"
        ? (this.#keyed.get(service) ?? []).map(({ session }) => session)
        : (this.#sessions.get(service) ?? []);
    const wanted = known.filter(({ ended }) => plan.state === "any" || ended === (plan.state === "ended"));
    return wanted[plan.which % wanted.length];
  }

  /** One of this address if there is one. */
  #earlier(
    { service, path }: PlannedRequest,
    { state, which }: Extract<KeyPlan, { kind: "again" }>,
  ): KeyedStart | undefined {
    const known = this.#keyed.get(service) ?? [];
    const here = known.filter((each) => each.path === path);
    const inState = here.filter(({ session }) => session.ended === (state === "ended"));
    const wanted = [inState, here, known].find(({ length }) => length > 0) ?? [];
    return wanted[which % wanted.length];
  }

  #key({ key }: PlannedRequest): string | undefined {
    if (key.kind === "text") return key.text;
    if (key.kind === "none") return undefined;
    this.#keys += 1;
    return `a-key-that-nobody-guesses-${this.#keys}`;
  }

  #user({ service, caller }: PlannedRequest, session: KnownSession | undefined): number | undefined {
    const users = this.#options.tokensOf(service).length;
    if (caller.kind === "owner") return session?.user;
    return caller.kind === "user" && users > 0 ? caller.which % users : undefined;
  }

  async #authorization(
    { service, caller }: { service: string; caller: CallerPlan },
    { user, session }: { user: number | undefined; session: KnownSession | undefined },
  ): Promise<string | undefined> {
    if (caller.kind === "text") return caller.authorization;
    if (caller.kind !== "bot") return this.#bearer(service, user);
    const of = caller.of === "own" ? session : this.#other(session);
    const token = of && (await this.#options.linkTokenOf(of.id));
    return token === undefined ? undefined : `Bearer ${token}`;
  }

  #bearer(service: string, user: number | undefined): string | undefined {
    const token = user === undefined ? undefined : this.#options.tokensOf(service)[user];
    return token === undefined ? undefined : `Bearer ${token}`;
  }

  #other(session: KnownSession | undefined): KnownSession | undefined {
    return [...this.#sessions.values()].flat().find((each) => each !== session);
  }

  #query({ query }: PlannedRequest, session: KnownSession | undefined): string {
    const given = query.map(([name, value]) => {
      if (typeof value === "string") return [name, value];
      return [name, (value.ticket === "own" ? session : this.#other(session))?.ticket ?? ""];
    });
    // Lone surrogates are nothing that could be sent.
    const text = new URLSearchParams(given.map(([name = "", value = ""]) => [name, value.toWellFormed()]));
    return given.length === 0 ? "" : `?${text}`;
  }
}

/** Whether an answer tells that the session it is about has ended. */
function isEnd({ method, path }: PlannedRequest, { status, text }: Pick<Answer, "status" | "text">): boolean {
  // To a start under its key.
  if (status === 410) return true;
  if (status !== 200 || method === "HEAD" || !path.includes("{id}")) return false;
  const view = View.safeParse(JSON.parse(text));
  return view.success && (view.data.state === "completed" || view.data.state === "failed");
}

/** As it is sent: what is escaped stays so, what cannot be in a path is escaped. */
function pathSegment(id: string): string {
  return id.toWellFormed().replace(/[^\x21-\x7e]|[?#/\\]/gu, encodeURIComponent);
}

function bytesOf(body: BodyPlan): Uint8Array | undefined {
  switch (body.kind) {
    case "none":
      return undefined;
    case "text":
      return encoder.encode(body.text);
    case "filled":
      return encoder.encode(`${body.before}${" ".repeat(body.bytes)}${body.after}`);
    case "bytes":
      return Uint8Array.from(body.bytes, (character) => character.charCodeAt(0));
  }
}

function keepNewest<Item>(lists: Map<string, Item[]>, name: string, item: Item): void {
  const list = lists.get(name) ?? [];
  list.push(item);
  if (list.length > MAX_KNOWN) list.shift();
  lists.set(name, list);
}
