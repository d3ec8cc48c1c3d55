import type { Json } from '../../arm/json.ts';
import type { Facts, VirtualMachine } from '../../documents/triage.ts';
import type { PublishedTags } from '../../network/sets/address-prefixes.ts';
import type { ExploitedCatalog } from '../../triage/known-exploited.ts';
import type { Connection } from '../client/connection.ts';
import type { ServersPlan } from './defender-plan.ts';
import type { LogonOptions } from './logon-queries.ts';

export interface TriageOptions extends LogonOptions {
  /** CISA's list of known exploited vulnerabilities, when it was given. */
  exploited?: ExploitedCatalog;
  /** Microsoft's published service tags, when they were given. */
  serviceTags?: PublishedTags;
}

/** Input of the reader of one kind of evidence. Resources that several readers need are read once, and awaited by each. */
export interface Asked {
  connection: Connection;
  vm: VirtualMachine;
  options: TriageOptions;
  signal: AbortSignal | undefined;
  /** Defender for Servers on this VM. */
  plan: Promise<ServersPlan>;
  /** The VM as Resource Manager describes it. */
  machine: Promise<Json>;
  /** Resource ids of what the VM's traffic passes: addresses, groups, load balancers; none where that cannot be read. */
  networkParts: Promise<string[]>;
  /** Another kind of evidence, once it has been read. */
  fact<K extends keyof Facts>(name: K): Promise<Facts[K]>;
}

/**
 * A read that several callers share: each reports its failure when it awaits it; until then it is no unhandled
 * rejection.
 */
export function observed<T>(read: Promise<T>): Promise<T> {
  read.catch(() => {});
  return read;
}
