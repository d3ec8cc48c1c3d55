import type { IncidentVmInProgress, Lead } from '../documents/incident.ts';
import { listed } from '../text/counts.ts';

/** Where leads come from: the logs of other VMs, and the activity log. */
export type LeadSource = 'logons' | 'operations';

export const leadSourceNames: Record<LeadSource, string> = {
  logons: 'Logons on other VMs',
  operations: 'Done in Azure',
};

/** The name of each kind of lead, in few words. */
export const leadKinds: Record<Lead['kind'], string> = {
  address: 'address',
  account: 'account',
  'internal-logon': 'internal logon',
  'run-command': 'run command',
  'disk-link': 'disk link',
  'role-assignment': 'role given',
  identity: 'identity',
};

const kinds: Record<LeadSource, readonly Lead['kind'][]> = {
  logons: ['address', 'account', 'internal-logon'],
  operations: ['run-command', 'disk-link', 'role-assignment', 'identity', 'address'],
};

/** The kinds of lead that a source can show. */
export const kindsOf = (source: LeadSource): readonly Lead['kind'][] => kinds[source];

/** The leads from a VM, from all that is known. */
export const knownLeads = ({ logons, operations }: Pick<IncidentVmInProgress, LeadSource>): Lead[] =>
  [logons, operations].flatMap((fact) => (fact?.state === 'known' ? fact.value : []));

/** So many of the addresses or accounts that are followed are named. */
const mostNamed = 8;

/** By what other VMs were searched for, a text each. */
export function followedTexts({ followed }: Pick<IncidentVmInProgress, 'followed'>): string[] {
  if (!followed) return [];
  const part = (what: string, values: readonly string[] | null) =>
    `${what} ${values === null ? '? not read' : values.length === 0 ? 'none' : listed(values, mostNamed)}`;
  return [
    part('addresses', followed.addresses),
    part('accounts', followed.accounts),
    part('its own addresses', followed.privateAddresses),
  ];
}

/** The kinds of lead that a known source does not show; and why none could follow where it was not searched by that. */
export function unfoundText(one: IncidentVmInProgress, source: LeadSource): string {
  const fact = one[source];
  if (fact?.state !== 'known') return '';
  const found = new Set(fact.value.map(({ kind }) => kind));
  const { followed } = one;
  const told = kinds[source]
    .filter((kind) => !found.has(kind))
    .map((kind) => {
      if (source === 'logons' && kind === 'internal-logon' && followed?.privateAddresses === null) {
        return '? from its own addresses: these could not be read';
      }
      if (source === 'logons' && kind === 'account' && followed?.accounts.length === 0) {
        return 'by account: none of the intruder is known';
      }
      return unfound[source][kind] ?? '';
    })
    .filter((text) => text !== '');
  return told.length === 0 ? '' : `nothing ${told.join(', ')}`;
}

const unfound: Record<LeadSource, Partial<Record<Lead['kind'], string>>> = {
  logons: {
    address: 'from the attacking addresses',
    account: 'by the intruder’s accounts',
    'internal-logon': 'from its own addresses',
  },
  operations: {
    'run-command': 'by run command',
    'disk-link': 'by disk link',
    'role-assignment': 'by role given',
    identity: 'else by its identity',
    address: 'from the attacking addresses',
  },
};
