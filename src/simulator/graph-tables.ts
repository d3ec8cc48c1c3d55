import { type Table, tableFromRows } from '../kql/table.ts';
import { resourceGraphColumns } from '../kql/table-schemas.ts';
import type { Azure } from './azure.ts';
import { type Json, record, same, text } from './json.ts';
import { instanceView, powerState, powerWords, present } from './present.ts';
import { resourceGroups } from './providers/resource-reads.ts';
import { neededAction } from './resource-id.ts';
import { graphProperties, isSecurityRecord } from './security-records.ts';
import type { ArmResource, Row } from './world.ts';

/**
 * Tables of Resource Graph beside resources and resourcecontainers, as its reference writes them ("Azure Resource Graph table
 * and resource type reference"); empty where the world has none of theirs. A query that has a name in the case of its table is
 * analysed once, any other twice.
 */
const tableNames = [
  'authorizationresources',
  'computeresources',
  'patchassessmentresources',
  'patchinstallationresources',
  'recoveryservicesresources',
  'securityresources',
];

/** Tables that are there where a world gives their rows: an empty one would say that there are none. */
const givenTables = [
  'advisorresources',
  'alertsmanagementresources',
  'appserviceresources',
  'extendedlocationresources',
  'guestconfigurationresources',
  'healthresources',
  'insightsresources',
  'maintenanceresources',
  'networkresources',
  'policyresources',
  'resourcechanges',
  'servicehealthresources',
];

/** Is it a table of Resource Graph of which this world has no word? */
export const isTableNotKept = (name: string): boolean => givenTables.includes(name.toLowerCase());

interface Placed {
  row: Row;
  /** Lower-case subscription and the permission that shows the row. */
  subscription: string;
  action: string;
  id: string;
}

function rowOf(azure: Azure, resource: ArmResource, properties: unknown): Row {
  const subscriptionId = /^\/subscriptions\/([^/]+)/i.exec(resource.id)?.[1] ?? '';
  const group = /\/resourcegroups\/([^/]+)/i.exec(resource.id)?.[1] ?? '';
  const owner = azure.subscriptions.find((each) => same(each.subscriptionId, subscriptionId));
  return {
    id: resource.id,
    name: resource.name,
    type: resource.type.toLowerCase(),
    tenantId: owner?.tenantId ?? azure.caller.tenantId,
    kind: text(resource.kind) ?? '',
    location: resource.location?.toLowerCase().replaceAll(' ', '') ?? '',
    resourceGroup: group.toLowerCase(),
    subscriptionId,
    managedBy: text(resource.managedBy) ?? '',
    sku: resource.sku ?? null,
    plan: resource.plan ?? null,
    properties: properties ?? null,
    tags: resource.tags ?? null,
    identity: resource.identity ?? null,
    zones: resource.zones ?? null,
    extendedLocation: resource.extendedLocation ?? null,
  };
}

/** A machine's properties with what Resource Graph adds: the instance view in its own shape. */
function machineProperties(machine: ArmResource, shown: Json): Json {
  const code = powerState(machine);
  const { statuses: _, disks: __, ...view } = instanceView(machine);
  const powered = { ...view, powerState: { code, displayStatus: powerWords(code), level: 'Info' } };
  return { ...shown, extended: { ...record(record(machine.properties).extended), instanceView: powered } };
}

function place(row: Row): Placed | undefined {
  const id = text(row.id);
  if (id === undefined) return undefined;
  const { action } = neededAction('GET', id);
  return { row, id, action, subscription: (/^\/subscriptions\/([^/]+)/i.exec(id)?.[1] ?? '').toLowerCase() };
}

const containers = /^microsoft\.resources\/(subscriptions\/)?(resourcegroups|subscriptions)$/i;
/** Instances of Uniform scale sets, and what belongs to them, have a table of their own. */
const ofInstances =
  /^microsoft\.compute\/virtualmachinescalesets\/virtualmachines(\/networkinterfaces(\/ipconfigurations\/publicipaddresses)?)?$/i;
const authorization = /^microsoft\.authorization\//i;
// Not in Resource Graph as rows of their own: what is printed inside another resource, and what only the simulator reads.
const inside =
  /^microsoft\.(network\/(networksecuritygroups\/securityrules|virtualnetworks\/subnets)|resources\/providers|security\/locations\/jitnetworkaccesspolicies|securityinsights\/incidents(\/comments)?)$/i;

function resourceRows(azure: Azure): Map<string, Row[]> {
  const tables = new Map<string, Row[]>([
    ['resources', []],
    ['authorizationresources', []],
    ['securityresources', []],
    ['recoveryservicesresources', []],
    ['computeresources', []],
  ]);
  for (const resource of azure.store.all()) {
    const { type } = resource;
    if (containers.test(type) || inside.test(type)) continue;
    if (isSecurityRecord(type))
      tables.get('securityresources')?.push(rowOf(azure, resource, graphProperties(resource)));
    else if (authorization.test(type)) {
      if (!/\/locks$/i.test(type))
        tables.get('authorizationresources')?.push(rowOf(azure, resource, resource.properties));
    } else if (/^microsoft\.recoveryservices\/vaults\//i.test(type)) {
      tables.get('recoveryservicesresources')?.push(rowOf(azure, resource, resource.properties));
    } else {
      const shown = present(resource, azure);
      const machine = /^microsoft\.compute\/(virtualmachinescalesets\/)?virtualmachines$/i.test(type);
      const properties = machine ? machineProperties(resource, record(shown.properties)) : shown.properties;
      const table = ofInstances.test(type) ? 'computeresources' : 'resources';
      tables.get(table)?.push(rowOf(azure, shown, properties));
    }
  }
  const points = Object.values(azure.backup.recoveryPoints).flat();
  for (const item of [...azure.backup.protectedItems, ...azure.backup.jobs, ...points]) {
    tables.get('recoveryservicesresources')?.push(rowOf(azure, item, item.properties));
  }
  return tables;
}

function containerRows(azure: Azure): Row[] {
  const rows: Row[] = [];
  for (const { subscriptionId, displayName, tenantId } of azure.subscriptions) {
    const own: ArmResource = {
      id: `/subscriptions/${subscriptionId}`,
      name: displayName,
      type: 'microsoft.resources/subscriptions',
    };
    rows.push({ ...rowOf(azure, own, { managedByTenants: [], state: 'Enabled' }), tenantId, location: '' });
    for (const group of resourceGroups(azure, subscriptionId)) {
      const named = { ...group, type: 'microsoft.resources/subscriptions/resourcegroups' };
      rows.push(rowOf(azure, named, { provisioningState: 'Succeeded' }));
    }
  }
  return rows;
}

/** The rows of every table, made again when the state has changed. */
export class GraphTables {
  readonly #azure: Azure;
  #state = '';
  #placed = new Map<string, Placed[]>();
  #built = new Map<string, Table[]>();

  constructor(azure: Azure) {
    this.#azure = azure;
  }

  #refresh(): void {
    const azure = this.#azure;
    const state = `${azure.store.version}/${azure.dataVersion}`;
    if (state === this.#state) return;
    this.#state = state;
    this.#built.clear();
    this.#placed.clear();
    const made = resourceRows(azure);
    made.set('resourcecontainers', containerRows(azure));
    for (const name of [...tableNames, ...givenTables.filter((each) => azure.table(each) !== undefined)]) {
      const own = made.get(name) ?? [];
      const seen = new Set(own.map((row) => String(row.id).toLowerCase()));
      const given = (azure.table(name) ?? []).filter((row) => !seen.has(String(row.id).toLowerCase()));
      made.set(name, [...own, ...given.map((row) => this.#complete(row))]);
    }
    for (const [name, rows] of made) {
      this.#placed.set(
        name,
        rows.map(place).filter((each) => each !== undefined),
      );
    }
  }

  /** A row that the world gives, with the columns that Resource Graph always prints. */
  #complete(row: Row): Row {
    const id = text(row.id) ?? '';
    const subscriptionId = text(row.subscriptionId) ?? /^\/subscriptions\/([^/]+)/i.exec(id)?.[1] ?? '';
    const owner = this.#azure.subscriptions.find((each) => same(each.subscriptionId, subscriptionId));
    return {
      ...row,
      name: row.name ?? id.slice(id.lastIndexOf('/') + 1),
      type: text(row.type)?.toLowerCase() ?? '',
      tenantId: row.tenantId ?? owner?.tenantId ?? this.#azure.caller.tenantId,
      resourceGroup: text(row.resourceGroup) ?? (/\/resourcegroups\/([^/]+)/i.exec(id)?.[1] ?? '').toLowerCase(),
      subscriptionId,
    };
  }

  /** All tables over some subscriptions (lower case), with the rows that the caller may read. */
  over(subscriptions: string[]): Table[] {
    this.#refresh();
    const key = [...subscriptions].sort().join(',');
    const known = this.#built.get(key);
    if (known !== undefined) return known;
    const { permissions } = this.#azure;
    const scope = new Set(subscriptions);
    const tables: Table[] = [];
    for (const [name, placed] of this.#placed) {
      const rows = placed
        .filter((each) => scope.has(each.subscription) && permissions.allows(each.action, each.id))
        .map((each) => each.row);
      tables.push(tableFromRows(name, rows, resourceGraphColumns));
    }
    this.#built.set(key, tables);
    return tables;
  }
}
