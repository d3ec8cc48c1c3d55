import type { ExposedPort } from '../../documents/triage.ts';
import type { Family } from '../sets/address-set.ts';
import type { Intervals } from '../sets/interval-set.ts';
import type { Space } from '../virtual-networks.ts';

/** An inclusive range of ports. */
export interface PortRange {
  from: number;
  to: number;
}

export const EVERY_PORT: PortRange = { from: 0, to: 65535 };

/** Who on the Internet may use a path, before the VM's own rules; tags are sources of unknown addresses. */
export interface Clients {
  v4: Intervals<number>;
  v6: Intervals<bigint>;
  tags: readonly string[];
}

/**
 * One way from the Internet to an ipConfiguration. Ports are translated: equally long ranges one to one, otherwise
 * every front port to the one behind.
 */
export interface InternetPath {
  readonly via: ExposedPort['via'];
  /** Resource id of the public address, load balancer, firewall or gateway, and the rule there. */
  readonly id: string;
  readonly rule: string;
  /** Family of the packet that reaches the VM. */
  readonly family: Family;
  /** Bits of `BIT`. */
  readonly protocols: number;
  readonly address: string;
  readonly front: PortRange;
  readonly back: PortRange;
  readonly clients: Clients;
  /** The addresses that the VM's rules see instead of the client's; undefined when they see the client. */
  readonly translated: Space | undefined;
  /** Standard SKU: closed where no network security group allows it. */
  readonly closedByDefault: boolean;
  /** With a floating address the packet still carries the frontend's address when the VM's rules see it. */
  readonly floating: boolean;
  /** The hops in words, from the public address on. */
  readonly hops: readonly string[];
}

/** Ports of `range` that `front` → `back` leads to, seen from the front; undefined when none does. */
export function throughPorts(
  front: PortRange,
  back: PortRange,
  range: PortRange,
): { front: PortRange; back: PortRange } | undefined {
  // Every port leads to itself at a public address: the range is reported as it is.
  if (front === back && back.from <= range.from && range.to <= back.to) return { front: range, back: range };
  const from = Math.max(back.from, range.from);
  const to = Math.min(back.to, range.to);
  if (from > to) return undefined;
  if (front.to - front.from !== back.to - back.from) return { front, back: { from, to } };
  const shift = front.from - back.from;
  return { front: { from: from + shift, to: to + shift }, back: { from, to } };
}
