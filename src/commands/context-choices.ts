import type { Connection } from '../azure/client/connection.ts';
import { readReachableSubscriptions } from '../azure/readers/subscriptions.ts';
import type { CaseStore } from '../casefile/case-store.ts';
import type { Choices } from '../session/contexts.ts';
import { printable } from '../text/printable.ts';

/** The most cases that are offered, the newest of them. */
const mostCases = 200;

/** What the sign-in can see and what lies on this disk, each as far as it can be read. */
export async function choicesOf(connection: Connection, store: CaseStore): Promise<Choices> {
  const gaps: string[] = [];
  const readable = async <T>(what: string, work: () => Promise<T[]>): Promise<T[]> => {
    try {
      return await work();
    } catch (error) {
      gaps.push(`${what}: ${printable(error instanceof Error ? error.message : String(error), 300)}`);
      return [];
    }
  };
  const [subscriptions, tenants, cases] = await Promise.all([
    readable('subscriptions', () => readReachableSubscriptions(connection)),
    readable('tenants', () => connection.tenants()),
    readable('cases', () => store.list()),
  ]);
  return {
    subscriptions: subscriptions.map(({ id, name }) => ({ id, name })),
    tenants: tenants.map(({ id, domains }) => ({ id, name: printable(domains[0] ?? id, 80) })),
    cases: cases
      .filter(({ demo, unreadable }) => unreadable === '' && demo === connection.simulated)
      .slice(0, mostCases)
      .map(({ id, vm, lastAt, entries }) => ({ id, vm, lastAt, entries })),
    gaps,
  };
}
