import { type Intervals, intersect, NOTHING, subtract, union, unionAll } from '../sets/interval-set.ts';
import type { InboundRule } from './compile-rules.ts';
import { DeepMatch } from './long-list-match.ts';
import { firstUnclaimed } from './next-unclaimed.ts';
import type { Outcome, Piece } from './outcome.ts';

/** A rule as it applies at one destination: the sources it admits there; undefined for all that are asked about. */
export interface ActiveRule<A extends number | bigint> {
  rule: InboundRule;
  sources: Intervals<A> | undefined;
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

/**
 * Outcomes over all ports: `outcomes[which[i]]` holds from the port `starts[i]` on, up to where the next one starts.
 * `outcomes[0]` is that of ports which only rules for every port match: nothing is taken from the chain.
 */
export interface Decisions<A extends number | bigint> {
  chain: Chain<A>;
  starts: readonly number[];
  which: readonly number[];
  outcomes: readonly Outcome<A>[];
}

/** The union of the pieces with one access. */
const admitted = <A extends number | bigint>(pieces: readonly Piece<A>[], access: 'allow' | 'always'): Intervals<A> => {
  const only = pieces[0];
  if (only === undefined) return NOTHING;
  if (pieces.length === 1) return only.rule.access === access ? only.sources : NOTHING;
  return unionAll(pieces.filter((piece) => piece.rule.access === access).map((piece) => piece.sources));
};

// So many outcomes for each rule and each interval of ports are made on the way at most.
const OUTCOMES_A_PLACE = 4;

/** A rule that names ports, with those of its sources that were not decided before it. */
interface Narrow<A extends number | bigint> extends Piece<A> {
  /** Are these all that were left, so that nothing comes to a later rule on the rule's ports? */
  last: boolean;
}

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
  for (let r = 0; r < rules.length && remaining.length > 0; r += 1) {
    const { rule, sources } = rules[r] as ActiveRule<A>;
    const hit = sources === undefined ? remaining : intersect(remaining, sources);
    if (hit.length === 0) continue;
    if (!portless && !rule.everyPort) {
      narrow.push({ rule, sources: hit, last: hit === remaining });
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
  if (narrow.length === 0) return { chain, starts: [0], which: [0], outcomes: [untouched()] };
  return { chain, ...decideNarrow(narrow) };
}

const untouched = <A extends number | bigint>(): Outcome<A> => ({
  taken: NOTHING,
  allowed: NOTHING,
  always: NOTHING,
  pieces: undefined,
});

/**
 * What the rules that name ports decide. Each rule in its turn makes new outcomes of those that are on its ports:
 * ports that fared alike up to here share the new one. Ports on which nothing is left to decide are passed over.
 */
function decideNarrow<A extends number | bigint>(narrow: readonly Narrow<A>[]): Omit<Decisions<A>, 'chain'> {
  const starts = edgesOf(narrow);
  const made: Outcome<A>[] = [untouched()];
  const most = OUTCOMES_A_PLACE * (narrow.length + starts.length);
  appliedTo[0] = -1;
  const which = new Array<number>(starts.length).fill(0);
  for (let i = 0; i <= starts.length; i += 1) undecided[i] = i;
  for (let n = 0; n < narrow.length; n += 1) {
    const piece = narrow[n] as Narrow<A>;
    const { ports } = piece.rule;
    for (let p = 0; p < ports.length; p += 2) {
      const end = position[ports[p + 1] as number] as number;
      const start = position[ports[p] as number] as number;
      for (let i = firstUnclaimed(undecided, start); i < end; i = firstUnclaimed(undecided, i + 1)) {
        const before = which[i] as number;
        if (appliedTo[before] !== n) {
          appliedTo[before] = n;
          const after = outcomeAfter(made[before] as Outcome<A>, piece);
          if (after === undefined) {
            became[before] = before;
          } else {
            if (made.length > most) return decideDeep(narrow, starts);
            became[before] = made.length;
            appliedTo[made.length] = n;
            became[made.length] = made.length;
            made.push(after);
          }
        }
        which[i] = became[before] as number;
        if (piece.last) undecided[i] = i + 1;
      }
    }
  }
  // Only the final outcomes are kept. The first is that of ports which no rule names.
  const outcomes = [made[0] as Outcome<A>];
  for (let at = 1; at < made.length; at += 1) became[at] = -1;
  became[0] = 0;
  for (let i = 0; i < which.length; i += 1) {
    const at = which[i] as number;
    if (became[at] === -1) became[at] = outcomes.push(made[at] as Outcome<A>) - 1;
    which[i] = became[at] as number;
  }
  return { starts, which, outcomes };
}

/** The same where many rules name the same ports: each interval of ports by itself, from the rules that name it. */
function decideDeep<A extends number | bigint>(
  narrow: readonly Narrow<A>[],
  starts: readonly number[],
): Omit<Decisions<A>, 'chain'> {
  const begin: (number[] | undefined)[] = [];
  const end: (number[] | undefined)[] = [];
  const add = (lists: (number[] | undefined)[], at: number, n: number) => {
    const list = lists[at];
    if (list === undefined) lists[at] = [n];
    else list.push(n);
  };
  for (let n = 0; n < narrow.length; n += 1) {
    const { ports } = (narrow[n] as Narrow<A>).rule;
    for (let p = 0; p < ports.length; p += 2) {
      add(begin, position[ports[p] as number] as number, n);
      add(end, position[ports[p + 1] as number] as number, n);
    }
  }
  const deep = new DeepMatch(narrow);
  const outcomes: Outcome<A>[] = [untouched()];
  const known = new Map<string, number>([['', 0]]);
  const which: number[] = [];
  const naming = new Set<number>();
  for (let i = 0; i < starts.length; i += 1) {
    const [ending, beginning] = [end[i], begin[i]];
    if (ending !== undefined || beginning !== undefined) {
      for (const n of ending ?? []) naming.delete(n);
      for (const n of beginning ?? []) naming.add(n);
    }
    const rules = [...naming].sort((a, b) => a - b);
    const key = rules.join();
    let index = known.get(key);
    if (index === undefined) {
      index = outcomes.push(deep.outcome(rules)) - 1;
      known.set(key, index);
    }
    which.push(index);
  }
  return { starts, which, outcomes };
}

/** The outcome when one more rule has taken what was left of its sources; undefined when nothing was. */
function outcomeAfter<A extends number | bigint>(before: Outcome<A>, piece: Piece<A>): Outcome<A> | undefined {
  const sources = subtract(piece.sources, before.taken);
  if (sources.length === 0) return undefined;
  const { rule } = piece;
  const taken = union(before.taken, sources);
  if (rule.access === 'deny') return { ...before, taken };
  const last = sources === piece.sources ? piece : { rule, sources };
  return {
    taken,
    // Where all that was taken was let through, both are one set.
    allowed:
      rule.access !== 'allow'
        ? before.allowed
        : before.allowed === before.taken
          ? taken
          : union(before.allowed, sources),
    always: rule.access === 'always' ? union(before.always, sources) : before.always,
    pieces: { last, before: before.pieces },
  };
}

// Scratch that every list uses in its turn; only what was just written is read.
/** The ports that are edges, a bit for each of 0 to 65536, and which of these words have a bit. */
const marked = new Int32Array(2049);
const markedWords = new Int32Array(65);
/** Where each edge is among the sorted ones. */
const position = new Int32Array(65537);
/** For each interval of ports itself, or, where nothing is left to decide, one after it. */
const undecided = new Int32Array(65538);
/** For each outcome the rule that was applied to it last, and what that made of it. */
const appliedTo: number[] = [];
const became: number[] = [];

/** Every port at which a rule starts or ends, from 0 on, sorted; writes their places into `position`. */
function edgesOf(narrow: readonly Piece<number | bigint>[]): number[] {
  let edges: number = mark(0);
  for (let n = 0; n < narrow.length; n += 1) {
    const { ports } = (narrow[n] as Piece<number | bigint>).rule;
    for (let p = 0; p < ports.length; p += 1) edges += mark(ports[p] as number);
  }
  const sorted = new Array<number>(edges).fill(0);
  let at = 0;
  for (let w = 0; w < markedWords.length; w += 1) {
    let words = markedWords[w] as number;
    markedWords[w] = 0;
    for (; words !== 0; words &= words - 1) {
      const word = w * 32 + 31 - Math.clz32(words & -words);
      let bits = marked[word] as number;
      marked[word] = 0;
      for (; bits !== 0; bits &= bits - 1) {
        const edge = word * 32 + 31 - Math.clz32(bits & -bits);
        position[edge] = at;
        sorted[at] = edge;
        at += 1;
      }
    }
  }
  // 65536 is an end, never a start.
  if (sorted[at - 1] === 65536) sorted.pop();
  return sorted;
}

/** Marks an edge; 1 when it was none before. */
function mark(edge: number): 0 | 1 {
  const word = edge >> 5;
  const before = marked[word] as number;
  const after = before | (1 << (edge & 31));
  if (after === before) return 0;
  marked[word] = after;
  markedWords[word >> 5] = (markedWords[word >> 5] as number) | (1 << (word & 31));
  return 1;
}
