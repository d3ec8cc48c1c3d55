import { type Intervals, intersect, NOTHING, subtract, union, unionAll } from './interval-set.ts';
import type { InboundRule } from './rules.ts';

/** A rule as it applies at one destination: the sources it admits there; undefined for all that are asked about. */
export interface ActiveRule<A extends number | bigint> {
  rule: InboundRule;
  sources: Intervals<A> | undefined;
}

/** Sources that one rule let through. */
export interface Piece<A extends number | bigint> {
  sources: Intervals<A>;
  rule: InboundRule;
}

/** What the rules for every port decide on a port that no other rule names. */
export interface Chain<A extends number | bigint> {
  /** Let through to the next list of rules. */
  allowed: Intervals<A>;
  /** Delivered past all further lists. */
  always: Intervals<A>;
  /** What no rule matched. */
  unmatched: Intervals<A>;
  /** What single rules let through, in the order of the list; denies are left out. */
  pieces: readonly Piece<A>[];
}

/** What the rules that name a port take out of the chain's hands there. */
export interface Outcome<A extends number | bigint> {
  /** Sources that they decided, so that these never came to the chain's rules behind them. */
  taken: Intervals<A>;
  /** What of it they let through, together and piece by piece in the order of the list. */
  allowed: Intervals<A>;
  always: Intervals<A>;
  pieces: readonly Piece<A>[];
}

/**
 * Outcomes over all ports: `outcomes[which[i]]` holds from the port `starts[i]` on, up to where the next one starts.
 * `outcomes[0]` is that of ports which only rules for every port match: nothing is taken from the chain.
 */
export interface Decisions<A extends number | bigint> {
  chain: Chain<A>;
  starts: ArrayLike<number>;
  which: ArrayLike<number>;
  outcomes: readonly Outcome<A>[];
}

// Where each port edge of the list at hand is among its sorted edges; only edges that were just written are read.
const position = new Int32Array(65537);

/** The union of the pieces with one access. */
const admitted = <A extends number | bigint>(pieces: readonly Piece<A>[], access: 'allow' | 'always'): Intervals<A> => {
  const only = pieces[0];
  if (only === undefined) return NOTHING;
  if (pieces.length === 1) return only.rule.access === access ? only.sources : NOTHING;
  return unionAll(pieces.filter((piece) => piece.rule.access === access).map((piece) => piece.sources));
};

/**
 * First match by order of the list, for every destination port of one protocol and one source port.
 *
 * Rules for every port form one chain, evaluated once with what remained before each of its rules. A rule that names
 * ports takes, on these ports, what of its sources had not been decided before it; the chain keeps the rest. So the
 * cost follows the rules that name a port, not ports × rules.
 *
 * @param rules those that match the protocol, the source port and the destination, in the order they are tried
 * @param space the sources asked about
 */
export function firstMatch<A extends number | bigint>(
  rules: readonly ActiveRule<A>[],
  space: Intervals<A>,
  portless: boolean,
): Decisions<A> {
  const narrow: Narrow<A>[] = [];
  const pieces: Piece<A>[] = [];
  let remaining = space;
  for (const { rule, sources } of rules) {
    if (remaining.length === 0) break;
    const hit = sources === undefined ? remaining : intersect(remaining, sources);
    if (hit.length === 0) continue;
    if (!portless && !rule.everyPort) {
      narrow.push({ rule, sources: hit });
      continue;
    }
    if (rule.access !== 'deny') pieces.push({ sources: hit, rule });
    remaining = hit === remaining ? NOTHING : subtract(remaining, hit);
  }
  const chain: Chain<A> = {
    allowed: admitted(pieces, 'allow'),
    always: admitted(pieces, 'always'),
    unmatched: remaining,
    pieces,
  };
  const untouched: Outcome<A> = { taken: NOTHING, allowed: NOTHING, always: NOTHING, pieces: NO_PIECES };
  if (narrow.length === 0) return { chain, starts: [0], which: [0], outcomes: [untouched] };

  const starts = edgesOf(narrow);
  // Which rules name each interval of ports: the index of the only one, or a place in `several`.
  const only = new Int32Array(starts.length).fill(-1);
  const several: number[][] = [];
  for (let n = 0; n < narrow.length; n += 1) {
    const ports = narrow[n]?.rule.ports ?? NOTHING;
    for (let p = 0; p < ports.length; p += 2) {
      const end = position[ports[p + 1] as number] as number;
      for (let i = position[ports[p] as number] as number; i < end; i += 1) {
        const before = only[i] as number;
        if (before === -1) only[i] = n;
        else if (before >= 0) only[i] = -1 - several.push([before, n]);
        else several[-2 - before]?.push(n);
      }
    }
  }

  // Ports between the single ones inside a range are named by the same rules: they share an outcome.
  const bySingle = new Int32Array(narrow.length);
  const byMany = new Map<string, number>();
  const which = new Int32Array(starts.length);
  const outcomes: Outcome<A>[] = [untouched];
  for (let i = 0; i < starts.length; i += 1) {
    const single = only[i] as number;
    if (single === -1) continue;
    if (single >= 0) {
      let index = bySingle[single] as number;
      if (index === 0) {
        index = outcomes.push(outcomeOfOne(narrow[single] as Narrow<A>)) - 1;
        bySingle[single] = index;
      }
      which[i] = index;
      continue;
    }
    const mine = several[-2 - single] ?? [];
    const key = mine.join();
    let index = byMany.get(key);
    if (index === undefined) {
      index = outcomes.push(outcomeOf(mine, narrow)) - 1;
      byMany.set(key, index);
    }
    which[i] = index;
  }
  return { chain, starts, which, outcomes };
}

/** A rule that names ports, with those of its sources that were not decided before it. */
interface Narrow<A extends number | bigint> {
  rule: InboundRule;
  sources: Intervals<A>;
}

const NO_PIECES: readonly Piece<never>[] = Object.freeze([]);

function outcomeOfOne<A extends number | bigint>(one: Narrow<A>): Outcome<A> {
  const { access } = one.rule;
  if (access === 'deny') return { taken: one.sources, allowed: NOTHING, always: NOTHING, pieces: NO_PIECES };
  const always = access === 'always';
  return {
    taken: one.sources,
    allowed: always ? NOTHING : one.sources,
    always: always ? one.sources : NOTHING,
    pieces: [one],
  };
}

/** Every port at which a rule starts or ends, from 0 on, sorted; writes their places into `position`. */
function edgesOf(narrow: readonly { rule: InboundRule }[]): Int32Array {
  let count = 1;
  for (const { rule } of narrow) count += rule.ports.length;
  const all = new Int32Array(count);
  let at = 1;
  for (const { rule } of narrow) for (const edge of rule.ports) all[at++] = edge;
  all.sort();
  let kept = 0;
  for (let i = 0; i < count; i += 1) {
    const edge = all[i] as number;
    if (kept > 0 && all[kept - 1] === edge) continue;
    all[kept] = edge;
    position[edge] = kept;
    kept += 1;
  }
  // 65536 is an end, never a start.
  return all.subarray(0, all[kept - 1] === 65536 ? kept - 1 : kept);
}

function outcomeOf<A extends number | bigint>(mine: readonly number[], narrow: readonly Narrow<A>[]): Outcome<A> {
  let taken: Intervals<A> = NOTHING;
  const pieces: Piece<A>[] = [];
  for (const n of mine) {
    const one = narrow[n];
    if (one === undefined) continue;
    const hit = subtract(one.sources, taken);
    if (hit.length === 0) continue;
    if (one.rule.access !== 'deny') pieces.push({ sources: hit, rule: one.rule });
    taken = union(taken, hit);
  }
  return { taken, allowed: admitted(pieces, 'allow'), always: admitted(pieces, 'always'), pieces };
}
