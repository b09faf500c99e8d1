import fc, { type Arbitrary } from "fast-check";

/** JSON that no schema asks for: of all types and sizes, with names and characters that programs stumble over. */

const DEEP_LEVELS = 20_000;
const LONG_CHARS = 20_000;

const LEAVES: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 1e308, 2 ** 53, 4_102_444_800],
  ...[
    "",
    "x",
    "\u0000",
    "é😀",
    "\ud800",
    "\u202e",
    "bot-1",
    "__proto__",
    "daily",
    "de",
    "https://[::1]",
    "x".repeat(600),
  ],
  "x".repeat(LONG_CHARS),
];
const NAMES = [
  ...["__proto__", "constructor", "toString", "then", "toJSON", "", "\u0000", "id", "name", "exp", "voice"],
  ...["is_owner", "permissions", "canSend", "privacy", "enable_recording", "max_participants"],
];

export const anyJson: Arbitrary<unknown> = fc.letrec<{ json: unknown; object: unknown; list: unknown[] }>(
  (tie) => ({
    json: fc.oneof(
      { withCrossShrink: true, maxDepth: 3 },
      fc.constantFrom(...LEAVES),
      fc.jsonValue({ maxDepth: 2 }),
      tie("list"),
      tie("object"),
    ),
    list: fc.array(tie("json"), { maxLength: 4 }),
    object: fc
      .array(fc.tuple(fc.constantFrom(...NAMES), tie("json")), { maxLength: 4 })
      .map((entries) => Object.fromEntries(entries)),
  }),
).json;

/** A good value with something of it replaced, left out or added; one that is no object gives way to anything. */
export function spoilt(good: Arbitrary<unknown>): Arbitrary<unknown> {
  return fc.oneof(
    {
      weight: 8,
      arbitrary: fc.tuple(good, fc.array(fc.nat(), { minLength: 1, maxLength: 3 }), anyJson).map(replaced),
    },
    { weight: 2, arbitrary: fc.tuple(good, fc.constantFrom(...NAMES), anyJson).map(extended) },
    { weight: 1, arbitrary: anyJson },
  );
}

/** What is at the end of a way through the value, at each step to one of its fields. */
function replaced([value, way, by]: [unknown, number[], unknown]): unknown {
  const [step = 0, ...further] = way;
  if (typeof value !== "object" || value === null || way.length === 0) return by;
  const entries = Object.entries(value);
  if (entries.length === 0) return by;
  const changed = entries.map(([name, inner], index) => [
    name,
    index === step % entries.length ? replaced([inner, further, by]) : inner,
  ]);
  return Array.isArray(value) ? changed.map(([, inner]) => inner) : Object.fromEntries(changed);
}

function extended([value, name, by]: [unknown, string, unknown]): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return by;
  return Object.fromEntries([...Object.entries(value), [name, by]]);
}

/** Text that is no JSON, or hardly. */
export const brokenJson: Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "{",
    "nonsense",
    "[1,",
    "{'a':1}",
    '{"a":1}}',
    "\u0000",
    " ",
    "{}{}",
    "NaN",
    "\ufeff",
    '"\\ud800',
  ),
  fc.constantFrom("[".repeat(DEEP_LEVELS), '{"a":'.repeat(DEEP_LEVELS / 5)),
  fc.string({ minLength: 1, maxLength: 20 }).map((text) => `{${text}`),
);

/** Lists and objects that are good JSON, and nested as deep as a body may be long. */
export const deepJson: Arbitrary<string> = fc.constantFrom(
  `${"[".repeat(DEEP_LEVELS)}${"]".repeat(DEEP_LEVELS)}`,
  `{"metadata":${'{"a":'.repeat(DEEP_LEVELS / 2)}1${"}".repeat(DEEP_LEVELS / 2)}}`,
  `{"nobody's":${"[".repeat(DEEP_LEVELS)}${"]".repeat(DEEP_LEVELS)}}`,
);

export const foreignTypes = fc.constantFrom(
  ...[
    "text/plain",
    "text/plain;charset=UTF-8",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
  ],
  ...[
    "application/xml",
    "application/jsonp",
    "application/json-patch+json",
    "json",
    "*/*",
    ";",
    "application/octet-stream",
  ],
);
export const jsonTypes = fc.constantFrom(
  ...["application/json", "application/json; charset=utf-8", "Application/JSON", "application/json ;x=y"],
);

/** What a header may hold: visible ASCII, spaces within, and bytes that are no ASCII where they can be sent. */
export function headerText(characters: "ascii" | "latin1"): Arbitrary<string> {
  const max = characters === "ascii" ? 0x7e : 0xff;
  return fc
    .array(
      fc.integer({ min: 0x20, max }).filter((code) => code < 0x7f || code > 0xa0),
      { maxLength: 30 },
    )
    .map((codes) => String.fromCharCode(...codes).trim());
}

/** Headers that mean nothing to the service, or should mean nothing. */
export const noise = fc.constantFrom(
  ...["x-request-id", "accept", "accept-language", "cookie", "range", "if-none-match", "if-modified-since"],
  ...[
    "x-forwarded-for",
    "x-forwarded-host",
    "forwarded",
    "cf-connecting-ip",
    "x-http-method-override",
    "user-agent",
  ],
  ...[
    "access-control-request-method",
    "access-control-request-headers",
    "sec-fetch-site",
    "content-encoding",
    "x-session-id",
  ],
);
