import type { RightButRefused } from '../../documents/triage.ts';
import { printable } from '../../text/printable.ts';
import type { FailureColumns } from './events.ts';
import { failureMeaning } from './failure-codes.ts';
import { isoOf, type Ticks, ticksPerSecond } from './ticks.ts';

const mostTold = 50;
/** Guesses of the day before it may have found a credential. */
const guessing = 24 * 3600 * ticksPerSecond;

interface Refused {
  row: number;
  failures: number;
  first: Ticks;
  last: Ticks;
  /** Failures in the day before that were not right, of the account, and from the address. */
  ofAccount: number;
  ofAddress: number;
}

/**
 * Failures whose credential was right and whose logon was refused all the same, by computer, account, address and code;
 * those with the most wrong guesses of the account, or from the address, before them first. An attacker who has found a
 * password needs only another way in.
 */
export function rightButRefused(columns: FailureColumns): RightButRefused {
  const verdicts = columns.codes.texts.map((code) => failureMeaning(code).credential);
  if (!verdicts.includes('right')) return [];
  const { computer, account, address, code, time, weight } = columns;
  // By computer and account, then by address and code: numbers, for there may be millions.
  const groups = new Map<number, Map<number, Refused>>();
  const all: Refused[] = [];
  for (let row = 0; row < columns.length; row++) {
    if (verdicts[code[row] ?? 0] !== 'right') continue;
    const at = time[row] ?? 0;
    const target = (computer[row] ?? 0) * columns.accounts.size + (account[row] ?? 0);
    let ofTarget = groups.get(target);
    if (ofTarget === undefined) {
      ofTarget = new Map();
      groups.set(target, ofTarget);
    }
    const source = (address[row] ?? 0) * columns.codes.size + (code[row] ?? 0);
    const group = ofTarget.get(source);
    if (group === undefined) {
      const fresh = { row, failures: weight[row] ?? 0, first: at, last: at, ofAccount: 0, ofAddress: 0 };
      ofTarget.set(source, fresh);
      all.push(fresh);
      continue;
    }
    group.failures += weight[row] ?? 0;
    group.first = Math.min(group.first, at);
    group.last = Math.max(group.last, at);
  }
  const refused = all.sort((a, b) => b.failures - a.failures || a.first - b.first).slice(0, mostTold);
  countGuesses(refused, columns, verdicts);
  return refused
    .map(({ row, failures, first, last, ofAccount, ofAddress }) => {
      const said = columns.codes.text(code[row] ?? 0);
      return {
        account: printable(columns.displays[account[row] ?? 0] ?? '', 256) || '-',
        address: printable(columns.addresses.text(address[row] ?? 0), 256) || '-',
        code: printable(said, 64),
        meaning: failureMeaning(said).meaning,
        failures,
        first: isoOf(first),
        last: isoOf(last),
        guesses: Math.max(ofAccount, ofAddress),
      };
    })
    .sort((a, b) => b.guesses - a.guesses || b.failures - a.failures || (a.first < b.first ? -1 : 1));
}

/** Counts the failures that were not right and came before, of the same account or from the same address. */
function countGuesses(refused: readonly Refused[], columns: FailureColumns, verdicts: readonly string[]): void {
  const { computer, account, address, code, weight, time } = columns;
  // A log may hold millions of others: what these have nothing to do with is passed by at the price of a byte.
  const accounts = new Uint8Array(columns.accounts.size);
  const addresses = new Uint8Array(columns.addresses.size);
  for (const { row } of refused) {
    accounts[account[row] ?? 0] = 1;
    // No address is no one source.
    if (address[row] !== 0) addresses[address[row] ?? 0] = 1;
  }
  const right = Uint8Array.from(verdicts, (verdict) => (verdict === 'right' ? 1 : 0));
  for (let row = 0; row < columns.length; row++) {
    const ofAccount = accounts[account[row] ?? 0] === 1;
    const ofAddress = addresses[address[row] ?? 0] === 1;
    if ((!ofAccount && !ofAddress) || right[code[row] ?? 0] === 1) continue;
    const at = time[row] ?? 0;
    for (const one of refused) {
      if (at > one.last || at < one.first - guessing || computer[row] !== computer[one.row]) continue;
      if (ofAccount && account[row] === account[one.row]) one.ofAccount += weight[row] ?? 0;
      if (ofAddress && address[row] === address[one.row]) one.ofAddress += weight[row] ?? 0;
    }
  }
}
