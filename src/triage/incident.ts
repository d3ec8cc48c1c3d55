import { parseResourceId, sameId } from '../arm/resource-id.ts';
import type { Lead } from '../documents/incident.ts';
import { severityOrder } from '../documents/severity.ts';
import type { ActivityEntry } from '../documents/triage.ts';
import { count } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import { knownValue } from './findings/rule.ts';
import type { TriageInProgress } from './in-progress.ts';
import { indicatorsOf } from './indicators.ts';
import { accountName } from './logons/account-names.ts';
import { isLoopback } from './logons/addresses.ts';
import { successes } from './story.ts';
import { resourceText } from './time-line.ts';

/** By what other VMs are searched for. */
export interface Followed {
  addresses: string[];
  accounts: string[];
  privateAddresses: string[] | null;
  since: string | null;
}

/** So many addresses and accounts are followed: a query is a text, and its length has a bound. */
const mostFollowed = { addresses: 60, accounts: 30 };

/**
 * What a triage gives to be searched for elsewhere: the addresses that attacked or opened the way in, the accounts that
 * logged on after the failures or were made then, worst first; and since when, at the latest from `reachedAt`, when a
 * lead reached the VM. Loopback is every VM's own.
 */
export function followedOf(
  part: TriageInProgress,
  privateAddresses: string[] | null,
  reachedAt: string | null = null,
): Followed {
  const indicators = indicatorsOf(part).toSorted((a, b) => severityOrder[a.severity] - severityOrder[b.severity]);
  const own = new Set([...(privateAddresses ?? []), ...part.vm.publicAddresses]);
  const addresses = indicators.flatMap(({ type, value }) =>
    /address/i.test(type) && !isLoopback(value) && !own.has(value) ? [value] : [],
  );
  const accounts = indicators.flatMap(({ type, value, evidence }) =>
    type === 'account' && evidence.startsWith('logons.') ? [accountName(value).key] : [],
  );
  const logons = knownValue(part.logons);
  const entered = [
    ...successes(logons).map(({ success }) => success.at),
    ...(logons?.afterFailures ?? []).map(({ success }) => success.at),
  ];
  const starts = (logons?.bursts ?? []).map(({ start }) => start);
  return {
    addresses: [...new Set(addresses)].slice(0, mostFollowed.addresses),
    accounts: [...new Set(accounts.filter((key) => key !== ''))].slice(0, mostFollowed.accounts),
    privateAddresses,
    since: earliest([...entered, ...(reachedAt === null ? [] : [reachedAt])]) ?? earliest(starts),
  };
}

function earliest(instants: readonly string[]): string | null {
  return instants.reduce<string | null>(
    (first, at) => (first === null || Date.parse(at) < Date.parse(first) ? at : first),
    null,
  );
}

/** Logons of one account from one address on one other VM. Instants are ISO 8601 UTC. */
export interface LogonElsewhere {
  vm: { id: string; name: string };
  account: string;
  address: string;
  failures: number;
  successes: number;
  first: string;
  last: string;
  firstSuccess: string | null;
}

/**
 * The logons on other VMs as leads, one a VM and address (where the address is followed) or VM and account. What
 * reached comes first, then in the order of time. The rows of the VM itself lead nowhere.
 */
export function logonLeads(
  rows: readonly LogonElsewhere[],
  followed: Followed,
  self: { id: string; name: string },
): Lead[] {
  const own = new Set(followed.privateAddresses ?? []);
  const attacking = new Set(followed.addresses);
  const groups = Map.groupBy(
    rows.filter(({ vm }) =>
      vm.id === '' ? vm.name.toLowerCase() !== self.name.toLowerCase() : !sameId(vm.id, self.id),
    ),
    ({ vm, address, account }) => {
      const by = own.has(address) ? 'internal-logon' : attacking.has(address) ? 'address' : 'account';
      const what = by === 'account' ? accountName(account).key : address;
      return `${by}\n${(vm.id || vm.name).toLowerCase()}\n${what}`;
    },
  );
  const leads = [...groups].map(([key, group]) => logonLead(key.slice(0, key.indexOf('\n')), group, self.name));
  return leads.filter((lead) => lead !== undefined).toSorted(byWeight);
}

function logonLead(by: string, group: readonly LogonElsewhere[], from: string): Lead | undefined {
  const [row] = group;
  const kind = by === 'internal-logon' || by === 'address' ? by : 'account';
  if (!row) return undefined;
  const failures = group.reduce((sum, one) => sum + one.failures, 0);
  const successes = group.reduce((sum, one) => sum + one.successes, 0);
  const entered = earliest(group.flatMap(({ firstSuccess }) => firstSuccess ?? []));
  const worst = group.toSorted((a, b) => b.successes - a.successes || b.failures - a.failures);
  const accounts = [...new Map(worst.map(({ account }) => [accountName(account).key, accountName(account).display]))];
  const who = accounts.length === 1 ? (accounts[0]?.[1] ?? '') : `${count(accounts.length)} accounts`;
  const source = kind === 'internal-logon' ? `${from} (${row.address})` : row.address;
  const did =
    successes > 0
      ? `${count(successes)} logon${successes === 1 ? '' : 's'}${failures > 0 ? ` and ${count(failures)} failures` : ''}`
      : `${count(failures)} failed logon${failures === 1 ? '' : 's'}`;
  return {
    kind,
    to: { kind: 'vm', id: row.vm.id, name: printable(row.vm.name, 64) },
    reached: successes > 0,
    severity: successes > 0 ? 'critical' : kind === 'internal-logon' ? 'high' : 'medium',
    text: printable(`${did} as ${who} from ${source}`, 300),
    who: printable(who, 256),
    from: printable(row.address, 64),
    first: entered ?? earliest(group.map(({ first }) => first)) ?? row.first,
    last: group.reduce((last, one) => (Date.parse(one.last) > Date.parse(last) ? one.last : last), row.last),
    failures,
    successes,
  };
}

/** What reached before attempts, then the earlier. */
function byWeight(a: Lead, b: Lead): number {
  return (
    Number(b.reached) - Number(a.reached) ||
    severityOrder[a.severity] - severityOrder[b.severity] ||
    Date.parse(a.first) - Date.parse(b.first)
  );
}

const kinds: readonly { pattern: RegExp; kind: Lead['kind'] }[] = [
  {
    pattern:
      /^microsoft\.compute\/(disks|snapshots|restorepointcollections\/restorepoints\/diskrestorepoints)\/begingetaccess\/action$/i,
    kind: 'disk-link',
  },
  { pattern: /^microsoft\.authorization\/roleassignments\/write$/i, kind: 'role-assignment' },
];

/** The VM that an operation was done to, or in; undefined for others. */
function vmOf(resource: string): { id: string; name: string } | undefined {
  const match = /^(.*\/providers\/Microsoft\.Compute\/virtualMachines\/([^/]+))(?:\/|$)/i.exec(resource);
  const [, id = '', name = ''] = match ?? [];
  return match ? { id, name } : undefined;
}

/**
 * What was done in Azure by the identities of a VM, or from an attacking address, as leads: to another VM, to a disk, to
 * a scope. What was done to the VM itself, or by others to its parts (ids in lower case), leads nowhere; what its own
 * identity did to a disk of it does: a link is a way out for its data.
 */
export function operationLeads(
  entries: readonly ActivityEntry[],
  followed: Followed,
  self: { id: string; name: string; parts: ReadonlySet<string> },
): Lead[] {
  const attacking = new Set(followed.addresses);
  const leads = entries.flatMap((entry): Lead[] => {
    const byIdentity = entry.callerKind === 'identity-of-this-machine';
    if (entry.callerKind === 'cordon' || !(byIdentity || attacking.has(entry.address))) return [];
    const vm = vmOf(entry.resource);
    if (vm && sameId(vm.id, self.id)) return [];
    // How others changed the VM's own parts is its triage's to say.
    if (!byIdentity && self.parts.has(entry.resource.toLowerCase())) return [];
    const link = kinds.find(({ pattern }) => pattern.test(entry.operation))?.kind;
    const kind = link ?? (entry.kind === 'command' ? 'run-command' : byIdentity ? 'identity' : 'address');
    const disk = /^microsoft\.compute\/(disks|snapshots)$/i.test(parseResourceId(entry.resource)?.type ?? '');
    const who = byIdentity ? `the identity of ${self.name}` : entry.caller;
    const ended = { succeeded: '', failed: ' (refused or failed)', started: ' (its end is not reported)', unknown: '' };
    return [
      {
        kind,
        to: {
          kind: vm ? 'vm' : disk ? 'disk' : 'other',
          id: vm?.id ?? entry.resource,
          name: vm ? printable(vm.name, 64) : printable(resourceText(scopeOf(entry.resource)), 80),
        },
        reached: entry.status !== 'failed',
        severity:
          entry.status === 'failed'
            ? 'medium'
            : kind === 'identity' || kind === 'address'
              ? entry.severity
              : 'critical',
        text: printable(
          `${entry.what} by ${who}${entry.address === '' ? '' : ` from ${entry.address}`}${ended[entry.status]}`,
          300,
        ),
        who: printable(who, 256),
        from: printable(entry.address, 64),
        first: entry.at,
        last: entry.endedAt ?? entry.at,
        failures: null,
        successes: null,
        operation: printable(entry.operation, 200),
        correlationId: printable(entry.correlationId, 80),
      },
    ];
  });
  return leads.toSorted(byWeight);
}

/** A role assignment is about the scope that it is given on. */
function scopeOf(resource: string): string {
  return resource.replace(/\/providers\/Microsoft\.Authorization\/roleAssignments\/[^/]+$/i, '');
}

/** A VM that a lead reached, and when. */
export interface Reached {
  id: string;
  name: string;
  because: string;
  at: string;
}

/** The VMs that leads reached, each with the first lead that did; attempts alone are not followed. */
export function reachedVms(leads: readonly Lead[]): Reached[] {
  const found = new Map<string, Reached>();
  for (const { to, reached, kind, text, first } of leads.toSorted(byWeight)) {
    // A change of the VM by an identity is no way into it, unless it ran a command there.
    if (to.kind !== 'vm' || to.id === '' || !reached || kind === 'identity') continue;
    const key = to.id.toLowerCase();
    if (!found.has(key)) found.set(key, { id: to.id, name: to.name, because: text, at: first });
  }
  return [...found.values()];
}
