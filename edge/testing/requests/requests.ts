import fc, { type Arbitrary } from "fast-check";
import { bodyRecipes } from "./body-recipes.ts";
import { headerText, noise } from "./hostile.ts";
import type { OpenApi, Operation } from "./open-api.ts";
import { hasDeep, isUpgrade, plainRecipes, queryOf } from "./plain-recipes.ts";
import type { CallerPlan, PlannedRequest, Service, SessionPlan } from "./planned-request.ts";
import { index, junkCallers, type Parts, type RequestOptions } from "./recipe.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/** Ids that could be a session's, and are nobody's: few, since each that is asked for wakes an object. */
const NOBODIES = [0, 1, 2, 3].map((n) => `${n}`.repeat(32));
/** Requests for every operation of a document, as it describes them, and as it does not. */
export function requestsOf(api: OpenApi, options: RequestOptions): Arbitrary<PlannedRequest> {
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

function requestsTo(
  operation: Operation,
  service: Service,
  options: RequestOptions,
): Arbitrary<PlannedRequest> {
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

function toNowhere(api: OpenApi, service: Service, options: RequestOptions): Arbitrary<PlannedRequest> {
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

function callersOf({ users, open, works }: Service, options: RequestOptions): Arbitrary<CallerPlan> {
  const user = index.map((which): CallerPlan => ({ kind: "user", which }));
  return fc.oneof(
    { weight: open ? 16 : 2, arbitrary: fc.constant<CallerPlan>({ kind: "nobody" }) },
    { weight: users > 0 ? 12 : 0, arbitrary: user },
    { weight: users > 0 && works ? 5 : 0, arbitrary: fc.constant<CallerPlan>({ kind: "owner" }) },
    { weight: 1, arbitrary: junkCallers(options) },
  );
}

function noises({ headerCharacters }: RequestOptions): Arbitrary<PlannedRequest["headers"]> {
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

function originOf({ origins }: RequestOptions): Arbitrary<PlannedRequest["headers"]> {
  return fc
    .constantFrom(...origins.allowed, ...origins.foreign)
    .map((origin) => [["origin", origin] as const]);
}

/** Other methods, some as a browser asks before it sends one. */
function otherMethods(options: RequestOptions): Arbitrary<Pick<PlannedRequest, "method" | "headers">> {
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
