/** A phone does not know any service until it is told one, by hand or by a link. */
export function defaultServer(): string {
  return "";
}
