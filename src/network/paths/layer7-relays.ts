import type { ExposedPort } from '../../documents/triage.ts';
import type { Space } from '../virtual-networks.ts';
import type { Clients, PortRange } from './internet-path.ts';

/**
 * A hop that takes traffic from the Internet and sends it on from its own addresses inside the network: Azure
 * Firewall's DNAT, and application gateways. The VM's rules see the hop's address, not the client's.
 */
export interface Relay {
  via: Extract<ExposedPort['via'], 'firewall-dnat' | 'application-gateway'>;
  id: string;
  rule: string;
  protocols: number;
  /** Public address and ports. */
  address: string;
  front: PortRange;
  clients: Clients;
  /** Where it sends to: a private address, or the id of an ipConfiguration (lower-case). */
  target: { address: string } | { config: string };
  back: PortRange;
  /** Its addresses as the VM's rules see them, and a text that is equal for equal sets. */
  from: Space;
  fromKey: string;
  /** Its virtual network, lower-case; "" for a firewall in a virtual hub. */
  network: string;
  /** Its own private address, which routes of connected subnets name. */
  privateAddress: string;
  hops: readonly string[];
}

/** The relays, and notes on those that could not be read, by the network they are in. */
export interface Relays {
  byAddress: ReadonlyMap<string, readonly Relay[]>;
  byConfig: ReadonlyMap<string, readonly Relay[]>;
  /** Sentences for VMs in, or connected to, a network; "" for hubs. */
  notes: ReadonlyMap<string, readonly string[]>;
}

/** Finds relays by what they send to. */
export function indexRelays(relays: readonly Relay[], notes: readonly { network: string; note: string }[]): Relays {
  const byAddress = new Map<string, Relay[]>();
  const byConfig = new Map<string, Relay[]>();
  const byNetwork = new Map<string, string[]>();
  const add = <V>(map: Map<string, V[]>, key: string, value: V) => {
    const values = map.get(key);
    if (values === undefined) map.set(key, [value]);
    else values.push(value);
  };
  for (const relay of relays) {
    if ('address' in relay.target) add(byAddress, relay.target.address, relay);
    else add(byConfig, relay.target.config, relay);
  }
  for (const { network, note } of notes) add(byNetwork, network, note);
  return { byAddress, byConfig, notes: byNetwork };
}
