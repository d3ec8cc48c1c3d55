import { type Intervals, intersect, NOTHING, subtract, unionAll } from './interval-set.ts';
import type { InboundRule } from './rules.ts';

/** A rule as it applies at one destination: the sources it admits there; undefined for all that are asked about. */
export interface ActiveRule<A extends number | bigint> {
  rule: InboundRule;
  sources: Intervals<A> | undefined;
}

/** Sources that one rule decided. */
export interface Piece<A extends number | bigint> {
  sources: Intervals<A>;
  rule: InboundRule;
}

/** What a list of rules decides for a port: by rule for those let through, and what no rule or a deny stopped. */
export interface Outcome<A extends number | bigint> {
  /** Let through to the next list of rules. */
  allowed: Intervals<A>;
  /** Delivered past all further lists. */
  always: Intervals<A>;
  /** What no rule matched. */
  unmatched: Intervals<A>;
  pieces: readonly Piece<A>[];
}

/** Outcomes over all ports: `starts[i]` is the first port of `outcomes[i]`, which ends where the next one starts. */
export interface Decisions<A extends number | bigint> {
  starts: readonly number[];
  outcomes: readonly Outcome<A>[];
}

interface State<A extends number | bigint> {
  remaining: Intervals<A>;
  pieces: Piece<A>[];
}

/** Lets one rule decide its part of what remains. */
function apply<A extends number | bigint>(state: State<A>, active: ActiveRule<A>): void {
  const { remaining } = state;
  const hit = active.sources === undefined ? remaining : intersect(remaining, active.sources);
  if (hit.length === 0) return;
  if (active.rule.access !== 'deny') state.pieces.push({ sources: hit, rule: active.rule });
  state.remaining = hit === remaining ? NOTHING : subtract(remaining, hit);
}

function outcomeOf<A extends number | bigint>(state: State<A>): Outcome<A> {
  const { pieces } = state;
  let always = false;
  for (const piece of pieces) if (piece.rule.access === 'always') always = true;
  const sets = (access: 'allow' | 'always') =>
    unionAll(pieces.filter((piece) => piece.rule.access === access).map((piece) => piece.sources));
  return {
    allowed: always ? sets('allow') : unionAll(pieces.map((piece) => piece.sources)),
    always: always ? sets('always') : NOTHING,
    unmatched: state.remaining,
    pieces,
  };
}

/**
 * First match by order of the list, for every destination port of one protocol and one source port.
 *
 * Rules for every port are evaluated once as a chain whose states are kept; a port that further rules name starts
 * from the chain's state before the first of them. So the cost follows the rules that name a port, not ports × rules.
 *
 * @param rules those that match the protocol, the source port and the destination, in the order they are tried
 * @param space the sources asked about
 */
export function firstMatch<A extends number | bigint>(
  rules: readonly ActiveRule<A>[],
  space: Intervals<A>,
  portless: boolean,
): Decisions<A> {
  const wide: ActiveRule<A>[] = [];
  const narrow: { active: ActiveRule<A>; after: number }[] = [];
  for (const active of rules) {
    if (portless || active.rule.everyPort) {
      wide.push(active);
      // Nothing is left for the rules after one that takes every source on every port.
      if (active.sources === undefined) break;
    } else {
      narrow.push({ active, after: wide.length });
    }
  }

  const before: Intervals<A>[] = [];
  const counts: number[] = [];
  const chain: State<A> = { remaining: space, pieces: [] };
  for (const active of wide) {
    before.push(chain.remaining);
    counts.push(chain.pieces.length);
    apply(chain, active);
  }
  before.push(chain.remaining);
  counts.push(chain.pieces.length);
  const gap = outcomeOf(chain);
  if (narrow.length === 0) return { starts: [0], outcomes: [gap] };

  const edges = new Set<number>([0]);
  for (const { active } of narrow) {
    for (const edge of active.rule.ports) if (edge < 65536) edges.add(edge);
  }
  const starts = [...edges].sort((a, b) => a - b);
  const position = new Map<number, number>();
  for (let i = 0; i < starts.length; i += 1) position.set(starts[i] as number, i);
  position.set(65536, starts.length);
  const named: (number[] | undefined)[] = new Array(starts.length);
  for (let n = 0; n < narrow.length; n += 1) {
    const ports = narrow[n]?.active.rule.ports ?? NOTHING;
    for (let p = 0; p < ports.length; p += 2) {
      const end = position.get(ports[p + 1] as number) ?? 0;
      for (let i = position.get(ports[p] as number) ?? 0; i < end; i += 1) {
        const atoms = named[i];
        if (atoms === undefined) named[i] = [n];
        else atoms.push(n);
      }
    }
  }

  const outcomes: Outcome<A>[] = [];
  for (let i = 0; i < starts.length; i += 1) {
    const mine = named[i];
    if (mine === undefined) {
      outcomes.push(gap);
      continue;
    }
    let at = narrow[mine[0] as number]?.after ?? 0;
    const state: State<A> = { remaining: before[at] ?? NOTHING, pieces: chain.pieces.slice(0, counts[at]) };
    for (const n of mine) {
      const { active, after } = narrow[n] as { active: ActiveRule<A>; after: number };
      while (at < after && state.remaining.length > 0) apply(state, wide[at++] as ActiveRule<A>);
      if (state.remaining.length === 0) break;
      apply(state, active);
    }
    while (at < wide.length && state.remaining.length > 0) apply(state, wide[at++] as ActiveRule<A>);
    outcomes.push(outcomeOf(state));
  }
  return { starts, outcomes };
}
