import fc, { type Arbitrary } from "fast-check";
import { fromSchema } from "./from-schema.ts";
import {
  anyJson,
  brokenJson,
  deepJson,
  foreignTypes,
  headerText,
  jsonTypes,
  noise,
  spoilt,
} from "./hostile.ts";
import type { JsonSchema, OpenApi, Operation } from "./open-api.ts";
import type {
  BodyPlan,
  CallerPlan,
  KeyPlan,
  PlannedRequest,
  Service,
  SessionPlan,
} from "./planned-request.ts";

interface Options {
  services: readonly Service[];
  origins: { allowed: readonly string[]; foreign: readonly string[] };
  /** The largest body, in bytes. */
  maxBodyBytes: number;
  /** What can be sent in a header. */
  headerCharacters: "ascii" | "latin1";
  /** A few rooms that are not the service's own. */
  rooms: readonly string[];
}

type Parts = Partial<Omit<PlannedRequest, "service" | "method" | "path">>;
interface Recipe {
  /** How often it comes, against the others of its operation. */
  weight: number;
  parts: Arbitrary<Parts>;
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const TICKET = "ticket";
const DEEP = "deep";
/** Ids that could be a session's, and are nobody's: few, since each that is asked for wakes an object. */
const NOBODIES = [0, 1, 2, 3].map((n) => `${n}`.repeat(32));
const LANGUAGES = ["en-US", "de", "fr-CA", "nl", "it-IT", "es-419"];
/** Above what the service reads of a body, in bytes. */
const TOO_MANY_BYTES = 66_000;

const index = fc.nat({ max: 999 });

/** Requests for every operation of a document, as it describes them, and as it does not. */
export function requestsOf(api: OpenApi, options: Options): Arbitrary<PlannedRequest> {
  const perService = options.services.map((service) => {
    const perOperation = api.operations.map((operation) => ({
      weight: weightOf(operation, service),
      arbitrary: requestsTo(operation, service, options),
    }));
    const anywhere = fc.oneof(...perOperation, { weight: 2, arbitrary: toNowhere(api, service, options) });
    return { weight: service.share, arbitrary: anywhere };
  });
  return fc.oneof(...perService);
}

/**
 * Where all works, those that take a body have more that can be wrong, and those of a session are asked of many. A
 * service that only refuses does so alike, but where `deep` asks for more.
 */
function weightOf({ body, parameters }: Operation, { works }: Service): number {
  if (!works) return hasDeep(parameters) ? 3 : 1;
  if (body) return 8;
  return parameters.length === 0 ? 3 : 4;
}

/** How often by its method, against once by others: the more can be said, the more often. */
function asDescribedOften({ body, parameters }: Operation): number {
  if (body) return 6;
  return parameters.length === 0 ? 1 : 2;
}

function hasDeep(parameters: Operation["parameters"]): boolean {
  return parameters.some(({ name }) => name === DEEP);
}

function requestsTo(operation: Operation, service: Service, options: Options): Arbitrary<PlannedRequest> {
  const base = fc.record({
    session: sessions,
    query: queryOf(operation),
    caller: callersOf(service, options),
    upgrade: fc.constant(isUpgrade(operation)),
  });
  const recipes = operation.body
    ? bodyRecipes(operation.body, { service, options })
    : plainRecipes(operation, service);
  const asDescribed = fc
    .tuple(
      base,
      fc.oneof(...recipes.map(({ weight, parts }) => ({ weight, arbitrary: parts }))),
      noises(options),
    )
    .map(([some, more, headers]) =>
      planned({ service, method: operation.method, path: operation.path }, { ...some, headers, ...more }),
    );
  const otherwise = fc
    .tuple(base, otherMethods(options), originOf(options), fc.constantFrom(true, false))
    .map(([some, { method, headers }, origin, withOrigin]) =>
      planned(
        { service, method, path: operation.path },
        { ...some, headers: [...headers, ...(withOrigin ? origin : [])] },
      ),
    );
  return fc.oneof(
    { weight: asDescribedOften(operation), arbitrary: asDescribed },
    { weight: 1, arbitrary: otherwise },
  );
}

function toNowhere(api: OpenApi, service: Service, options: Options): Arbitrary<PlannedRequest> {
  const known = api.operations.map(({ path }) => path);
  const path = fc.oneof(
    fc.constantFrom(
      ...["/api", "/api/", "/api/rtvi", "/api/nothing", "/no/such/file", "/internal", "/openapi.json/x"],
    ),
    fc
      .constantFrom(...known)
      .chain((one) => fc.constantFrom(`${one}/`, `${one}/nothing`, `/x${one}`, `${one}%00`)),
    fc.webSegment().map((segment) => `/nothing/${segment}`),
  );
  const parts = fc.record({
    session: sessions,
    caller: callersOf(service, options),
    headers: noises(options),
  });
  return fc
    .tuple(
      path.filter((one) => api.at(one).length === 0),
      fc.constantFrom(...METHODS),
      parts,
      originOf(options),
    )
    .map(([one, method, some, origin]) =>
      planned({ service, method, path: one }, { ...some, headers: [...some.headers, ...origin] }),
    );
}

function planned(
  { service, ...to }: { service: Service; method: string; path: string },
  parts: Parts,
): PlannedRequest {
  return {
    session: { kind: "text", text: NOBODIES[0] ?? "" },
    query: [],
    headers: [],
    caller: { kind: "nobody" },
    key: { kind: "none" },
    body: { kind: "none" },
    upgrade: false,
    trouble: "none",
    ...parts,
    service: service.name,
    ...to,
  };
}

const sessions: Arbitrary<SessionPlan> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("started" as const),
      state: fc.constantFrom("any" as const, "living" as const, "ended" as const),
      which: index,
    }),
  },
  {
    weight: 2,
    arbitrary: fc
      .oneof(
        fc.constantFrom(...NOBODIES),
        fc.constantFrom(
          "x",
          "%00",
          "%zz",
          "%2e%2e%2f",
          "A".repeat(32),
          "0".repeat(33),
          "a".repeat(2_000),
          "😀",
        ),
        fc.webSegment().filter((segment) => segment !== "" && !/^(\.|%2e)+$/i.test(segment)),
      )
      .map((text) => ({ kind: "text" as const, text })),
  },
);

function junkCallers({ headerCharacters }: Options): Arbitrary<CallerPlan> {
  return fc
    .oneof(
      fc.constantFrom("Bearer", "Bearer ", "Bearer nobody's", "Basic YTpi", "bearer  x y", "Bearer a.b.c"),
      fc.constant(`Bearer ${"x".repeat(9_000)}`),
      headerText(headerCharacters),
      headerText(headerCharacters).map((text) => `Bearer ${text}`),
    )
    .map((authorization) => ({ kind: "text", authorization: authorization.trim() }));
}

function callersOf({ users, open, works }: Service, options: Options): Arbitrary<CallerPlan> {
  const user = index.map((which): CallerPlan => ({ kind: "user", which }));
  return fc.oneof(
    { weight: open ? 16 : 2, arbitrary: fc.constant<CallerPlan>({ kind: "nobody" }) },
    { weight: users > 0 ? 12 : 0, arbitrary: user },
    { weight: users > 0 && works ? 5 : 0, arbitrary: fc.constant<CallerPlan>({ kind: "owner" }) },
    { weight: 1, arbitrary: junkCallers(options) },
  );
}

function noises({ headerCharacters }: Options): Arbitrary<PlannedRequest["headers"]> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant([]) },
    {
      weight: 1,
      arbitrary: fc.uniqueArray(fc.tuple(noise, headerText(headerCharacters)), {
        maxLength: 3,
        selector: ([name]) => name,
      }),
    },
  );
}

function originOf({ origins }: Options): Arbitrary<PlannedRequest["headers"]> {
  return fc
    .constantFrom(...origins.allowed, ...origins.foreign)
    .map((origin) => [["origin", origin] as const]);
}

/** Other methods, some as a browser asks before it sends one. */
function otherMethods(options: Options): Arbitrary<Pick<PlannedRequest, "method" | "headers">> {
  const preflight = fc
    .tuple(
      originOf(options),
      fc.constantFrom(...METHODS),
      fc.constantFrom("content-type", "authorization", "x-other"),
    )
    .map(([origin, method, header]) => ({
      method: "OPTIONS",
      headers: [
        ...origin,
        ["access-control-request-method", method] as const,
        ["access-control-request-headers", header] as const,
      ],
    }));
  return fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...METHODS).map((method) => ({ method, headers: [] })) },
    { weight: 1, arbitrary: fc.constant({ method: "HEAD", headers: [] }) },
    { weight: 2, arbitrary: preflight },
  );
}

function isUpgrade({ promised }: Operation): boolean {
  return "101" in promised;
}

/** The query as described: what is needed is mostly there, what is not sometimes. */
function queryOf({ parameters }: Operation): Arbitrary<PlannedRequest["query"]> {
  const each = parameters
    .filter((parameter) => parameter.in === "query")
    .map(({ name, required, schema }) => {
      const value: Arbitrary<PlannedRequest["query"][number][1]> =
        name === TICKET
          ? fc.oneof(
              { weight: 6, arbitrary: fc.constant({ ticket: "own" as const }) },
              { weight: 1, arbitrary: fc.constant({ ticket: "other" as const }) },
              { weight: 1, arbitrary: fromSchema(schema).map(String) },
            )
          : fc.oneof(
              fc.constantFrom("0", "1", "99"),
              fromSchema(schema).map(String),
              fc.string({ unit: "binary", maxLength: 20 }),
            );
      return fc
        .tuple(value, fc.nat({ max: 9 }))
        .map(([given, dice]) => (dice < (required ? 9 : 3) ? [[name, given] as const] : []));
    });
  return fc.tuple(...each).map((given) => given.flat());
}

function plainRecipes(operation: Operation, { works }: Service): Recipe[] {
  return [
    { weight: 6, parts: fc.constant({}) },
    ...(hasDeep(operation.parameters)
      ? [{ weight: 6, parts: fc.constant<Parts>({ query: [[DEEP, "1"]] }) }]
      : []),
    ...(operation.method === "POST" && works ? [{ weight: 3, parts: ofKeyed }] : []),
    ...(isUpgrade(operation) ? upgradeRecipes(operation) : []),
    ...(operation.promised["403"] || isUpgrade(operation)
      ? [{ weight: 2, parts: fc.constantFrom("https://evil.example", "null").map(pageOf) }]
      : []),
  ];
}

/** So that its key comes again for a session that has ended. */
const ofKeyed: Arbitrary<Parts> = index.map((which) => ({
  session: { kind: "started", state: "keyed", which },
  caller: { kind: "owner" },
}));

function pageOf(origin: string): Parts {
  return { headers: [["origin", origin]] };
}

function upgradeRecipes({ parameters }: Operation): Recipe[] {
  const living = index.map((which): SessionPlan => ({ kind: "started", state: "living", which }));
  const own = fc.record({ session: living }).map(({ session }) => ({ session }));
  const byTicket = parameters.some(({ name }) => name === TICKET);
  const opened = byTicket
    ? own.map((parts): Parts => ({ ...parts, query: [[TICKET, { ticket: "own" }]] }))
    : own.map((parts): Parts => ({ ...parts, caller: { kind: "bot", of: "own" } }));
  return [
    { weight: 4, parts: opened },
    { weight: 2, parts: fc.constant<Parts>({ upgrade: false }) },
    ...(byTicket
      ? [
          {
            weight: 3,
            parts: fc.tuple(own, fc.constantFrom("-1", "x", "1e3", "9".repeat(16), "")).map(
              ([parts, after]): Parts => ({
                ...parts,
                query: [
                  [TICKET, { ticket: "own" }],
                  ["after", after],
                ],
              }),
            ),
          },
        ]
      : [
          {
            weight: 1,
            parts: own.map((parts): Parts => ({ ...parts, caller: { kind: "bot", of: "other" } })),
          },
        ]),
  ];
}

function bodyRecipes(
  schema: JsonSchema,
  { service, options }: { service: Service; options: Options },
): Recipe[] {
  const accepted = fromSchema(schema, { instead: acceptedFields(options) });
  const valid = fromSchema(schema);
  const json = (values: Arbitrary<unknown>, types = jsonTypes): Arbitrary<BodyPlan> =>
    fc.tuple(values, types).map(([value, type]) => ({ kind: "text", text: JSON.stringify(value), type }));
  const text = (texts: Arbitrary<string>): Arbitrary<BodyPlan> =>
    fc.tuple(texts, jsonTypes).map(([given, type]) => ({ kind: "text", text: given, type }));
  const parts = (body: Arbitrary<BodyPlan>): Arbitrary<Parts> => body.map((given) => ({ body: given }));
  const keyed = (key: Arbitrary<KeyPlan>): Arbitrary<Parts> =>
    fc.tuple(key, json(accepted)).map(([given, body]) => ({ key: given, body }));
  const good = fc.oneof(json(accepted), fc.constant<BodyPlan>({ kind: "none" }));
  // In a room that is made for it, so that Daily is asked.
  const trouble = fc.constantFrom("hosts are full" as const, "Daily refuses" as const).map(
    (given): Parts => ({
      trouble: given,
      caller: { kind: "nobody" },
      body: { kind: "text", text: "{}", type: "application/json" },
    }),
  );
  return [
    { weight: 8, parts: parts(good) },
    { weight: 12, parts: keyed(fc.constant({ kind: "new" })) },
    { weight: 3, parts: parts(json(valid)) },
    { weight: 6, parts: parts(json(spoilt(accepted))) },
    { weight: 2, parts: parts(json(anyJson)) },
    { weight: 2, parts: parts(text(brokenJson)) },
    { weight: 1, parts: parts(text(deepJson)) },
    { weight: 2, parts: parts(notUtf8) },
    {
      weight: 3,
      parts: parts(
        fc.oneof(json(accepted, foreignTypes), json(accepted, headerText(options.headerCharacters))),
      ),
    },
    { weight: 1, parts: parts(json(accepted).map(untyped)) },
    { weight: 3, parts: parts(large(options)) },
    { weight: 8, parts: keyed(again({ same: true, state: "living" })) },
    { weight: 8, parts: keyed(again({ same: true, state: "ended" })) },
    { weight: 4, parts: keyed(again({ same: false, state: "living" })) },
    {
      weight: 2,
      parts: keyed(
        fc
          .oneof(headerText(options.headerCharacters), fc.constantFrom("", "x".repeat(256), "a b"))
          .map(keyText),
      ),
    },
    {
      weight: 2,
      parts: fc.tuple(good, fc.constantFrom(...options.origins.foreign)).map(([body, origin]) => ({
        body,
        ...pageOf(origin),
      })),
    },
    {
      weight: 1,
      parts: fc.tuple(good, fc.constantFrom(...options.origins.allowed)).map(([body, origin]) => ({
        body,
        ...pageOf(origin),
      })),
    },
    { weight: 2, parts: fc.record({ body: good, caller: junkCallers(options) }) },
    ...(service.works && service.open ? [{ weight: 16, parts: trouble }] : []),
  ];
}

function again(given: { same: boolean; state: "living" | "ended" }): Arbitrary<KeyPlan> {
  return index.map((which) => ({ kind: "again", which, ...given }));
}

function keyText(text: string): KeyPlan {
  return { kind: "text", text };
}

function untyped(body: BodyPlan): BodyPlan {
  return body.kind === "none" ? body : { ...body, type: undefined };
}

const notUtf8: Arbitrary<BodyPlan> = fc
  .tuple(fc.constantFrom('"\xff\xfe"', "\xc3(", '{"language":"\xa0\xa1"}', "\xed\xa0\x80"), jsonTypes)
  .map(([bytes, type]) => ({ kind: "bytes", bytes, type }));

/** More than the service reads: as space around good JSON, and inside of it. */
function large({ maxBodyBytes }: Options): Arbitrary<BodyPlan> {
  return fc
    .tuple(
      fc.oneof(fc.constant(TOO_MANY_BYTES), fc.integer({ min: TOO_MANY_BYTES, max: maxBodyBytes })),
      fc.constantFrom(["", "{}"] as const, ['{"metadata":{"a":"', '"}}'] as const),
      fc.oneof({ weight: 3, arbitrary: jsonTypes }, { weight: 1, arbitrary: foreignTypes }),
    )
    .map(([bytes, [before, after], type]) => ({ kind: "filled", before, bytes, after, type }));
}

/** What the service asks for beyond what the schema says, so that most starts are good. */
function acceptedFields({ rooms }: Options): Record<string, Arbitrary<unknown>> {
  const some = (fields: Record<string, Arbitrary<unknown>>) =>
    fc.record(fields, { requiredKeys: [], noNullPrototype: true });
  const persona = some({ persona: fc.string({ maxLength: 40 }), voice: fc.constantFrom("Puck", "Kore") });
  return {
    createDailyRoom: fc.constant(true),
    roomUrl: fc.constantFrom(...rooms),
    "user.id": fc.uuid(),
    "user.locale": fc.constantFrom(...LANGUAGES),
    language: fc.constantFrom(...LANGUAGES),
    metadata: persona,
    body: fc.oneof(persona, fc.constant(null)),
    dailyRoomProperties: some({
      max_participants: fc.integer({ min: 2, max: 10 }),
      enable_chat: fc.boolean(),
      start_audio_off: fc.boolean(),
      eject_at_room_exp: fc.constant(true),
    }),
    dailyMeetingTokenProperties: some({
      user_name: fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
      start_audio_off: fc.boolean(),
      is_owner: fc.constant(false),
      permissions: some({ canSend: fc.constantFrom(["audio"], ["audio", "video"]) }),
    }),
  };
}
