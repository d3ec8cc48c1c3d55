import type { Fact } from '../documents/fact.ts';
import type { Alerts, Jit, SecureScore, Software, VirtualMachine } from '../documents/triage.ts';
import { known, unknown } from '../triage/fact.ts';
import type { Connection } from './connection.ts';
import { unknownFrom } from './failure.ts';
import { instantAt, type Json, listAt, numberAt, textAt } from './json.ts';
import { kqlString, withParameters } from './kql-literal.ts';
import { loadQuery } from './queries.ts';
import { queryGraph } from './resource-graph.ts';
import { sameId, shortName } from './resource-id.ts';

const alertsSource = 'Resource Graph · securityresources (alerts)';
const scoreSource = 'Resource Graph · securityresources (secure score)';
const softwareSource = 'Resource Graph · securityresources (software)';
const jitSource = 'Defender for Cloud · JIT policies';

const securityReader = { permission: 'Microsoft.Security/*/read', role: 'Security Reader', scope: 'the subscription' };

async function graphRows(
  connection: Connection,
  vm: VirtualMachine,
  name: string,
  signal: AbortSignal | undefined,
  withMachine = false,
): Promise<Json[]> {
  const query = await loadQuery(name);
  const text = withMachine ? withParameters(query, { machine: kqlString(vm.id.toLowerCase()) }) : query;
  return (await queryGraph(connection, text, [vm.subscriptionId], signal)).rows;
}

/** Does an alert's row name this machine? Identifiers come in every case. */
export function alertNames(row: Json, vmId: string): boolean {
  return listAt(row, 'resources').some((identifier) =>
    ['AzureResourceId', 'azureResourceId', 'id'].some((key) => sameId(textAt(identifier, key), vmId)),
  );
}

/** Active alerts on this machine, and the Defender plan, which decides what an absence means. */
export async function readAlerts(
  connection: Connection,
  vm: VirtualMachine,
  signal?: AbortSignal,
): Promise<Fact<Alerts>> {
  try {
    const [rows, plans] = await Promise.all([
      graphRows(connection, vm, 'defender-alerts', signal),
      graphRows(connection, vm, 'defender-plans', signal),
    ]);
    const plan = plans.find((row) => sameId(textAt(row, 'subscriptionId'), vm.subscriptionId));
    const tier = textAt(plan, 'tier');
    const alerts = rows
      .filter((row) => alertNames(row, vm.id))
      .map((row) => ({
        id: textAt(row, 'id'),
        name: textAt(row, 'name') || textAt(row, 'alertType'),
        severity: textAt(row, 'severity'),
        status: textAt(row, 'status'),
        at: instantAt(row, 'at') ?? instantAt(row, 'generated') ?? connection.clock.now().toISOString(),
        description: textAt(row, 'description'),
      }))
      .sort((a, b) => b.at.localeCompare(a.at));
    if (alerts.length === 0 && !/standard/i.test(tier)) {
      return plan
        ? unknown(
            'Defender for Servers is off here: nobody looks',
            'ask the customer to switch on Defender for Servers',
            alertsSource,
          )
        : unknown(
            'the Defender plan cannot be read, so that an absence of alerts means nothing',
            'ask for Security Reader on the subscription',
            alertsSource,
          );
    }
    return known(
      { alerts, plan: [tier, textAt(plan, 'plan')].filter(Boolean).join(' ') || 'unknown' },
      { source: alertsSource, asOf: connection.clock.now().toISOString(), coverage: 'active alerts', notSeen: [] },
    );
  } catch (error) {
    return unknownFrom(error, alertsSource, securityReader);
  }
}

/** The subscription's Secure Score and the recommendations that this machine does not follow. */
export async function readSecureScore(
  connection: Connection,
  vm: VirtualMachine,
  signal?: AbortSignal,
): Promise<Fact<SecureScore>> {
  try {
    const [rows, unhealthy] = await Promise.all([
      graphRows(connection, vm, 'secure-score', signal),
      graphRows(connection, vm, 'unhealthy-recommendations', signal, true),
    ]);
    const row = rows.find((candidate) => textAt(candidate, 'name').toLowerCase() === 'ascscore') ?? rows[0];
    const percentage = numberAt(row, 'percentage');
    if (!row || percentage === undefined) {
      return unknown(
        'no Secure Score for this subscription',
        'ask for Security Reader, or switch on Defender for Cloud',
        scoreSource,
      );
    }
    return known(
      {
        percentage: Math.round(percentage * 100),
        current: numberAt(row, 'current') ?? 0,
        max: numberAt(row, 'max') ?? 0,
        unhealthy: unhealthy.map((entry) => ({ name: textAt(entry, 'name'), severity: textAt(entry, 'severity') })),
      },
      {
        source: scoreSource,
        asOf: connection.clock.now().toISOString(),
        coverage: `the subscription ${vm.subscriptionName}`,
      },
    );
  } catch (error) {
    return unknownFrom(error, scoreSource, securityReader);
  }
}

/** Third-party software and known vulnerabilities. No row means "no inventory here", not "nothing installed". */
export async function readSoftware(
  connection: Connection,
  vm: VirtualMachine,
  signal?: AbortSignal,
): Promise<Fact<Software>> {
  try {
    const rows = await graphRows(connection, vm, 'software', signal, true);
    if (rows.length === 0) {
      return unknown(
        'no software inventory for this machine',
        'switch on Defender for Servers Plan 2 (agentless scanning)',
        softwareSource,
      );
    }
    const of = (ending: string) =>
      rows.filter((row) => textAt(row, 'type').endsWith(ending)).map((row) => row.properties);
    return known(
      {
        items: of('softwareinventories').map((item) => ({
          vendor: textAt(item, 'vendor'),
          name: textAt(item, 'softwareName'),
          version: textAt(item, 'version'),
          endOfSupport: textAt(item, 'endOfSupportStatus'),
        })),
        vulnerabilities: of('subassessments')
          .filter((item) => /unhealthy/i.test(textAt(item, 'status', 'code')))
          .map((item) => ({
            id: textAt(item, 'id'),
            title: textAt(item, 'displayName'),
            severity: textAt(item, 'status', 'severity'),
            cves: [...listAt(item, 'additionalData', 'cve'), ...listAt(item, 'additionalData', 'cves')]
              .map((cve) => (typeof cve === 'string' ? cve : textAt(cve, 'title') || textAt(cve, 'name')))
              .concat(/^CVE-/i.test(textAt(item, 'id')) ? [textAt(item, 'id')] : [])
              .filter((cve) => /^CVE-\d{4}-\d+$/i.test(cve)),
          })),
      },
      {
        source: softwareSource,
        asOf: connection.clock.now().toISOString(),
        coverage: 'the last scan of Defender for Cloud',
      },
    );
  } catch (error) {
    return unknownFrom(error, softwareSource, securityReader);
  }
}

function epoch(value: unknown): string | null {
  return value instanceof Date ? value.toISOString() : instantAt({ value }, 'value');
}

/** The just-in-time policy that names this machine, and its grants: an open one is a way in. */
export async function readJit(connection: Connection, vm: VirtualMachine): Promise<Fact<Jit>> {
  try {
    const client = await connection.security(vm.subscriptionId);
    const now = connection.clock.now();
    const jit: Jit = { policy: '', ports: [], grants: [] };
    for await (const policy of client.jitNetworkAccessPolicies.list()) {
      const mine = policy.virtualMachines.find((machine) => sameId(machine.id, vm.id));
      if (mine) {
        jit.policy = policy.name ?? shortName(policy.id ?? '');
        jit.ports.push(
          ...mine.ports.map((port) => ({
            number: port.number,
            protocol: port.protocol,
            maxDuration: port.maxRequestAccessDuration,
          })),
        );
      }
      for (const request of policy.requests ?? []) {
        for (const machine of request.virtualMachines.filter((candidate) => sameId(candidate.id, vm.id))) {
          for (const port of machine.ports) {
            const endsAt = epoch(port.endTimeUtc);
            const startedAt = epoch(request.startTimeUtc);
            if (!endsAt || !startedAt) continue;
            jit.grants.push({
              requestor: request.requestor,
              port: port.number,
              source: port.allowedSourceAddressPrefix ?? (port.allowedSourceAddressPrefixes ?? []).join(', '),
              startedAt,
              endsAt,
              open: /initiated/i.test(port.status) && Date.parse(endsAt) > now.getTime(),
            });
          }
        }
      }
    }
    return known(jit, { source: jitSource, asOf: now.toISOString(), coverage: 'policies of the subscription' });
  } catch (error) {
    return unknownFrom(error, jitSource, {
      ...securityReader,
      permission: 'Microsoft.Security/locations/jitNetworkAccessPolicies/read',
    });
  }
}

/** The active alerts of every machine in reach: machine id in lower case -> count; null where no plan looks. */
export async function countAlerts(
  connection: Connection,
  subscriptions: string[],
  signal?: AbortSignal,
): Promise<Map<string, number>> {
  const { rows } = await queryGraph(connection, await loadQuery('defender-alerts'), subscriptions, signal);
  const counts = new Map<string, number>();
  for (const row of rows) {
    const ids = new Set(listAt(row, 'resources').map((entry) => textAt(entry, 'AzureResourceId').toLowerCase()));
    for (const id of ids) if (id) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

/** Subscriptions (lower-case ids) in which Defender for Servers is on; others' absence of alerts means nothing. */
export async function guardedSubscriptions(
  connection: Connection,
  subscriptions: string[],
  signal?: AbortSignal,
): Promise<Set<string>> {
  const { rows } = await queryGraph(connection, await loadQuery('defender-plans'), subscriptions, signal);
  return new Set(
    rows
      .filter((row) => /standard/i.test(textAt(row, 'tier')))
      .map((row) => textAt(row, 'subscriptionId').toLowerCase()),
  );
}
