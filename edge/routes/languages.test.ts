import { describe, expect, test } from "vitest";
import { LANGUAGE_TAGS, type Language } from "../../protocol/languages.ts";
import { useCapturedLogs } from "../testing/captured-logs.ts";
import { post, problemOf } from "../testing/edge-client.ts";
import { useFakeUpstreams } from "../testing/fake-upstreams.ts";

/** Each route by which a language can be asked for. */

const fakes = useFakeUpstreams();
useCapturedLogs();

const ASKED: { asked: string; language: Language }[] = [
  ...LANGUAGE_TAGS.map((tag) => ({ asked: tag, language: tag })),
  { asked: "de-AT", language: "de-DE" },
  { asked: "NL_be", language: "nl-NL" },
];

const ROUTES = [
  { path: "/api/rtvi/start", field: "user.locale", body: (locale: string) => ({ user: { locale } }) },
  { path: "/start", field: "user.locale", body: (locale: string) => ({ user: { locale } }) },
  { path: "/connect", field: "language", body: (language: string) => ({ language }) },
];

describe.each(ROUTES)("a language by POST $path", ({ path, field, body }) => {
  test.each(ASKED)("$asked has the bot speak $language", async ({ asked, language }) => {
    expect((await post(path, body(asked))).status).toBe(201);
    expect(fakes.signals().map((signal) => signal.language)).toEqual([language]);
  });

  test("that we do not speak is 422, with those that we do, and nothing is begun", async () => {
    const response = await post(path, body("pt-BR"));
    expect(response.status).toBe(422);
    const { errors, detail } = await problemOf(response);
    expect(errors).toEqual([{ path: field, message: expect.stringContaining('"pt-BR" is not supported') }]);
    for (const tag of LANGUAGE_TAGS) expect(detail).toContain(tag);
    expect([fakes.daily, fakes.host]).toEqual([[], []]);
  });
});
