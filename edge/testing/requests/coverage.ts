import { type Answer, headerOf, pathOf, type SentRequest } from "./exchange.ts";
import type { OpenApi } from "./open-api.ts";

interface Met {
  request: SentRequest;
  answer: Answer;
  /** Of the problem; a HEAD tells none. */
  code: string | undefined;
  /** What else it was, in a word, such as `another's session`. */
  more?: string | undefined;
}

interface Wanted {
  /** Codes of problems that cannot be brought about here. */
  unreachable: readonly string[];
  origins: { allowed: readonly string[]; foreign: readonly string[] };
  /** What else has to be met, as `Met.more` says it. */
  more: readonly string[];
}

const NOWHERE = "(no operation)";
/** In place of a method: whichever. */
const ANY = "*";
const PREFLIGHT = "preflight of";

/** Which answers of which operations were met, and how often: a run in which everything is refused proves nothing. */
export class Coverage {
  readonly #api: OpenApi;
  readonly #counts = new Map<string, number>();

  constructor(api: OpenApi) {
    this.#api = api;
  }

  meet({ request, answer, code, more }: Met): void {
    const path = this.#api.at(pathOf(request))[0]?.path ?? NOWHERE;
    this.#count(cell(request.method, path, answer.status, code));
    const origin = headerOf(request, "origin");
    if (request.method === "OPTIONS" && answer.status === 204 && origin !== undefined) {
      this.#count(`${PREFLIGHT} ${origin}`);
    }
    if (more !== undefined) this.#count(more);
  }

  #count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  /** What was never met, though it can be. */
  missing({ unreachable, origins, more }: Wanted): string[] {
    const ofOperations = this.#api.operations.flatMap(({ method, path, promised }) =>
      Object.entries(promised).flatMap(([status, { codes }]) =>
        codes.length === 0
          ? [cell(method, path, Number(status), undefined)]
          : codes
              .filter((code) => !unreachable.includes(code) && !unreachable.includes(`${path} ${code}`))
              .map((code) => cell(method, path, Number(status), code)),
      ),
    );
    const ofPaths = [...new Set(this.#api.operations.map(({ path }) => path))].flatMap((path) => [
      `${ANY} ${path} 405`,
      `HEAD ${path}`,
      `OPTIONS ${path}`,
    ]);
    const ofPages = [...origins.allowed, ...origins.foreign].map((origin) => `${PREFLIGHT} ${origin}`);
    const wanted = [...ofOperations, ...ofPaths, ...ofPages, `${ANY} ${NOWHERE} 404`, ...more];
    const met = [...this.#counts.keys()];
    return wanted.filter((one) => !met.some((other) => isOf(one, other)));
  }

  /** Each operation and what it answered, for people. */
  table(): string {
    return [...this.#counts]
      .toSorted(([a], [b]) => (sortKey(a) < sortKey(b) ? -1 : 1))
      .map(([what, count]) => `${String(count).padStart(6)} × ${what}`)
      .join("\n");
  }
}

function cell(method: string, path: string, status: number, code: string | undefined): string {
  return [method, path, status, ...(code === undefined ? [] : [code])].join(" ");
}

/** Whether something that was met is what is wanted: what the wanted leaves out may be anything. */
function isOf(wanted: string, met: string): boolean {
  const one = wanted.startsWith(`${ANY} `) ? wanted.slice(ANY.length) : wanted;
  const other = one === wanted ? met : met.slice(met.indexOf(" "));
  return other === one || other.startsWith(`${one} `);
}

/** By address, then by method. */
function sortKey(what: string): string {
  const [method = "", path = "", ...rest] = what.split(" ");
  return [path, method, ...rest].join(" ");
}
