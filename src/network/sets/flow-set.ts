import type { DecidingRule } from '../../documents/triage.ts';
import { equal, type Intervals, intersect, NOTHING, subtract, unionAll } from './interval-set.ts';

/** The sources that reach a range of destination ports, and the rules that let them. `to` is inclusive. */
export interface Flow<A extends number | bigint> {
  from: number;
  to: number;
  sources: Intervals<A>;
  /** In the order of the path: admin, subnet, network interface; by priority within each. Empty: no rule is there. */
  rules: readonly DecidingRule[];
  /** Service tags of unknown addresses that also get in, for flows that exist only through them. */
  tags: readonly string[];
}

const ORDER: Record<DecidingRule['level'], number> = { admin: 0, subnet: 1, nic: 2 };

/** Rules in path order, each once. */
function inPathOrder(rules: Iterable<DecidingRule>): DecidingRule[] {
  return [...new Set(rules)].sort((a, b) => ORDER[a.level] - ORDER[b.level] || a.priority - b.priority);
}

const sameMembers = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a === b || (a.length === b.length && a.every((member, i) => member === b[i]));

/** Joins neighbouring ranges with the same sources, rules and tags. The flows must be sorted and disjoint. */
export function joined<A extends number | bigint>(flows: readonly Flow<A>[]): Flow<A>[] {
  const result: Flow<A>[] = [];
  for (const flow of flows) {
    const last = result[result.length - 1];
    if (
      last !== undefined &&
      last.to + 1 === flow.from &&
      equal(last.sources, flow.sources) &&
      sameMembers(last.rules, flow.rules) &&
      sameMembers(last.tags, flow.tags)
    ) {
      last.to = flow.to;
    } else {
      result.push({ ...flow });
    }
  }
  return result;
}

/** Cuts the ports at every edge of any of the lists, and says which flow of each list covers each cut. */
function aligned<A extends number | bigint>(
  lists: readonly (readonly Flow<A>[])[],
): { from: number; to: number; flows: (Flow<A> | undefined)[] }[] {
  const edges = new Set<number>();
  for (const flows of lists) {
    for (const flow of flows) {
      edges.add(flow.from);
      edges.add(flow.to + 1);
    }
  }
  const sorted = [...edges].sort((a, b) => a - b);
  const at = lists.map(() => 0);
  const cuts: { from: number; to: number; flows: (Flow<A> | undefined)[] }[] = [];
  for (let i = 0; i + 1 < sorted.length; i += 1) {
    const from = sorted[i] as number;
    const flows = lists.map((flows, l) => {
      let index = at[l] as number;
      while (index < flows.length && (flows[index] as Flow<A>).to < from) index += 1;
      at[l] = index;
      const flow = flows[index];
      return flow !== undefined && flow.from <= from ? flow : undefined;
    });
    if (flows.some((flow) => flow !== undefined)) cuts.push({ from, to: (sorted[i + 1] as number) - 1, flows });
  }
  return cuts;
}

/** What gets through in any of the lists, each of them joined: sources and rules of a port together. */
export function overlay<A extends number | bigint>(lists: readonly (readonly Flow<A>[])[]): readonly Flow<A>[] {
  if (lists.length === 1) return lists[0] ?? [];
  return joined(
    aligned(lists).map(({ from, to, flows }) => {
      const present = flows.filter((flow) => flow !== undefined);
      return {
        from,
        to,
        sources: unionAll(present.map((flow) => flow.sources)),
        rules: inPathOrder(present.flatMap((flow) => flow.rules)),
        tags: [...new Set(present.flatMap((flow) => flow.tags))],
      };
    }),
  );
}

/** What gets through in every one of the lists, each of them joined. */
export function common<A extends number | bigint>(lists: readonly (readonly Flow<A>[])[]): readonly Flow<A>[] {
  if (lists.length === 1) return lists[0] ?? [];
  return joined(
    aligned(lists).flatMap(({ from, to, flows }) => {
      const present = flows.filter((flow) => flow !== undefined);
      const [first] = present;
      if (first === undefined || present.length < flows.length) return [];
      const sources = present.reduce((shared, flow) => intersect(shared, flow.sources), first.sources);
      if (sources.length === 0) return [];
      const rules = inPathOrder(present.flatMap((flow) => flow.rules));
      return [{ from, to, sources, rules, tags: [...new Set(present.flatMap((flow) => flow.tags))] }];
    }),
  );
}

/** The part of `flows` whose sources are not in `less`, port by port. */
export function without<A extends number | bigint>(flows: readonly Flow<A>[], less: readonly Flow<A>[]): Flow<A>[] {
  const rest: Flow<A>[] = [];
  for (const cut of aligned([flows, less])) {
    const [flow, other] = cut.flows;
    if (flow === undefined) continue;
    const sources = other === undefined ? flow.sources : subtract(flow.sources, other.sources);
    if (sources.length > 0) rest.push({ ...flow, from: cut.from, to: cut.to, sources });
  }
  return joined(rest);
}

/** Where the sources of two flow lists differ: the ports, and the sources that only one of them admits. */
export function differences<A extends number | bigint>(
  a: readonly Flow<A>[],
  b: readonly Flow<A>[],
): {
  from: number;
  to: number;
  a: Flow<A> | undefined;
  b: Flow<A> | undefined;
  onlyA: Intervals<A>;
  onlyB: Intervals<A>;
}[] {
  const found: ReturnType<typeof differences<A>> = [];
  for (const { from, to, flows } of aligned([a, b])) {
    const [first, second] = flows;
    const onlyA = subtract(first?.sources ?? NOTHING, second?.sources ?? NOTHING);
    const onlyB = subtract(second?.sources ?? NOTHING, first?.sources ?? NOTHING);
    if (onlyA.length === 0 && onlyB.length === 0) continue;
    const last = found[found.length - 1];
    if (last !== undefined && last.to + 1 === from && equal(last.onlyA, onlyA) && equal(last.onlyB, onlyB))
      last.to = to;
    else found.push({ from, to, a: first, b: second, onlyA, onlyB });
  }
  return found;
}
