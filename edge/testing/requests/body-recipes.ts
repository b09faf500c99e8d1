import fc, { type Arbitrary } from "fast-check";
import { fromSchema } from "./from-schema.ts";
import { anyJson, brokenJson, deepJson, foreignTypes, headerText, jsonTypes, spoilt } from "./hostile.ts";
import type { JsonSchema } from "./open-api.ts";
import type { BodyPlan, KeyPlan, Service } from "./planned-request.ts";
import { index, junkCallers, type Parts, pageOf, type Recipe, type RequestOptions } from "./recipe.ts";

const LANGUAGES = ["en-US", "de", "fr-CA", "nl", "it-IT", "es-419"];
/** Above what the service reads of a body, in bytes. */
const TOO_MANY_BYTES = 66_000;

/** Requests to an operation that starts a session, by the schema of its body. */
export function bodyRecipes(
  schema: JsonSchema,
  { service, options }: { service: Service; options: RequestOptions },
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
    { weight: 6, parts: keyed(again({ same: true, state: "living" })) },
    { weight: 6, parts: keyed(again({ same: true, state: "ended" })) },
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
function large({ maxBodyBytes }: RequestOptions): Arbitrary<BodyPlan> {
  return fc
    .tuple(
      fc.oneof(fc.constant(TOO_MANY_BYTES), fc.integer({ min: TOO_MANY_BYTES, max: maxBodyBytes })),
      fc.constantFrom(["", "{}"] as const, ['{"metadata":{"a":"', '"}}'] as const),
      fc.oneof({ weight: 3, arbitrary: jsonTypes }, { weight: 1, arbitrary: foreignTypes }),
    )
    .map(([bytes, [before, after], type]) => ({ kind: "filled", before, bytes, after, type }));
}

/** What the service asks for beyond what the schema says, so that most starts are good. */
function acceptedFields({ rooms }: RequestOptions): Record<string, Arbitrary<unknown>> {
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
