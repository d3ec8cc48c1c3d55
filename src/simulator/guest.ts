import type { Azure } from './azure.ts';
import { at, records, text } from './json.ts';
import type { ArmResource } from './world.ts';

/** What a script printed in a guest, and its exit code. */
export interface GuestOutput {
  output: string;
  error: string;
  exitCode: number;
}

/** Accounts that were disabled in each guest, by the lower-case id of its machine. */
const disabled = new WeakMap<Azure, Map<string, Set<string>>>();

export function disabledAccounts(azure: Azure, machine: ArmResource): Set<string> {
  const guests = disabled.get(azure) ?? new Map<string, Set<string>>();
  disabled.set(azure, guests);
  const key = machine.id.toLowerCase();
  const own = guests.get(key) ?? new Set<string>();
  guests.set(key, own);
  return own;
}

const lines = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => `${line(index)}\n`).join('');

/** What guests print of their live state: the marks are commands that the scripts run. */
const states: readonly [RegExp, (machine: ArmResource) => string][] = [
  [
    /Get-NetTCPConnection|\bss -H/,
    () =>
      lines(12, (index) => `Established 10.1.4.7:3389 203.0.113.${20 + index}:${50_000 + index} pid=1184`) +
      'Established 10.1.4.7:49812 45.155.205.10:443 pid=6420\n',
  ],
  [
    /Win32_Process\b|\bps -eo/,
    ({ name }) =>
      lines(90, (index) => `pid=${400 + index * 4} ppid=388 C:\\Windows\\System32\\svchost.exe -k netsvcs -p`) +
      `pid=6420 ppid=1184 C:\\Users\\Public\\upd.exe --host ${name} --password=Winter2026!x\n`,
  ],
  [
    /quser|\bwho -a/,
    () =>
      ' USERNAME  SESSIONNAME  ID  STATE  IDLE TIME  LOGON TIME\n svc-web   rdp-tcp#4    3  Active      .      2:14 AM\n',
  ],
  [
    /Win32_StartupCommand|crontab/,
    () =>
      'run HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Run upd C:\\Users\\Public\\upd.exe\ntask \\upd C:\\Users\\Public\\upd.exe\n',
  ],
];

/**
 * What a script prints in a guest. The simulator runs no script: it knows the commands that a script names, and the name
 * of the account that it was given.
 *
 * @param given the parameters, as a request lists them
 */
export function guestOutput(azure: Azure, machine: ArmResource, script: string, given: unknown): GuestOutput {
  const parameters = Object.fromEntries(records(given).map((one) => [text(one.name) ?? '', text(one.value) ?? '']));
  const verb = parameters.Verb ?? parameters.verb;
  if (verb !== undefined) return changeAccount(azure, machine, verb, parameters.Account ?? parameters.account ?? '');
  const known = states.find(([mark]) => mark.test(script));
  return { output: known?.[1](machine) ?? '', error: '', exitCode: 0 };
}

/** Guests know their administrator and the accounts that their logs name. */
function changeAccount(azure: Azure, machine: ArmResource, verb: string, given: string): GuestOutput {
  const windows = text(at(machine.properties, 'storageProfile', 'osDisk', 'osType')) !== 'Linux';
  const account = (windows ? Buffer.from(given.slice(1), 'hex').toString() : given).toLowerCase();
  const admin = text(at(machine.properties, 'osProfile', 'adminUsername'))?.toLowerCase();
  if (account !== admin && account !== 'svc-web') return { output: '', error: `cordon: no such account`, exitCode: 3 };
  const own = disabledAccounts(azure, machine);
  const was = own.has(account) ? 'disabled' : 'enabled';
  if (verb === 'disable') own.add(account);
  if (verb === 'enable') own.delete(account);
  return { output: `was=${was} now=${own.has(account) ? 'disabled' : 'enabled'}\n`, error: '', exitCode: 0 };
}
