import { textAt } from '../../arm/json.ts';
import type { Connection } from '../client/connection.ts';
import { kqlString, withLiterals } from '../client/kql-literal.ts';
import { loadQuery } from '../client/load-query.ts';
import { queryGraph } from '../client/resource-graph.ts';
import type { AlertSubject, Holders } from './alert-subjects.ts';

/** Names that one question has at most. */
const most = 200;

const held = /\/providers\/microsoft\.(?:compute\/disks|network\/publicipaddresses)\/[^/]+$/;
/**
 * The machines, or what else, behind the disks and addresses that alerts name in their place. Empty where no alert
 * does, or where Azure does not answer: what it would have placed is then told as not placed.
 */
export async function readHolders(
  connection: Connection,
  subscriptions: string[],
  subjects: readonly AlertSubject[],
  signal?: AbortSignal,
): Promise<Holders> {
  const unplaced = subjects.filter(({ machines }) => machines.length === 0);
  const distinct = (texts: string[]): string[] => [...new Set(texts)].slice(0, most);
  const resources = distinct(unplaced.flatMap((one) => one.resources.filter((id) => held.test(id))));
  const addresses = distinct(unplaced.flatMap((one) => (one.names.length > 0 ? [] : one.addresses)));
  const holders = new Map<string, Set<string>>();
  if (resources.length + addresses.length === 0) return holders;
  const list = (texts: string[]): string => [...texts, ''].map(kqlString).join(', ');
  try {
    const query = withLiterals(await loadQuery('alert-holders'), {
      _resources: list(resources),
      _addresses: list(addresses),
    });
    const { rows } = await queryGraph(connection, query, subscriptions, signal);
    for (const row of rows) {
      const [thing, holder] = [textAt(row, 'Thing'), textAt(row, 'Holder')];
      if (thing === '' || holder === '') continue;
      const own = holders.get(thing) ?? new Set();
      holders.set(thing, own.add(holder));
    }
  } catch {
    signal?.throwIfAborted();
  }
  return holders;
}
