/** The groups of an IPv6 address that a provider gives to a customer: within them the customer may choose. */
const NETWORK_GROUPS = 4;
const ALL_GROUPS = 8;

/**
 * The part of an address that its user cannot change at will: all of IPv4, the first half of IPv6 (whose other half
 * would give one user as many names as they like). Anything else stays as it is.
 * @param address as Cloudflare writes it in `cf-connecting-ip`.
 */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.toLowerCase().split("::");
  const before = groupsOf(head);
  const after = groupsOf(tail ?? "");
  const zeros = tail === undefined ? 0 : ALL_GROUPS - before.length - after.length;
  const groups = [...before, ...Array.from({ length: Math.max(0, zeros) }, () => "0"), ...after];
  return `${groups.slice(0, NETWORK_GROUPS).map(withoutZeros).join(":")}::/64`;
}

function groupsOf(part: string): string[] {
  return part === "" ? [] : part.split(":");
}

function withoutZeros(group: string): string {
  return group.replace(/^0+(?=.)/, "");
}
