import type { ExposedPort } from '../documents/triage.ts';

type Range = Pick<ExposedPort, 'protocol' | 'from' | 'to'>;

const management = [22, 23, 3389, 5985, 5986];

/** Does this exposed range hold one of these ports, over TCP? */
export function holds(port: Range, numbers: readonly number[]): boolean {
  if (port.protocol !== 'tcp') return false;
  for (const number of numbers) if (port.from <= number && number <= port.to) return true;
  return false;
}

/** Does this exposed range hold the usual port of a remote administration service? */
export function isManagement(port: Range): boolean {
  return holds(port, management);
}

/** Do more than named addresses of the Internet reach it? */
export function isWide(port: Pick<ExposedPort, 'sources'>): boolean {
  return port.sources.breadth !== 'narrow';
}

/** "3389", "1000-2000", "all ports"; "ICMP" for a protocol without ports. */
function rangeText({ protocol, from, to }: Range): string {
  if (protocol !== 'tcp' && protocol !== 'udp') return protocol.toUpperCase();
  if (from === 0 && to >= 65_535) return 'all ports';
  return from === to ? String(from) : `${from}-${to}`;
}

/** "3389", or "50001→3389" through a load balancer, "all ports", "ICMP". */
export function portText(port: Range & Pick<ExposedPort, 'via'> & { frontend: { from: number; to: number } }): string {
  const inside = rangeText(port);
  const outside = rangeText({ ...port.frontend, protocol: port.protocol });
  return port.via === 'public-ip' || outside === inside ? inside : `${outside}→${inside}`;
}

/** "3389, 50001→3389": each once, though an address of each family has it. */
export function portTexts(ports: readonly Parameters<typeof portText>[0][]): string {
  return [...new Set(ports.map(portText))].join(', ');
}

/** "3389/tcp", "1000-2000/udp", "all ports/tcp", "ICMP". */
export function portWithProtocol(port: Range): string {
  return port.protocol === 'tcp' || port.protocol === 'udp' ? `${rangeText(port)}/${port.protocol}` : rangeText(port);
}

/** The service of a port as a column shows it: "?" where a port carries something of no known name. */
export function serviceText({ service, protocol }: Pick<ExposedPort, 'service' | 'protocol'>): string {
  return service || (protocol === 'tcp' || protocol === 'udp' ? '?' : '');
}

/** From how much of the Internet, in words. */
export const breadthWords: Record<ExposedPort['sources']['breadth'], string> = {
  internet: 'the whole Internet',
  wide: 'a large part of the Internet',
  narrow: 'named addresses',
};
