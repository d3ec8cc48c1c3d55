import type { Intervals } from '../sets/interval-set.ts';
import type { InboundRule } from './compile-rules.ts';

/** Sources that one rule let through. */
export interface Piece<A extends number | bigint> {
  sources: Intervals<A>;
  rule: InboundRule;
}

/** A list of pieces that shares its beginning with others: the last one, and those before it. */
export interface Pieces<A extends number | bigint> {
  last: Piece<A>;
  before: Pieces<A> | undefined;
}

/** What the rules that name a port take out of the chain's hands there. */
export interface Outcome<A extends number | bigint> {
  /** Sources that they decided, so that these never came to the chain's rules behind them. */
  taken: Intervals<A>;
  /** What of it they let through, together and piece by piece in the order of the list. */
  allowed: Intervals<A>;
  always: Intervals<A>;
  pieces: Pieces<A> | undefined;
}
