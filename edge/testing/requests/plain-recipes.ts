import fc, { type Arbitrary } from "fast-check";
import { fromSchema } from "./from-schema.ts";
import type { Operation } from "./open-api.ts";
import type { PlannedRequest, Service, SessionPlan } from "./planned-request.ts";
import { index, type Parts, pageOf, type Recipe } from "./recipe.ts";

const TICKET = "ticket";
const DEEP = "deep";
/** Requests to an operation without a body. */
export function plainRecipes(operation: Operation, { works }: Service): Recipe[] {
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

export function hasDeep(parameters: Operation["parameters"]): boolean {
  return parameters.some(({ name }) => name === DEEP);
}

export function isUpgrade({ promised }: Operation): boolean {
  return "101" in promised;
}

/** The query as described: what is needed is mostly there, what is not sometimes. */
export function queryOf({ parameters }: Operation): Arbitrary<PlannedRequest["query"]> {
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
