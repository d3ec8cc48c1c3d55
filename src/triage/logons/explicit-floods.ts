import { BurstScanner, type Thresholds } from './bursts.ts';
import type { Ticks } from './ticks.ts';

/** Attempts with explicit credentials (4648) that share all of this: one, or those between `first` and `last`. */
export interface ExplicitUse {
  first: Ticks;
  last: Ticks;
  attempts: number;
  computer: string;
  /** Who asked for the logon. */
  subject: string;
  account: string;
  address: string;
  program: string;
}

/** Equal for attempts of one subject: Windows compares names of computers and accounts without regard to case. */
export function keyOfSubject({ computer, subject }: Pick<ExplicitUse, 'computer' | 'subject'>): string {
  return `${computer}\n${subject}`.toLowerCase();
}

/**
 * Of attempts with explicit credentials, those of bursts in which one subject tries many accounts: 4648 does not record
 * the outcome, and a subject that uses a single other account is doing ordinary work.
 */
export function explicitFloods<T extends ExplicitUse>(uses: Iterable<T>, thresholds: Thresholds): T[] {
  const bySubject = Map.groupBy(uses, keyOfSubject);
  return [...bySubject.values()].flatMap((own) => sprayed(own, thresholds));
}

/** Of one subject's, those of bursts that try many accounts, in time order. */
function sprayed<T extends ExplicitUse>(uses: T[], thresholds: Thresholds): T[] {
  const accounts = new Set(uses.map(({ account }) => account.toLowerCase()));
  if (accounts.size < thresholds.manyAccounts) return [];
  uses.sort((a, b) => a.first - b.first);
  const times = ({ attempts }: T): number => Math.min(attempts, thresholds.failures);
  const scanner = new BurstScanner(new Uint32Array([uses.reduce((sum, use) => sum + times(use), 0)]), thresholds);
  for (const use of uses) for (let i = times(use); i > 0; i--) scanner.push(0, use.first);
  const { count, start, end } = scanner.spans();
  const found: T[] = [];
  // Bursts lie in time order too, and apart: one walk over the attempts meets those of each.
  for (let burst = 0, place = 0; burst < count; burst++) {
    while ((uses[place]?.first ?? Number.POSITIVE_INFINITY) < (start[burst] ?? 0)) place += 1;
    const from = place;
    while ((uses[place]?.first ?? Number.POSITIVE_INFINITY) <= (end[burst] ?? 0)) place += 1;
    const own = uses.slice(from, place);
    if (new Set(own.map(({ account }) => account.toLowerCase())).size < thresholds.manyAccounts) continue;
    for (const use of own) found.push(use);
  }
  return found;
}
