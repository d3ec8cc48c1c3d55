import { textAt } from '../../arm/json.ts';
import { sameId } from '../../arm/resource-id.ts';
import type { Alerts, VirtualMachine } from '../../documents/triage.ts';
import type { Connection } from '../client/connection.ts';
import { loadQuery } from '../client/load-query.ts';
import { queryGraph } from '../client/resource-graph.ts';

/** Defender for Servers on one VM, and how Azure prints it. */
export interface ServersPlan {
  servers: Alerts['servers'];
  /** "Standard P2"; "unknown" when it cannot be read. */
  text: string;
}

const unreadable: ServersPlan = { servers: 'unreadable', text: 'unknown' };

interface PlanRow {
  id: string;
  subscriptionId: string;
  tier: string;
  plan: string;
}

/** The plan that counts for a VM: its own where it has one, else its subscription's. */
export function planOf(rows: readonly PlanRow[], vm: Pick<VirtualMachine, 'id' | 'subscriptionId'>): ServersPlan {
  const machine = `${vm.id.toLowerCase()}/`;
  const row =
    rows.find(({ id }) => id.startsWith(machine)) ??
    rows.find(({ id, subscriptionId }) => sameId(subscriptionId, vm.subscriptionId) && isOfSubscription(id));
  if (!row || row.tier === '') return unreadable;
  const text = [row.tier, row.plan].filter(Boolean).join(' ');
  if (!/standard/i.test(row.tier)) return { servers: 'off', text };
  return { servers: /^p1$/i.test(row.plan) ? 'P1' : /^p2$/i.test(row.plan) ? 'P2' : 'on', text };
}

function isOfSubscription(id: string): boolean {
  return /^\/subscriptions\/[^/]+\/providers\//i.test(id);
}

async function planRows(connection: Connection, subscriptions: string[], signal?: AbortSignal): Promise<PlanRow[]> {
  const { rows } = await queryGraph(connection, await loadQuery('defender-plans'), subscriptions, signal);
  return rows.map((row) => ({
    id: textAt(row, 'id').toLowerCase(),
    subscriptionId: textAt(row, 'subscriptionId'),
    tier: textAt(row, 'tier'),
    plan: textAt(row, 'plan'),
  }));
}

/** Defender for Servers on a VM; `unreadable` where nothing can be read of it. Throws the SDK's error. */
export async function readServersPlan(
  connection: Connection,
  vm: VirtualMachine,
  signal?: AbortSignal,
): Promise<ServersPlan> {
  return planOf(await planRows(connection, [vm.subscriptionId], signal), vm);
}

/** Subscriptions (lower-case ids) in which Defender for Servers is on; others' absence of alerts means nothing. */
export async function guardedSubscriptions(
  connection: Connection,
  subscriptions: string[],
  signal?: AbortSignal,
): Promise<Set<string>> {
  const rows = await planRows(connection, subscriptions, signal);
  return new Set(
    rows
      .filter(({ id, tier }) => isOfSubscription(id) && /standard/i.test(tier))
      .map(({ subscriptionId }) => subscriptionId.toLowerCase()),
  );
}
