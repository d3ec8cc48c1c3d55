import type { Burst, LogonsAfterFailures } from '../../documents/triage.ts';
import { printable } from '../../text/printable.ts';
import { accountName, isAnonymous } from './account-names.ts';
import type { FailureColumns } from './events.ts';
import { kerberos, keyMethods, type Success } from './success.ts';
import { isoOf, type Ticks, ticksPerSecond } from './ticks.ts';
import { timeOrder } from './time-order.ts';

/**
 * So many failures of an account, and then a logon of it: what Microsoft Sentinel's stock rule
 * MultipleFailedFollowedBySuccess reports (Solutions/Windows Security Events/Analytic Rules, version 2: 5 failures,
 * with gaps of at most one hour, within two). It catches attackers who stay below the burst threshold.
 */
const fewest = 5;
const longestGap = 3600 * ticksPerSecond;
const longest = 2 * longestGap;
const mostTold = 50;

interface Run {
  /** Times of the last failures, at most `fewest`. */
  recent: Ticks[];
  first: Ticks;
  failures: number;
  addresses: Set<number>;
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
  const pending = successesByKey(failures, successes);
  if (pending.size === 0) return [];
  const told = toldOf(bursts);
  const found: LogonsAfterFailures = [];
  const runs = new Map<number, Run>();
  const width = failures.accounts.size;

  const enter = (key: number, success: Success): void => {
    const run = runs.get(key);
    runs.delete(key);
    const [oldest = 0] = run?.recent ?? [];
    const last = run?.recent.at(-1) ?? 0;
    if (run === undefined || run.recent.length < fewest) return;
    if (success.first - last > longestGap || success.first - oldest > longest) return;
    const at = isoOf(success.first);
    const account = printable(success.account.trim(), 256) || '-';
    if (told.has(`${at}\n${account}`)) return;
    const sources = [...run.addresses].map((number) => printable(failures.addresses.text(number), 256) || '-');
    found.push({
      account,
      failures: run.failures,
      first: isoOf(run.first),
      last: isoOf(last),
      sources: sources.slice(0, 10),
      distinctSources: sources.length,
      success: {
        at,
        account,
        address: printable(success.address.trim(), 256) || '-',
        logonType: success.logonType,
        by: 'account',
      },
    });
  };

  // A log may hold millions of failures of others.
  const wanted = new Uint8Array(width);
  for (const key of pending.keys()) wanted[key % width] = 1;
  const order = timeOrder(failures);
  for (let i = 0; i < failures.length; i++) {
    const row = order === null ? i : (order[i] ?? 0);
    if (wanted[failures.account[row] ?? 0] !== 1) continue;
    const key = (failures.computer[row] ?? 0) * width + (failures.account[row] ?? 0);
    const waiting = pending.get(key);
    if (waiting === undefined) continue;
    const at = failures.time[row] ?? 0;
    while ((waiting.at(-1)?.first ?? Number.POSITIVE_INFINITY) < at) {
      const success = waiting.pop();
      if (success) enter(key, success);
    }
    fail(runs, key, at, failures.weight[row] ?? 1, failures.address[row] ?? 0);
  }
  for (const [key, waiting] of pending) for (const success of waiting.reverse()) enter(key, success);
  return found.sort((a, b) => (a.success.at < b.success.at ? -1 : 1)).slice(0, mostTold);
}

function fail(runs: Map<number, Run>, key: number, at: Ticks, weight: number, address: number): void {
  let run = runs.get(key);
  if (run === undefined || at - (run.recent.at(-1) ?? at) > longestGap) {
    run = { recent: [], first: at, failures: 0, addresses: new Set() };
    runs.set(key, run);
  }
  run.failures += weight;
  if (run.addresses.size < 1000) run.addresses.add(address);
  for (let i = 0; i < Math.min(weight, fewest); i++) {
    if (run.recent.length === fewest) run.recent.shift();
    run.recent.push(at);
  }
}

/** Successes by computer and account, of those alone that failed too; the latest first, to be taken from the end. */
function successesByKey(failures: FailureColumns, successes: readonly Success[]): Map<number, Success[]> {
  const byKey = new Map<number, Success[]>();
  // Many logons are of few accounts.
  const accounts = new Map<string, number>();
  for (const success of successes) {
    let account = accounts.get(success.account);
    if (account === undefined) {
      const name = accountName(success.account).key;
      account = name === '' || isAnonymous(name) ? -1 : failures.accounts.find(name);
      accounts.set(success.account, account);
    }
    if (account < 0 || keyMethods.has(success.method) || success.method === kerberos) continue;
    const computer = failures.computers.find(success.computer.trim().toLowerCase());
    if (computer < 0) continue;
    const key = computer * failures.accounts.size + account;
    const list = byKey.get(key);
    if (list) list.push(success);
    else byKey.set(key, [success]);
  }
  for (const list of byKey.values()) list.sort((a, b) => b.first - a.first);
  return byKey;
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
