import { counted, listed } from '../text/counts.ts';
import { ComputerNames } from '../triage/logons/computer-names.ts';
import type { LogonLog } from './logon-log.ts';

const namesTold = 4;

/**
 * Computers of several whose logs hold no logon at all, or none that failed: what the logs of others hold says nothing of them.
 * `failed` and `any` are the computers, in lower case, of which failed logons, and logons at all, were read; a log whose first record
 * is of a computer's earlier name is named by that.
 */
export function untoldComputers(
  files: readonly LogonLog[],
  { failed, any }: { failed: ReadonlySet<string>; any: ReadonlySet<string> },
): string[] {
  const computers = files.flatMap((file) => file.computers);
  // Names of logs without logons are in no event that was taken.
  const known = new ComputerNames([...computers, ...any]);
  const keyOf = (name: string): string => known.nameOf(name).trim().toLowerCase();
  const written = new Map(computers.filter((name) => name !== '').map((name) => [keyOf(name), known.nameOf(name)]));
  if (written.size < 2) return [];
  const told = new Set([...any].map(keyOf));
  const failing = new Set([...failed].map(keyOf));
  const none = [...written].filter(([key]) => !told.has(key)).map(([, name]) => name);
  const entered = [...written].filter(([key]) => told.has(key) && !failing.has(key)).map(([, name]) => name);
  return [
    ...(none.length > 0
      ? [
          `logons of ${listed(none, namesTold)}: no logon event, failed or not, is in what was opened of ${none.length === 1 ? 'it' : `these ${counted(none.length, 'computer')}`}`,
        ]
      : []),
    ...(entered.length > 0 && failing.size > 0
      ? [`no failed logon of ${listed(entered, namesTold)} is in it: it is not known whether they are logged there`]
      : []),
  ];
}
