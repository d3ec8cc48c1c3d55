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
 * Is what no other key explains a distributed password spray? Many sources (10 by default) of which none has half of the
 * failures, and accounts of which none has half: as many as make a spray, or fewer with twice the failures of a burst.
 */
export function isDistributedSpray(
  perSource: readonly number[],
  perAccount: readonly number[],
  failures: number,
  thresholds: Thresholds,
): boolean {
  if (!isDistributed(perSource, failures, thresholds)) return false;
  if (perAccount.length < thresholds.manyAccounts && failures < thresholds.failures * 2) return false;
  return largest(perAccount) * 2 < failures;
}

/**
 * Is a burst against one account distributed? Many sources (10 by default), none of which has half of the failures:
 * otherwise it is that source's guess, with strangers knocking at the same time.
 */
export function isDistributed(perSource: readonly number[], failures: number, thresholds: Thresholds): boolean {
  return perSource.length >= thresholds.manySources && largest(perSource) * 2 < failures;
}

const largest = (numbers: readonly number[]): number => numbers.reduce((most, one) => Math.max(most, one), 0);
