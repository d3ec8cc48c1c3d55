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
  /** In the order of the list; denies are left out. */
  pieces: readonly Piece<A>[];
}

/** What a list of rules decides for a port. */
export interface Outcome<A extends number | bigint> {
  /** Let through to the next list of rules. */
  allowed: Intervals<A>;
  /** Delivered past all further lists. */
  always: Intervals<A>;
  /** What no rule matched. */
  unmatched: Intervals<A>;
  /** Sources that rules naming the port decided, so that they never came to the chain's rules behind those. */
  taken: Intervals<A>;
  /** What the rules naming the port let through, in the order of the list. */
  own: readonly Piece<A>[];
}

/** Outcomes over all ports: `starts[i]` is the first port of `outcomes[i]`, which ends where the next one starts. */
export interface Decisions<A extends number | bigint> {
  chain: Chain<A>;
  /** The outcome on a port that only rules for every port match. */
  gap: Outcome<A>;
  starts: readonly number[];
  outcomes: readonly Outcome<A>[];
}

/** The union of the pieces with one access. */
const admitted = <A extends number | bigint>(pieces: readonly Piece<A>[], access: 'allow' | 'always'): Intervals<A> => {
  const only = pieces[0];
  if (pieces.length === 1 && only !== undefined) return only.rule.access === access ? only.sources : NOTHING;
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
  const narrow: { rule: InboundRule; sources: Intervals<A> }[] = [];
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
  const always = pieces.some((piece) => piece.rule.access === 'always');
  const gap: Outcome<A> = {
    allowed: admitted(pieces, 'allow'),
    always: always ? admitted(pieces, 'always') : NOTHING,
    unmatched: remaining,
    taken: NOTHING,
    own: [],
  };
  const chain = { pieces };
  if (narrow.length === 0) return { chain, gap, starts: [0], outcomes: [gap] };

  const edges = new Set<number>([0]);
  for (const { rule } of narrow) {
    for (const edge of rule.ports) if (edge < 65536) edges.add(edge);
  }
  const starts = [...edges].sort((a, b) => a - b);
  const position = new Map<number, number>();
  for (let i = 0; i < starts.length; i += 1) position.set(starts[i] as number, i);
  position.set(65536, starts.length);
  const named: (number[] | undefined)[] = new Array(starts.length);
  for (let n = 0; n < narrow.length; n += 1) {
    const ports = narrow[n]?.rule.ports ?? NOTHING;
    for (let p = 0; p < ports.length; p += 2) {
      const end = position.get(ports[p + 1] as number) ?? 0;
      for (let i = position.get(ports[p] as number) ?? 0; i < end; i += 1) {
        const atoms = named[i];
        if (atoms === undefined) named[i] = [n];
        else atoms.push(n);
      }
    }
  }

  // Ports between the single ones inside a range are named by the same rules: they share an outcome.
  const known = new Map<string, Outcome<A>>();
  const outcomes: Outcome<A>[] = [];
  for (const mine of named) {
    if (mine === undefined) {
      outcomes.push(gap);
      continue;
    }
    const key = mine.length === 1 ? String(mine[0]) : mine.join();
    let outcome = known.get(key);
    if (outcome === undefined) {
      outcome = outcomeOf(mine, narrow, gap);
      known.set(key, outcome);
    }
    outcomes.push(outcome);
  }
  return { chain, gap, starts, outcomes };
}

function outcomeOf<A extends number | bigint>(
  mine: readonly number[],
  narrow: readonly { rule: InboundRule; sources: Intervals<A> }[],
  gap: Outcome<A>,
): Outcome<A> {
  let taken: Intervals<A> = NOTHING;
  const own: Piece<A>[] = [];
  for (const n of mine) {
    const one = narrow[n];
    if (one === undefined) continue;
    const hit = subtract(one.sources, taken);
    if (hit.length === 0) continue;
    if (one.rule.access !== 'deny') own.push({ sources: hit, rule: one.rule });
    taken = union(taken, hit);
  }
  const always = gap.always.length > 0 || own.some((piece) => piece.rule.access === 'always');
  return {
    allowed: union(subtract(gap.allowed, taken), admitted(own, 'allow')),
    always: always ? union(subtract(gap.always, taken), admitted(own, 'always')) : NOTHING,
    unmatched: subtract(gap.unmatched, taken),
    taken,
    own,
  };
}
