import { type Intervals, normalise } from '../sets/interval-set.ts';
import type { InboundRule } from './compile-rules.ts';
import { firstUnclaimed } from './next-unclaimed.ts';
import type { Outcome, Piece, Pieces } from './outcome.ts';

/**
 * First match where so many rules name the same ports that what one rule makes of another's outcome is seldom of use
 * twice. The sources of all rules are cut at all their edges, once; for each interval of ports the rules that name it
 * then claim, in their order, the cuts that no rule before them has. So an interval costs no more than there are cuts.
 */
export class DeepMatch<A extends number | bigint> {
  readonly #narrow: readonly Piece<A>[];
  /** Every edge of every rule's sources, sorted; a cut goes from one to the next. */
  readonly #edges: readonly A[];
  /** For each rule, the first cut of each interval of its sources and the one behind the last, flat. */
  readonly #cuts: readonly (readonly number[])[];
  /** For each cut itself, or, where it is claimed, one after it. */
  readonly #unclaimed: Int32Array;

  /** @param narrow rules that name ports, each with the sources that are left to it, in the order they are tried */
  constructor(narrow: readonly Piece<A>[]) {
    this.#narrow = narrow;
    const edges = new Set<A>();
    for (const { sources } of narrow) for (const edge of sources) edges.add(edge);
    this.#edges = [...edges].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const at = new Map(this.#edges.map((edge, i) => [edge, i]));
    this.#cuts = narrow.map(({ sources }) => sources.map((edge) => at.get(edge) as number));
    this.#unclaimed = new Int32Array(this.#edges.length + 1);
  }

  /** The result for ports that these rules name, given by their places in the list, in order. */
  outcome(rules: readonly number[]): Outcome<A> {
    const taken: A[] = [];
    const allowed: A[] = [];
    const always: A[] = [];
    this.#claim(rules, (hit, { access }) => {
      for (const edge of hit) taken.push(edge);
      if (access === 'allow') for (const edge of hit) allowed.push(edge);
      if (access === 'always') for (const edge of hit) always.push(edge);
    });
    return new DeepOutcome(normalise(taken), normalise(allowed), normalise(always), () => this.#pieces(rules));
  }

  #pieces(rules: readonly number[]): Pieces<A> | undefined {
    let pieces: Pieces<A> | undefined;
    this.#claim(rules, (sources, rule) => {
      if (rule.access !== 'deny') pieces = { last: { rule, sources }, before: pieces };
    });
    return pieces;
  }

  /** Reports for each rule the sources that no rule before it has, where there are any. */
  #claim(rules: readonly number[], tell: (sources: A[], rule: InboundRule) => void): void {
    const unclaimed = this.#unclaimed;
    for (let i = 0; i < unclaimed.length; i += 1) unclaimed[i] = i;
    for (const n of rules) {
      const cuts = this.#cuts[n] as readonly number[];
      const sources: A[] = [];
      // Where the last interval of `sources` ends, as a cut.
      let end = -1;
      for (let c = 0; c < cuts.length; c += 2) {
        const behind = cuts[c + 1] as number;
        for (
          let at = firstUnclaimed(unclaimed, cuts[c] as number);
          at < behind;
          at = firstUnclaimed(unclaimed, at + 1)
        ) {
          if (at === end) sources[sources.length - 1] = this.#edges[at + 1] as A;
          else sources.push(this.#edges[at] as A, this.#edges[at + 1] as A);
          end = at + 1;
          unclaimed[at] = at + 1;
        }
      }
      if (sources.length > 0) tell(sources, (this.#narrow[n] as Piece<A>).rule);
    }
  }
}

/** An outcome whose pieces, of which there may be as many as there are rules, are found again each time they are asked for. */
class DeepOutcome<A extends number | bigint> implements Outcome<A> {
  readonly taken: Intervals<A>;
  readonly allowed: Intervals<A>;
  readonly always: Intervals<A>;
  readonly #pieces: () => Pieces<A> | undefined;

  constructor(taken: Intervals<A>, allowed: Intervals<A>, always: Intervals<A>, pieces: () => Pieces<A> | undefined) {
    this.taken = taken;
    this.allowed = allowed;
    this.always = always;
    this.#pieces = pieces;
  }

  get pieces(): Pieces<A> | undefined {
    return this.#pieces();
  }
}
