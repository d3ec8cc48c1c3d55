/** The protocols that network security groups distinguish. */
export type Protocol = 'tcp' | 'udp' | 'icmp' | 'esp' | 'ah';

export const PROTOCOLS: readonly Protocol[] = ['tcp', 'udp', 'icmp', 'esp', 'ah'];

/** A set of protocols: one bit each. */
export const BIT: Readonly<Record<Protocol, number>> = { tcp: 1, udp: 2, icmp: 4, esp: 8, ah: 16 };
export const ALL_PROTOCOLS = 31;
/** Those that have ports. */
export const WITH_PORTS = 3;

const NAMES: ReadonlyMap<string, number> = new Map([
  ['*', ALL_PROTOCOLS],
  ['any', ALL_PROTOCOLS],
  ['all', ALL_PROTOCOLS],
  ['tcp', 1],
  ['udp', 2],
  ['icmp', 4],
  ['icmpv4', 4],
  ['icmpv6', 4],
  ['esp', 8],
  ['ah', 16],
]);

const asPrinted = new Map<string, number>([
  ['Tcp', 1],
  ['TCP', 1],
  ['Udp', 2],
  ['UDP', 2],
  ['*', ALL_PROTOCOLS],
]);

/** The protocols that a rule's text names, in any case; undefined when it names none that is known. */
export const protocolsOf = (name: string): number | undefined =>
  asPrinted.get(name) ?? NAMES.get(name.trim().toLowerCase());
