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

/** "3389", or "50001→3389" through a load balancer, or "all ports". */
export function portText(port: Range & Pick<ExposedPort, 'via'> & { frontend: { from: number; to: number } }): string {
  const range = (from: number, to: number) =>
    from === 0 && to >= 65535 ? 'all ports' : from === to ? String(from) : `${from}-${to}`;
  const inside = port.protocol === 'tcp' || port.protocol === 'udp' ? range(port.from, port.to) : port.protocol;
  const outside = range(port.frontend.from, port.frontend.to);
  return port.via === 'public-ip' || outside === inside ? inside : `${outside}→${inside}`;
}

/** From how much of the Internet, in words. */
export const breadthWords: Record<ExposedPort['sources']['breadth'], string> = {
  internet: 'the whole Internet',
  wide: 'a large part of the Internet',
  narrow: 'named addresses',
};
