import { at, instantAt, type Json, listAt, textAt } from '../../arm/json.ts';
import type { Fact } from '../../documents/fact.ts';
import { known, unknown } from '../../documents/fact.ts';
import type { Alerts, VirtualMachine } from '../../documents/triage.ts';
import { counted } from '../../text/counts.ts';
import { printable } from '../../text/printable.ts';
import type { Connection } from '../client/connection.ts';
import { securityReader, unknownFrom } from '../client/failure.ts';
import { inTurns } from '../client/in-turns.ts';
import { loadQuery } from '../client/load-query.ts';
import { queryGraph } from '../client/resource-graph.ts';
import { readHolders } from './alert-holders.ts';
import { concerns, isOwnAddress, matchOf, ofAnother, subjectOf } from './alert-subjects.ts';
import type { ServersPlan } from './defender-plan.ts';

const source = 'Resource Graph · securityresources (alerts)';
/** The lists of one alert end somewhere. */
const most = 100;

type Alert = Alerts['alerts'][number];

function distinct(texts: string[], limit: number): string[] {
  return [...new Set(texts.map((text) => printable(text, limit)).filter((text) => text !== ''))].slice(0, most);
}

/** Addresses in free text: "203.0.113.77, 198.51.100.9". */
function addressesIn(text: string): string[] {
  return text
    .split(/[\s,;]+/)
    .filter((part) => /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f]{0,4}(:[0-9a-f]{0,4}){2,7})$/i.test(part));
}

/** An alert from its properties, in the case of Resource Graph or of Azure Resource Manager. `raisedAt` stands in for times. */
export function alertFrom(id: string, properties: unknown, readAt: string): Alert {
  const startAt = instantAt(properties, 'startTimeUtc');
  const entities = listAt(properties, 'entities');
  const ofType = (type: RegExp) => entities.filter((entity) => type.test(textAt(entity, 'type')));
  const extended = at(properties, 'extendedProperties');
  return {
    id,
    name: textAt(properties, 'alertDisplayName') || textAt(properties, 'alertType'),
    type: textAt(properties, 'alertType'),
    severity: textAt(properties, 'severity'),
    status: textAt(properties, 'status'),
    at: startAt ?? instantAt(properties, 'timeGeneratedUtc') ?? readAt,
    startAt,
    endAt: instantAt(properties, 'endTimeUtc'),
    description: printable(textAt(properties, 'description'), 2000),
    intent: textAt(properties, 'intent'),
    techniques: distinct([...listAt(properties, 'techniques'), ...listAt(properties, 'subTechniques')].map(String), 20),
    entities: {
      addresses: distinct(
        [
          ...ofType(/^ip$/i).map((entity) => textAt(entity, 'address')),
          ...addressesIn(textAt(extended, 'attacker source IP') || textAt(extended, 'client IP address')),
        ],
        45,
      ),
      accounts: distinct(
        ofType(/^account$/i).map((entity) =>
          [textAt(entity, 'ntDomain'), textAt(entity, 'name')].filter(Boolean).join('\\'),
        ),
        120,
      ),
    },
    remediation: distinct(listAt(properties, 'remediationSteps').map(String), 400),
  };
}

/** What an absence of alerts does not say, by the plan. */
function limitsOf(plan: ServersPlan): string[] {
  switch (plan.servers) {
    case 'P1':
      return ['attacks on the network and logons: Plan 1 alerts only on what Defender for Endpoint sees in the VM'];
    case 'off':
      return ['new alerts: Defender for Servers is off here'];
    case 'unreadable':
      return ['whether Defender for Servers is on: its plan cannot be read'];
    default:
      return [];
  }
}

/** Alerts that do not say which VM they are about; "" for none. */
function unplacedText(rows: readonly Json[]): string {
  if (rows.length === 0) return '';
  const titles = distinct(
    rows.map((row) => textAt(row.properties, 'alertDisplayName') || textAt(row.properties, 'alertType')),
    100,
  );
  const shown = titles.slice(0, 3).map((title) => `“${title}”`);
  return `${counted(rows.length, 'active alert')} of the subscription that may be about this VM, by an agent’s id, a name or an address alone (${shown.join(', ')}): look at ${rows.length === 1 ? 'it' : 'them'} in Defender for Cloud`;
}

/** Active alerts on this VM; the plan decides what an absence means. */
export async function readAlerts(
  connection: Connection,
  vm: VirtualMachine,
  plan: Promise<ServersPlan>,
  signal?: AbortSignal,
): Promise<Fact<Alerts>> {
  try {
    const [{ rows, truncated }, servers] = await Promise.all([
      loadQuery('defender-alerts').then((query) => queryGraph(connection, query, [vm.subscriptionId], signal)),
      plan,
    ]);
    const asOf = connection.clock.now().toISOString();
    const subjects = rows.map((row) => subjectOf(textAt(row, 'id'), row.properties));
    const holders = await readHolders(connection, [vm.subscriptionId], subjects, signal);
    const matched = subjects.map((subject, i) => ({ row: rows[i], ...matchOf(subject, vm, holders) }));
    const alerts = matched
      .filter(({ is }) => is === 'yes')
      .map(({ row, by }) => {
        const { entities, ...alert } = alertFrom(textAt(row, 'id'), row?.properties, asOf);
        // Its own address is no attacker's.
        const addresses = entities.addresses.filter((one) => !isOwnAddress(one, vm, holders));
        return {
          ...alert,
          entities: { ...entities, addresses },
          ...(by === '' ? {} : { matchedBy: printable(by, 200) }),
        };
      })
      .sort((a, b) => b.at.localeCompare(a.at));
    const unplaced = unplacedText(matched.flatMap(({ row, is }) => (is === 'perhaps' && row ? [row] : [])));
    if (alerts.length === 0 && servers.servers === 'off') {
      return unknown(
        'off',
        'Defender for Servers is off here: nothing is detected',
        'ask the customer to switch on Defender for Servers Plan 2',
        source,
      );
    }
    if (alerts.length === 0 && servers.servers === 'unreadable') {
      return unknown(
        'hidden',
        'the Defender plan cannot be read, so that an absence of alerts means nothing',
        'ask for Security Reader on the subscription',
        source,
      );
    }
    return known(
      { alerts, plan: servers.text, servers: servers.servers },
      {
        source,
        asOf,
        coverage: `active alerts; Defender for Servers ${servers.text}`,
        notSeen: [...limitsOf(servers), ...(unplaced ? [unplaced] : []), ...(truncated ? [truncated] : [])],
      },
    );
  } catch (error) {
    return unknownFrom(error, source, securityReader);
  }
}

/**
 * The active alerts of VMs in reach: VM id in lower case -> count; how many name none of them, and whether Azure gave
 * all there are.
 */
export async function countAlerts(
  connection: Connection,
  subscriptions: string[],
  machines: readonly VirtualMachine[],
  signal?: AbortSignal,
): Promise<{ counts: Map<string, number>; notSeen: string[]; whole: boolean }> {
  const { rows, truncated } = await queryGraph(connection, await loadQuery('defender-alerts'), subscriptions, signal);
  const notSeen = truncated ? [truncated] : [];
  const whole = truncated === '';
  if (rows.length === 0) return { counts: new Map(), notSeen, whole };
  const byName = new Map<string, VirtualMachine[]>();
  const byInterface = new Map<string, VirtualMachine>();
  const byAddress = new Map<string, VirtualMachine[]>();
  const byId = new Map<string, VirtualMachine>();
  const add = (map: Map<string, VirtualMachine[]>, key: string, vm: VirtualMachine) => {
    const known = map.get(key);
    if (known) known.push(vm);
    else map.set(key, [vm]);
  };
  await inTurns(machines, (vm) => {
    for (const name of new Set([vm.name, vm.computerName].map((one) => one.toLowerCase()).filter(Boolean)))
      add(byName, name, vm);
    for (const id of vm.networkInterfaces) byInterface.set(id.toLowerCase(), vm);
    for (const address of vm.publicAddresses) add(byAddress, address, vm);
    byId.set(vm.id.toLowerCase(), vm);
  });
  const subjects = rows.map((row) => subjectOf(textAt(row, 'id'), row.properties));
  const holders = await readHolders(connection, subscriptions, subjects, signal);
  const holding = (thing: string): VirtualMachine[] =>
    [...(holders.get(thing) ?? [])].flatMap(
      (holder) => byId.get(holder) ?? byInterface.get(holder.replace(/\/ipconfigurations\/[^/]*$/, '')) ?? [],
    );
  const counts = new Map<string, number>();
  let unplaced = 0;
  for (const subject of subjects) {
    const { addresses, resources } = subject;
    const named = subject.names.flatMap((name) => byName.get(name) ?? []);
    const attached = resources.flatMap((id) => byInterface.get(id) ?? []);
    const behind = [...resources, ...addresses].flatMap(holding);
    const reached = addresses.flatMap((address) => byAddress.get(address) ?? []);
    const own = [...attached, ...behind, ...reached, ...named]
      .filter((vm) => concerns(subject, vm, holders) === 'yes')
      .map(({ id }) => id.toLowerCase());
    const ids = subject.machines.length > 0 ? subject.machines : own;
    for (const id of new Set(ids)) counts.set(id, (counts.get(id) ?? 0) + 1);
    const nameless = subject.names.length === 0 && resources.length === 0;
    const elsewhere = behind.length === 0 && ofAnother(subject.victims, holders);
    if (ids.length === 0 && (named.length > 0 || behind.length > 0 || (nameless && !elsewhere))) unplaced += 1;
  }
  if (unplaced > 0)
    notSeen.push(
      `${counted(unplaced, 'Defender alert')} that may be about any of these VMs, by an agent’s id, a name or an address alone`,
    );
  return { counts, notSeen, whole };
}
