import type { Burst } from '../../documents/triage.ts';
import type { Thresholds } from './bursts.ts';

/** What a burst of one source looks like, for telling a guess from a spray. */
export interface Shape {
  /** Does it have a source address? */
  attributed: boolean;
  failures: number;
  /** Failures of each distinct account, in any order. */
  perAccount: readonly number[];
}

/** A handful of accounts that takes most of the failures is guessed at, whatever else was tried beside it. */
const guessedAccounts = 3;

/**
 * The kind of a burst of one source key.
 * - `unattributed`: no source address was logged;
 * - `spray`: many accounts (10 by default) with few failures each: no three of them have half of all;
 * - `guess`: the rest, a few accounts with many failures.
 */
export function kindOfSource(shape: Shape, thresholds: Thresholds): Burst['kind'] {
  if (!shape.attributed) return 'unattributed';
  if (shape.perAccount.length < thresholds.manyAccounts) return 'guess';
  const most = [...shape.perAccount].sort((a, b) => b - a).slice(0, guessedAccounts);
  const concentrated = most.reduce((sum, failures) => sum + failures, 0);
  return concentrated * 2 < shape.failures ? 'spray' : 'guess';
}

/**
 * Is a burst against one account distributed? Many sources (10 by default), none of which has half of the failures:
 * otherwise it is that source's guess, with strangers knocking at the same time.
 */
export function isDistributed(perSource: readonly number[], failures: number, thresholds: Thresholds): boolean {
  return perSource.length >= thresholds.manySources && Math.max(...perSource.slice(0, 65_536)) * 2 < failures;
}
