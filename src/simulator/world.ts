import { distance } from 'fastest-levenshtein';
import * as z from 'zod';
import { lineAt, offsetOf, syntaxFault } from '../text/json-position.ts';
import { printable } from '../text/printable.ts';

/** One resource as Azure Resource Manager prints it. Ids and types keep the case they were written in. */
export interface ArmResource {
  id: string;
  name: string;
  type: string;
  location?: string;
  tags?: Record<string, string>;
  properties?: Record<string, unknown>;
  [field: string]: unknown;
}

export type Row = Record<string, unknown>;

/** Who the simulator takes the caller to be. */
export interface Caller {
  upn: string;
  name: string;
  oid: string;
  tenantId: string;
  /** Authentication methods of the sign-in (`amr`): without "mfa" Azure takes no change. */
  amr: string[];
}

/**
 * A permission the caller lacks: everywhere, or below a scope, but not below `except`. `*` in the action stands for any
 * text.
 */
export type Denial = string | { action: string; scope: string; except?: string | undefined };

/** A world to simulate: what Azure, Log Analytics, Resource Graph and Azure Backup know at `now`. */
export interface World {
  schema: 'cordon.world/1';
  /** The world's clock at start, ISO 8601 UTC. */
  now: string;
  caller: Caller;
  subscriptions: { subscriptionId: string; displayName: string; tenantId: string }[];
  resources: ArmResource[];
  /** Log Analytics tables and Resource Graph tables, rows by column name. */
  tables: Record<string, Row[]>;
  backup: {
    protectedItems: ArmResource[];
    /** By the protected item's id, as the item writes it. */
    recoveryPoints: Record<string, ArmResource[]>;
    jobs: ArmResource[];
  };
  denied: Denial[];
  /** Workspace customer id -> lower-case ids of the resources it collects from. Absent: one workspace holds every row. */
  workspaces?: Record<string, string[]>;
  /** Columns and Kusto types beyond the known ones, by table. */
  schemas?: Record<string, Record<string, string>>;
}

/** A world file that cannot be used: one line that names file, line and what was expected. */
export class WorldError extends Error {
  override readonly name = 'WorldError';
  readonly file: string;
  readonly line: number;
  readonly expected: string;

  constructor(file: string, line: number, expected: string, found?: string) {
    const name = printable(file, 256);
    const what = printable(expected, 400);
    super(`${name}:${line}: expected ${what}${found === undefined ? '' : `, found ${printable(found, 120)}`}`);
    this.file = name;
    this.line = line;
    this.expected = what;
  }
}

type Path = (string | number)[];

/** A fault before its line is known. */
class Fault extends Error {
  readonly path: Path;
  readonly expected: string;
  readonly found: string | undefined;

  constructor(path: Path, expected: string, found?: string) {
    super(expected);
    this.path = path;
    this.expected = expected;
    this.found = found;
  }
}

const depthLimit = 100;
const kustoTypes = ['string', 'int', 'long', 'real', 'decimal', 'bool', 'datetime', 'timespan', 'guid', 'dynamic'];
const fields = [
  'schema',
  'now',
  'caller',
  'subscriptions',
  'resources',
  'tables',
  'backup',
  'denied',
  'workspaces',
  'schemas',
];
// Names that a slip of the pen would turn into an empty answer. Other tables are kept as they are.
const tablesToKnow = [
  'SecurityEvent',
  'SecurityAlert',
  'Syslog',
  'Heartbeat',
  'WindowsEvent',
  'VMConnection',
  'VMBoundPort',
  'AzureActivity',
  'AzureDiagnostics',
  'patchassessmentresources',
  'patchinstallationresources',
  'securityresources',
  'healthresources',
  'advisorresources',
  'authorizationresources',
  'recoveryservicesresources',
  'networkresources',
];
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;
const defaultTenant = '7f3a2c51-98d0-4b6e-a1f2-5c0d7e6b9a34';
const defaultCaller: Caller = {
  upn: 'responder@contoso.com',
  name: 'Responder',
  oid: '0b6a1e52-7c4d-4f0e-9a3b-2d8c5e1f7a90',
  tenantId: defaultTenant,
  amr: ['pwd', 'mfa'],
};

const text = (what: string) => z.string({ error: what }).min(1, { error: what });
const callerSchema = z
  .object(
    {
      upn: text('a user principal name').default(defaultCaller.upn),
      name: text('a display name').default(defaultCaller.name),
      oid: text('an object id').default(defaultCaller.oid),
      tenantId: text('a tenant id').default(defaultTenant),
      amr: z.array(text('an authentication method, such as "pwd" or "mfa"')).default(defaultCaller.amr),
    },
    { error: 'an object with upn, name, oid, tenantId and amr' },
  )
  .default(defaultCaller);
const actionShape = 'an action such as "Microsoft.Network/networkSecurityGroups/write", or { action, scope, except }';
const action = z.string({ error: actionShape }).regex(/^\*$|\//, { error: actionShape });
const headSchema = z.object({
  schema: z.literal('cordon.world/1', { error: '"cordon.world/1"' }),
  now: z
    .string({ error: 'a UTC time such as "2026-11-23T02:20:11Z"' })
    .refine((value) => time.test(value) && Number.isFinite(Date.parse(value)), {
      error: 'a UTC time such as "2026-11-23T02:20:11Z"',
    }),
  caller: callerSchema,
  subscriptions: z
    .array(
      z.object(
        {
          subscriptionId: text('a subscription id'),
          displayName: text('a display name').optional(),
          tenantId: text('a tenant id').optional(),
        },
        { error: 'an object with subscriptionId and displayName' },
      ),
      { error: 'a list of subscriptions' },
    )
    .optional(),
  denied: z
    .array(
      z.union(
        [
          action,
          z.object({ action, scope: z.string().startsWith('/'), except: z.string().startsWith('/').optional() }),
        ],
        { error: actionShape },
      ),
      {
        error: 'a list of actions',
      },
    )
    .default([]),
  workspaces: z
    .record(z.string(), z.array(text('a resource id'), { error: 'a list of resource ids' }), {
      error: 'an object: workspace customer id to a list of resource ids',
    })
    .optional(),
  schemas: z
    .record(
      z.string(),
      z.record(z.string(), z.enum(kustoTypes, { error: `a column type: ${kustoTypes.join(', ')}` }), {
        error: 'an object: column name to type',
      }),
      { error: 'an object: table name to its columns' },
    )
    .optional(),
});

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Says in a few words what was found where something else was expected. */
function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return printable(typeof value === 'string' ? JSON.stringify(value.slice(0, 200)) : String(value), 60);
}

/** The known name within `reach` edits, case apart; undefined when the name is known or nothing is near. */
function nearest(name: string, known: readonly string[], reach: number): string | undefined {
  if (known.includes(name) || name.length > 64) return undefined;
  let best: string | undefined;
  let least = reach + 1;
  for (const candidate of known) {
    const edits = distance(name.toLowerCase(), candidate.toLowerCase());
    if (edits < least) {
      least = edits;
      best = candidate;
    }
  }
  return best;
}

/** Last segment of an ARM id, and its resource type: everything after the last `/providers/`, every other segment. */
function readId(id: string): { name: string; type: string } | undefined {
  const parts = id.split('/');
  const name = parts.at(-1);
  if (parts[0] !== '' || parts.length < 3 || name === undefined || name === '') return undefined;
  const provider = parts.findLastIndex((part) => part.toLowerCase() === 'providers');
  if (provider === -1) {
    const kind = parts.at(-2)?.toLowerCase();
    if (kind === 'resourcegroups') return { name, type: 'Microsoft.Resources/resourceGroups' };
    if (kind === 'subscriptions') return { name, type: 'Microsoft.Resources/subscriptions' };
    return undefined;
  }
  const kinds = parts.slice(provider + 1).filter((_, index) => index === 0 || index % 2 === 1);
  return kinds.length > 1 ? { name, type: kinds.join('/') } : undefined;
}

function tooDeep(value: unknown, left: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (left === 0) return true;
  if (Array.isArray(value)) {
    for (const item of value) if (tooDeep(item, left - 1)) return true;
    return false;
  }
  for (const key in value) {
    const child: unknown = Reflect.get(value, key);
    if (typeof child === 'object' && child !== null && tooDeep(child, left - 1)) return true;
  }
  return false;
}

function listAt(value: unknown, path: Path, what: string): unknown[] {
  if (!Array.isArray(value)) throw new Fault(path, what, describe(value));
  return value;
}

/** Checks one resource in place; what Azure leaves out (name, type) is completed from its id. */
function resourceAt(value: unknown, path: Path): ArmResource {
  if (!isObject(value)) throw new Fault(path, 'a resource: an object with id, type and properties', describe(value));
  if (typeof value.id !== 'string') {
    throw new Fault(value.id === undefined ? path : [...path, 'id'], 'a resource with an "id"', describe(value.id));
  }
  const parsed = readId(value.id);
  if (parsed === undefined) {
    const shape =
      'a resource id such as "/subscriptions/…/resourceGroups/…/providers/Microsoft.Compute/virtualMachines/vm1"';
    throw new Fault([...path, 'id'], shape, describe(value.id));
  }
  const name = value.name ?? parsed.name;
  const type = value.type ?? parsed.type;
  if (typeof name !== 'string') throw new Fault([...path, 'name'], 'a name', describe(name));
  if (typeof type !== 'string') throw new Fault([...path, 'type'], 'a resource type', describe(type));
  const { location, tags, properties } = value;
  if (location !== undefined && location !== null && typeof location !== 'string') {
    throw new Fault([...path, 'location'], 'a region name', describe(location));
  }
  if (tags !== undefined && tags !== null && !isObject(tags)) {
    throw new Fault([...path, 'tags'], 'an object of tags', describe(tags));
  }
  if (properties !== undefined && properties !== null && !isObject(properties)) {
    throw new Fault([...path, 'properties'], 'an object', describe(properties));
  }
  if (tooDeep(properties, depthLimit)) throw new Fault([...path, 'properties'], `at most ${depthLimit} levels`);
  // Resource Graph prints a VM's instance view as properties.extended.instanceView; Resource Manager as instanceView.
  if (isObject(properties) && properties.instanceView === undefined && isObject(properties.extended)) {
    if (isObject(properties.extended.instanceView)) properties.instanceView = properties.extended.instanceView;
  }
  for (const field of ['location', 'tags', 'properties']) if (value[field] === null) delete value[field];
  return Object.assign(value, { id: value.id, name, type });
}

function resourcesAt(value: unknown, path: Path): ArmResource[] {
  const list = listAt(value, path, 'a list of resources');
  return list.map((item, index) => resourceAt(item, [...path, index]));
}

function rowsAt(value: unknown, path: Path): Row[] {
  const list = listAt(value, path, 'a list of rows');
  const rows: Row[] = [];
  for (const [index, item] of list.entries()) {
    if (!isObject(item)) throw new Fault([...path, index], 'a row: an object by column name', describe(item));
    for (const key in item) {
      const cell = item[key];
      if (typeof cell === 'object' && cell !== null && tooDeep(cell, depthLimit)) {
        throw new Fault([...path, index, key], `at most ${depthLimit} levels`);
      }
    }
    rows.push(item);
  }
  return rows;
}

/** Resource Graph always prints these columns; a file may leave out what the id says. */
function completeGraphRow(row: Row): void {
  if (typeof row.id !== 'string' || typeof row.TimeGenerated === 'string') return;
  const parsed = readId(row.id);
  row.name ??= parsed?.name;
  row.type ??= parsed?.type.toLowerCase();
  row.subscriptionId ??= /^\/subscriptions\/([^/]+)/i.exec(row.id)?.[1];
  row.resourceGroup ??= /\/resourcegroups\/([^/]+)/i.exec(row.id)?.[1]?.toLowerCase();
}

const backupFields = ['protectedItems', 'recoveryPoints', 'jobs'];
const recoveryPointSuffix = /\/recoverypoints\/[^/]+$/i;

function backupAt(value: unknown, path: Path): World['backup'] {
  const backup: World['backup'] = { protectedItems: [], recoveryPoints: {}, jobs: [] };
  if (value === undefined || value === null) return backup;
  if (!isObject(value)) throw new Fault(path, `an object with ${backupFields.join(', ')}`, describe(value));
  for (const key of Object.keys(value)) {
    const near = nearest(key, backupFields, 3);
    if (near !== undefined) throw new Fault([...path, key], `"${near}"`, describe(key));
  }
  if (value.protectedItems !== undefined) {
    backup.protectedItems = resourcesAt(value.protectedItems, [...path, 'protectedItems']);
  }
  if (value.jobs !== undefined) backup.jobs = resourcesAt(value.jobs, [...path, 'jobs']);
  const points = value.recoveryPoints;
  const pointsPath = [...path, 'recoveryPoints'];
  if (Array.isArray(points)) {
    groupPoints(resourcesAt(points, pointsPath), backup);
  } else if (isObject(points)) {
    const grouped = Object.entries(points).map(([id, list]) => [id, resourcesAt(list, [...pointsPath, id])] as const);
    backup.recoveryPoints = Object.fromEntries(grouped);
  } else if (points !== undefined && points !== null) {
    throw new Fault(pointsPath, 'an object: protected item id to a list of recovery points', describe(points));
  }
  return backup;
}

function groupPoints(points: ArmResource[], backup: World['backup']): void {
  const byItem = new Map(Object.entries(backup.recoveryPoints));
  for (const point of points) {
    const owner = point.id.replace(recoveryPointSuffix, '');
    const item = backup.protectedItems.find((candidate) => candidate.id.toLowerCase() === owner.toLowerCase());
    const key = item?.id ?? owner;
    byItem.set(key, [...(byItem.get(key) ?? []), point]);
  }
  backup.recoveryPoints = Object.fromEntries(byItem);
}

const itemType = 'microsoft.recoveryservices/vaults/backupfabrics/protectioncontainers/protecteditems';

/** Backup items listed among the resources belong to Azure Backup, which Resource Manager does not list. */
function sortOutBackup(resources: ArmResource[], backup: World['backup']): ArmResource[] {
  const kept: ArmResource[] = [];
  const points: ArmResource[] = [];
  for (const resource of resources) {
    const type = resource.type.toLowerCase();
    if (type === itemType) backup.protectedItems.push(resource);
    else if (type === `${itemType}/recoverypoints`) points.push(resource);
    else if (type === 'microsoft.recoveryservices/vaults/backupjobs') backup.jobs.push(resource);
    else kept.push(resource);
  }
  if (points.length > 0) groupPoints(points, backup);
  return kept;
}

function subscriptionsOf(resources: ArmResource[]): string[] {
  const found = new Map<string, string>();
  for (const { id } of resources) {
    const subscription = /^\/subscriptions\/([^/]+)/i.exec(id)?.[1];
    if (subscription !== undefined && !found.has(subscription.toLowerCase())) {
      found.set(subscription.toLowerCase(), subscription);
    }
  }
  return [...found.values()];
}

function readWorld(value: unknown): World {
  if (!isObject(value)) throw new Fault([], 'a world: an object with "schema", "now", "resources"', describe(value));
  for (const key of Object.keys(value)) {
    const near = nearest(key, fields, 2);
    if (near !== undefined) throw new Fault([key], `the field "${near}"`, describe(key));
  }
  const head = headSchema.safeParse(value);
  if (!head.success) {
    const issue = head.error.issues[0];
    const path = (issue?.path ?? []).filter((step) => typeof step !== 'symbol');
    let found: unknown = value;
    for (const step of path) found = typeof found === 'object' && found !== null ? Reflect.get(found, step) : undefined;
    const at = path.length === 0 ? '' : `${path.join('.')}: `;
    throw new Fault(path, `${at}${issue?.message ?? 'a world'}`, describe(found));
  }
  const backup = backupAt(value.backup, ['backup']);
  const resources = resourcesAt(value.resources, ['resources']);
  const seen = new Map<string, number>();
  for (const [index, { id }] of resources.entries()) {
    const before = seen.get(id.toLowerCase());
    if (before !== undefined) {
      throw new Fault(
        ['resources', index, 'id'],
        `an id that resources[${before}] does not already have`,
        describe(id),
      );
    }
    seen.set(id.toLowerCase(), index);
  }
  const tables = new Map<string, Row[]>();
  if (value.tables !== undefined) {
    if (!isObject(value.tables)) throw new Fault(['tables'], 'an object: table name to rows', describe(value.tables));
    for (const [name, rows] of Object.entries(value.tables)) {
      const near = nearest(name, tablesToKnow, 1);
      if (near !== undefined) throw new Fault(['tables', name], `the table "${near}"`, describe(name));
      const list = rowsAt(rows, ['tables', name]);
      if (/resources$/.test(name)) for (const row of list) completeGraphRow(row);
      tables.set(name, list);
    }
  }
  const { schema, now, caller, denied, workspaces, schemas, subscriptions } = head.data;
  const named =
    subscriptions ??
    subscriptionsOf(resources).map((subscriptionId) => ({
      subscriptionId,
      displayName: undefined,
      tenantId: undefined,
    }));
  return {
    schema,
    now,
    caller,
    subscriptions: named.map((each) => ({
      subscriptionId: each.subscriptionId,
      displayName: each.displayName ?? each.subscriptionId,
      tenantId: each.tenantId ?? caller.tenantId,
    })),
    resources: sortOutBackup(resources, backup),
    tables: Object.fromEntries(tables),
    backup,
    denied,
    ...(workspaces === undefined
      ? {}
      : {
          workspaces: Object.fromEntries(
            Object.entries(workspaces).map(([id, members]) => [id, members.map((member) => member.toLowerCase())]),
          ),
        }),
    ...(schemas === undefined ? {} : { schemas }),
  };
}

/**
 * Reads a world file (JSON, with or without a byte order mark). Fields that the file may leave out are completed:
 * caller, subscriptions (from the resource ids), tables, backup, denied; a resource's name and type (from its id).
 * Throws WorldError, one line with file, line and what was expected. Places are sought only when something is wrong.
 */
export function parseWorld(text: string, fileName: string): World {
  const body = text.startsWith('\ufeff') ? text.slice(1) : text;
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    const fault = syntaxFault(body);
    const offset = fault?.offset ?? 0;
    const found = offset >= body.length ? 'the end of the file' : JSON.stringify(body.slice(offset, offset + 20));
    throw new WorldError(fileName, lineAt(body, offset), fault?.expected ?? 'JSON', found);
  }
  try {
    return readWorld(value);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new WorldError(fileName, lineAt(body, offsetOf(body, error.path)), error.expected, error.found);
  }
}
