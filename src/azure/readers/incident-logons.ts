import { type Json, numberAt, textAt } from '../../arm/json.ts';
import { nameOf, shortName } from '../../arm/resource-id.ts';
import type { Fact } from '../../documents/fact.ts';
import { known, unknown } from '../../documents/fact.ts';
import type { Lead } from '../../documents/incident.ts';
import type { VirtualMachine } from '../../documents/triage.ts';
import { type Followed, type LogonElsewhere, logonLeads } from '../../triage/incident.ts';
import { accountName } from '../../triage/logons/account-names.ts';
import { sourceAddress } from '../../triage/logons/addresses.ts';
import { defaultThresholds } from '../../triage/logons/bursts.ts';
import { FailureColumns } from '../../triage/logons/events.ts';
import { isoOf, type Ticks, ticksOf } from '../../triage/logons/ticks.ts';
import type { Connection } from '../client/connection.ts';
import { unknownFrom } from '../client/failure.ts';
import { kqlDatetime, kqlString } from '../client/kql-literal.ts';
import type { LogAnswer } from '../client/log-query.ts';
import { formsOf, lackOf } from './address-trace.ts';
import {
  type Ask,
  asker,
  type LogonOptions,
  lookback,
  needOf,
  rowsIn,
  securityEvent,
  spanOf,
  syslog,
  windowsSources,
} from './logon-queries.ts';
import { addSshdRows } from './logon-rows.ts';
import type { Subscription } from './subscriptions.ts';

const source = 'Log Analytics';

/** Finds the VM that a log names, by resource id or by computer name. */
type NamedVm = (machine: string) => { id: string; name: string };

const list = (values: readonly string[]): string => `dynamic([${values.map(kqlString).join(', ')}])`;
const exact = (at: Ticks): string => isoOf(at);

function windowsRow(row: Json, vmOf: NamedVm): LogonElsewhere[] {
  const [first, last] = [ticksOf(textAt(row, 'First')), ticksOf(textAt(row, 'Last'))];
  const success = ticksOf(textAt(row, 'FirstSuccess'));
  if (first === null || last === null) return [];
  return [
    {
      vm: vmOf(textAt(row, 'Machine')),
      account: textAt(row, 'Account'),
      address: sourceAddress(textAt(row, 'Address')),
      failures: numberAt(row, 'Failures') ?? 0,
      successes: numberAt(row, 'Successes') ?? 0,
      first: exact(first),
      last: exact(last),
      firstSuccess: success === null ? null : exact(success),
    },
  ];
}

/** sshd's lines are reduced by the query of the logons, asked about the addresses and accounts; the rest is left out here. */
function linuxRows(rows: Json[], followed: Followed, vmOf: NamedVm): LogonElsewhere[] {
  const attacking = new Set(followed.addresses);
  const own = new Set(followed.privateAddresses ?? []);
  const accounts = new Set(followed.accounts);
  const since = followed.since === null ? Number.POSITIVE_INFINITY : Date.parse(followed.since);
  const wanted = (address: string, account: string, at: string, entered: boolean): boolean =>
    attacking.has(address) ||
    (Date.parse(at) >= since && (own.has(address) || (entered && accounts.has(accountName(account).key))));
  const columns = new FailureColumns();
  const said = addSshdRows(rows, (machine) => machine, defaultThresholds, columns);
  const found: LogonElsewhere[] = [];
  for (let row = 0; row < columns.length; row++) {
    const address = columns.addresses.text(columns.address[row] ?? 0);
    const account = columns.displays[columns.account[row] ?? 0] ?? '-';
    const at = exact(columns.time[row] ?? 0);
    if (!wanted(address, account, at, false)) continue;
    const vm = vmOf(columns.computers.text(columns.computer[row] ?? 0));
    const failures = columns.weight[row] ?? 0;
    found.push({ vm, account, address, failures, successes: 0, first: at, last: at, firstSuccess: null });
  }
  for (const success of said.successes) {
    const address = sourceAddress(success.address);
    const at = exact(success.first);
    if (!wanted(address, success.account, at, true)) continue;
    found.push({
      vm: vmOf(success.computer),
      account: accountName(success.account).display,
      address,
      failures: 0,
      successes: 1,
      first: at,
      last: exact(success.last),
      firstSuccess: at,
    });
  }
  return found;
}

/** One query a table: all addresses and accounts in it. */
async function askSubscription(ask: Ask, followed: Followed, from: Date): Promise<LogAnswer[]> {
  const addresses = followed.addresses.flatMap(formsOf);
  const own = (followed.privateAddresses ?? []).flatMap(formsOf);
  const since = followed.since === null ? 'datetime(9999-12-31)' : kqlDatetime(new Date(followed.since));
  const parameters = { since, addresses: list(addresses), own: list(own), accounts: list(followed.accounts) };
  const named = [...followed.addresses, ...(followed.privateAddresses ?? []), ...followed.accounts];
  const earliest = followed.addresses.length > 0 ? '' : ` and TimeGenerated >= ${kqlDatetime(from)}`;
  const only = `Message has_any (${list(named)})${earliest}`;
  return Promise.all([
    ...windowsSources.map((table) => ask('incident-logons', table, { parameters })),
    ask('linux-logons', syslog, { only }),
  ]);
}

/** Logs name a VM by its resource id, in any case, or by its computer name, of which several may be. */
function namedVm(vms: readonly VirtualMachine[]): NamedVm {
  const byId = new Map(vms.map((vm) => [vm.id.toLowerCase(), vm]));
  const byName = Map.groupBy(vms, (vm) => (vm.computerName || vm.name).toLowerCase());
  return (machine) => {
    const key = machine.toLowerCase();
    const named = byName.get(key) ?? byName.get(key.split('.')[0] ?? key) ?? [];
    const vm = byId.get(key) ?? (named.length === 1 ? named[0] : undefined);
    if (vm) return { id: vm.id, name: vm.name };
    return machine.startsWith('/') ? { id: machine, name: nameOf(machine, 64) } : { id: '', name: shortName(machine) };
  };
}

/**
 * The logons of other VMs that lead on from one: by the addresses that attacked it, the accounts that the intruder has,
 * and its own addresses. One query a table and subscription; VMs whose logs reach no workspace cannot be in it.
 */
export async function readLogonLeads(
  connection: Connection,
  about: {
    vm: VirtualMachine;
    followed: Followed;
    vms: readonly VirtualMachine[];
    subscriptions: readonly Subscription[];
  },
  options: LogonOptions = {},
): Promise<Fact<Lead[]>> {
  const { vm, followed, vms, subscriptions } = about;
  if (followed.addresses.length === 0 && followed.since === null) {
    return unknown(
      'depends',
      `the logons of ${vm.name} show no address, account or time to search by`,
      'read its logons first, or look further back with --hours',
      source,
    );
  }
  const span = spanOf(connection, options.lookbackHours);
  const tables = [...windowsSources, syslog];
  const vmOf = namedVm(vms);
  const rows: LogonElsewhere[] = [];
  const notSeen: string[] = [];
  const errors: unknown[] = [];
  let answered = 0;
  const answers = await Promise.all(
    subscriptions.map(({ id }) =>
      askSubscription(
        asker(connection, `/subscriptions/${id}`, span, defaultThresholds, options.signal),
        followed,
        span.from,
      ),
    ),
  );
  for (const [place, told] of answers.entries()) {
    const name = subscriptions[place]?.name ?? '';
    for (const [at, answer] of told.entries()) {
      const table = tables[at] ?? securityEvent;
      const lack = lackOf(answer, table.table, name);
      if (lack !== '') notSeen.push(lack);
      if (answer.state === 'failed') errors.push(answer.error);
      if (answer.state === 'rows') answered++;
      const came = rowsIn(answer);
      rows.push(...(table === syslog ? linuxRows(came, followed, vmOf) : came.flatMap((row) => windowsRow(row, vmOf))));
    }
  }
  if (answered === 0) {
    if (errors.length > 0) return unknownFrom(errors[0], source, needOf('the subscription'));
    return unknown(
      'absent',
      'no workspace in reach has logon events',
      'collect them (data connector, or a collection rule)',
      source,
    );
  }
  const leads = logonLeads(rows, followed, vm);
  return known(leads, {
    source,
    asOf: connection.clock.now().toISOString(),
    coverage: `${lookback(span.hours)}, the logs of ${subscriptions.map(({ name }) => name).join(', ')}`,
    notSeen: [...notSeen, ...notAsked(followed, leads, vm)],
  });
}

function notAsked(followed: Followed, leads: readonly Lead[], vm: VirtualMachine): string[] {
  return [
    ...(followed.privateAddresses === null
      ? [`logons from ${vm.name} itself: its network interfaces could not be read`]
      : []),
    ...(followed.since === null
      ? [`logons from ${vm.name} itself, and by account: when it was entered is not known`]
      : []),
    ...(leads.some(({ reached }) => !reached)
      ? ['whether attempts succeeded on VMs that collect failed logons alone']
      : []),
    'VMs that send their logs nowhere that you can read',
  ];
}
