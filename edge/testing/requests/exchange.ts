/** Header fields in the order in which they are sent. */
export type Fields = readonly (readonly [name: string, value: string])[];

/** A request as it goes out. */
export interface SentRequest {
  /** Which of the services it is for. */
  service: string;
  method: string;
  /** Path and query, as they are sent. */
  target: string;
  headers: Fields;
  body: Uint8Array | undefined;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

export function headerOf({ headers }: Pick<SentRequest, "headers">, name: string): string | undefined {
  return headers.find(([other]) => other === name)?.[1];
}

/** The path of a request, without its query. */
export function pathOf({ target }: Pick<SentRequest, "target">): string {
  return target.split("?")[0] ?? target;
}

export function queryOf({ target }: Pick<SentRequest, "target">, name: string): string | undefined {
  const query = target.slice(pathOf({ target }).length);
  return new URLSearchParams(query).get(name) ?? undefined;
}
