import type { Burst, LogonsAfterFailures } from '../../documents/triage.ts';
import { printable } from '../../text/printable.ts';
import { accountName, isAnonymous } from './account-names.ts';
import { type FailureColumns, Readings } from './events.ts';
import { howOf, kerberos, keyMethods, type Success } from './success.ts';
import { isoOf, type Ticks, ticksPerSecond } from './ticks.ts';
import { timeOrder } from './time-order.ts';

/**
 * So many failures of an account, and then a logon of it: what Microsoft Sentinel's stock rule
 * MultipleFailedFollowedBySuccess reports (Solutions/Windows Security Events/Analytic Rules, version 2: 5 failures,
 * with gaps of at most one hour, within two). It catches attackers who stay below the burst threshold.
 */
export const stockRule = { fewest: 5, gapSeconds: 3600, longestSeconds: 7200 };
const { fewest } = stockRule;
const longestGap = stockRule.gapSeconds * ticksPerSecond;
const longest = stockRule.longestSeconds * ticksPerSecond;
const mostTold = 50;
const mostSources = 1000;

/** An account on a computer whose logons may have followed failures. */
class Guessed {
  /** The latest first, to be taken from the end. */
  readonly successes: Success[] = [];
  /** Of the failures since the last gap or logon: the last `fewest`, in turn. */
  readonly #recent = new Float64Array(fewest);
  #times = 0;
  failures = 0;
  first: Ticks = 0;
  last: Ticks = 0;
  /** The place of the first of them in the time order. */
  from = 0;

  fail(at: Ticks, weight: number, place: number): void {
    if (this.failures === 0 || at - this.last > longestGap) {
      this.clear();
      this.first = at;
      this.from = place;
    }
    this.last = at;
    this.failures += weight;
    for (let i = Math.min(weight, fewest); i > 0; i--) this.#recent[this.#times++ % fewest] = at;
  }

  clear(): void {
    this.failures = 0;
    this.#times = 0;
  }

  /** Do they lead to a logon at that time? */
  leadTo(at: Ticks): boolean {
    if (this.#times < fewest || at - this.last > longestGap) return false;
    return at - (this.#recent[this.#times % fewest] ?? 0) <= longest;
  }
}

/**
 * Logons that followed at least five failures of their account on the same computer, from wherever they came, and which
 * no burst holds; the earliest first. A logon by key is none that a guess can open.
 */
export function logonsAfterFailures(
  failures: FailureColumns,
  successes: readonly Success[],
  bursts: readonly Burst[],
): LogonsAfterFailures {
  const { of, guessed } = guessedAccounts(failures, successes);
  if (guessed.length === 0) return [];
  const order = timeOrder(failures);
  const told = toldOf(bursts);
  const found: Led[] = [];
  const enter = (number: number, one: Guessed, success: Success, until: number): void => {
    if (one.leadTo(success.first))
      found.push({ number, success, failures: one.failures, first: one.first, last: one.last, from: one.from, until });
    one.clear();
  };

  for (let i = 0; i < failures.length; i++) {
    const row = order === null ? i : (order[i] ?? 0);
    const number = of(row);
    const one = number < 0 ? undefined : guessed[number];
    if (one === undefined) continue;
    const at = failures.time[row] ?? 0;
    for (let next = one.successes.at(-1); next !== undefined && next.first < at; next = one.successes.at(-1)) {
      one.successes.pop();
      enter(number, one, next, i);
    }
    one.fail(at, failures.weight[row] ?? 1, i);
  }
  for (const [number, one] of guessed.entries())
    for (const success of one.successes.reverse()) enter(number, one, success, failures.length);
  found.sort((a, b) => a.success.first - b.success.first);
  const listed: Led[] = [];
  for (const one of found) {
    if (listed.length >= mostTold) break;
    if (!told.has(nameOf(one.success))) listed.push(one);
  }
  return listed.map((one) => {
    const addresses = new Set<number>();
    for (let i = one.from; i < one.until && addresses.size < mostSources; i++) {
      const row = order === null ? i : (order[i] ?? 0);
      if (of(row) === one.number) addresses.add(failures.address[row] ?? 0);
    }
    return described(one, [...addresses], failures);
  });
}

/** A logon that failures led to: the number of its account on its computer, and their places in the time order. */
interface Led {
  number: number;
  success: Success;
  failures: number;
  first: Ticks;
  last: Ticks;
  from: number;
  until: number;
}

const shownAccount = (text: string): string => printable(accountName(text).display, 256);
const nameOf = ({ first, account }: Success): string => `${isoOf(first)}\n${shownAccount(account)}`;

function described(
  { success, failures: count, first, last }: Led,
  addresses: readonly number[],
  failures: FailureColumns,
): LogonsAfterFailures[number] {
  const sources = addresses.map((number) => printable(failures.addresses.text(number), 256) || '-');
  const account = shownAccount(success.account);
  return {
    account,
    failures: count,
    first: isoOf(first),
    last: isoOf(last),
    sources: sources.slice(0, 10),
    distinctSources: sources.length,
    success: {
      at: isoOf(success.first),
      account,
      address: printable(success.address.trim(), 256) || '-',
      logonType: success.logonType,
      by: 'account',
      ...howOf(success),
    },
  };
}

/** The accounts on a computer that both failed at least `fewest` times and logged on; `of` gives the number of a row's, or -1. */
function guessedAccounts(
  failures: FailureColumns,
  successes: readonly Success[],
): { of: (row: number) => number; guessed: Guessed[] } {
  const { computer, account, weight, accounts, computers } = failures;
  const width = accounts.size;
  const counts = new Float64Array(width);
  for (let row = 0; row < failures.length; row++) {
    const number = account[row] ?? 0;
    counts[number] = (counts[number] ?? 0) + (weight[row] ?? 1);
  }
  // Many logons are of few accounts, on few computers.
  const targets = new Readings((text) => {
    const name = accountName(text).key;
    const number = name === '' || isAnonymous(name) ? -1 : accounts.find(name);
    return number >= 0 && (counts[number] ?? 0) >= fewest ? number : -1;
  });
  const places = new Readings((text) => computers.find(text.trim().toLowerCase()));
  const numbers = new Map<number, number>();
  const guessed: Guessed[] = [];
  const wanted = new Uint8Array(width);
  for (const success of successes) {
    if (keyMethods.has(success.method) || success.method === kerberos) continue;
    const target = targets.of(success.account);
    const where = target < 0 ? -1 : places.of(success.computer);
    if (where < 0) continue;
    wanted[target] = 1;
    const key = where * width + target;
    let number = numbers.get(key);
    if (number === undefined) {
      number = guessed.push(new Guessed()) - 1;
      numbers.set(key, number);
    }
    guessed[number]?.successes.push(success);
  }
  for (const { successes: list } of guessed) list.sort((a, b) => b.first - a.first);
  // A log may hold millions of failures of others.
  const of = (row: number): number => {
    const target = account[row] ?? 0;
    return wanted[target] === 1 ? (numbers.get((computer[row] ?? 0) * width + target) ?? -1) : -1;
  };
  return { of, guessed };
}

/** The logons that are already in bursts. */
function toldOf(bursts: readonly Burst[]): Set<string> {
  const told = new Set<string>();
  for (const { success } of bursts) {
    if (success.state !== 'known') continue;
    for (const one of [success.value, success.fromSource]) if (one) told.add(`${one.at}\n${one.account}`);
  }
  return told;
}
