import { nameOf, shortName } from '../../arm/resource-id.ts';
import type { Fact } from '../../documents/fact.ts';
import { known, unknown } from '../../documents/fact.ts';
import type { Lead } from '../../documents/incident.ts';
import type { VirtualMachine } from '../../documents/triage.ts';
import { type Followed, type LogonElsewhere, logonLeads } from '../../triage/incident.ts';
import { defaultThresholds } from '../../triage/logons/bursts.ts';
import { isoOf } from '../../triage/logons/ticks.ts';
import type { Connection } from '../client/connection.ts';
import { unknownFrom } from '../client/failure.ts';
import { kqlDatetime } from '../client/kql-literal.ts';
import { type Ask, asker, type LogonOptions, lookback, needOf, spanOf } from './logon-queries.ts';
import {
  addressesLiteral,
  askLogonTables,
  type LogonCount,
  type LogonTables,
  source,
  textsLiteral,
} from './logons-in-tables.ts';
import type { Subscription } from './subscriptions.ts';

/** Finds the VM that a log names, by resource id or by computer name. */
type NamedVm = (machine: string) => { id: string; name: string };

function elsewhere(
  { machine, account, address, failures, successes, ...times }: LogonCount,
  vmOf: NamedVm,
): LogonElsewhere {
  const first = isoOf(times.first);
  const last = isoOf(times.last);
  const firstSuccess = times.firstSuccess === null ? null : isoOf(times.firstSuccess);
  return { vm: vmOf(machine), account, address, failures, successes, first, last, firstSuccess };
}

/** Chooses of sshd's lines those that the query of Windows' tables would give. */
function wantedOf(followed: Followed): (count: LogonTables['sshd'][number]) => boolean {
  const attacking = new Set(followed.addresses);
  const own = new Set(followed.privateAddresses ?? []);
  const accounts = new Set(followed.accounts);
  const since = followed.since === null ? Number.POSITIVE_INFINITY : Date.parse(followed.since);
  return ({ address, key, first, successes }) =>
    attacking.has(address) ||
    (Date.parse(isoOf(first)) >= since && (own.has(address) || (successes > 0 && accounts.has(key))));
}

/** One query a table: all addresses and accounts in it. */
function askSubscription(ask: Ask, name: string, followed: Followed, from: Date): Promise<LogonTables> {
  const own = followed.privateAddresses ?? [];
  const parameters = {
    since: followed.since === null ? 'datetime(9999-12-31)' : kqlDatetime(new Date(followed.since)),
    addresses: addressesLiteral(followed.addresses),
    own: addressesLiteral(own),
    accounts: textsLiteral(followed.accounts),
  };
  const named = [...followed.addresses, ...own, ...followed.accounts];
  const earliest = followed.addresses.length > 0 ? '' : ` and TimeGenerated >= ${kqlDatetime(from)}`;
  const only = `Message has_any (${textsLiteral(named)})${earliest}`;
  return askLogonTables(ask, name, { query: 'incident-logons', parameters }, { only });
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
  const vmOf = namedVm(vms);
  const told = await Promise.all(
    subscriptions.map(({ id, name }) =>
      askSubscription(
        asker(connection, `/subscriptions/${id}`, span, defaultThresholds, options.signal),
        name,
        followed,
        span.from,
      ),
    ),
  );
  const answers = told.flatMap((one) => one.answers);
  if (!answers.some(({ state }) => state === 'rows')) {
    const failed = answers.find((answer) => answer.state === 'failed');
    if (failed) return unknownFrom(failed.error, source, needOf('the subscription'));
    return unknown(
      'absent',
      'no workspace in reach has logon events',
      'collect them (data connector, or a collection rule)',
      source,
    );
  }
  const wanted = wantedOf(followed);
  const rows = told.flatMap(({ windows, sshd }) =>
    [...windows, ...sshd.filter(wanted)].map((count) => elsewhere(count, vmOf)),
  );
  const leads = logonLeads(rows, followed, vm);
  return known(leads, {
    source,
    asOf: connection.clock.now().toISOString(),
    coverage: `${lookback(span.hours)}, the logs of ${subscriptions.map(({ name }) => name).join(', ')}`,
    notSeen: [...told.flatMap(({ lacks }) => lacks), ...notAsked(followed, leads, vm)],
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
