import type { Activity, ActivityEntry, IdentityPosture, Jit } from '../documents/triage.ts';
import { count } from '../text/counts.ts';
import { moment } from '../text/times.ts';
import type { ToldLine } from './fact-lines.ts';

/** How many entries of a list are shown one by one. */
const most = 60;

const anywhere = (sources: readonly string[]) => sources.includes('*');

/** A just-in-time policy and its grants. */
export function jitLines({ policy, available, ports, grants }: Jit): ToldLine[] {
  const without =
    available === false
      ? 'not to be had: it needs Defender for Servers Plan 2, which is off'
      : available === null
        ? 'none names this VM; whether the plan that it needs is on is not known'
        : 'none names this VM';
  return [
    { label: 'Policy', text: policy || without },
    ...ports.map(({ number, protocol, maxDuration, sources }, at) => ({
      label: at === 0 ? 'Ports' : '',
      text: `${number}, ${protocol === '*' ? 'every protocol' : protocol}, at most ${maxDuration}, for ${anywhere(sources) ? 'any address: a request may open it to the whole Internet' : sources.join(', ')}`,
    })),
    ...grants.slice(0, most).map((grant, at) => ({
      label: at === 0 ? 'Grants' : '',
      text: `${grant.open ? '▲ OPEN ' : ''}${grant.port} for ${anywhere([grant.source]) ? 'any address' : grant.source}, ${moment(grant.startedAt)} to ${moment(grant.endsAt)}, asked by ${grant.requestor}${grant.justification ? `: "${grant.justification}"` : ''}${grant.status ? ` [${grant.status}]` : ''}`,
    })),
    ...(grants.length > most ? [{ label: '', text: `and ${count(grants.length - most)} more` }] : []),
  ];
}

/** Who can sign in, and what the VM may do in Azure. */
export function identityLines({ localAdmin, signIn, managedIdentities }: IdentityPosture): ToldLine[] {
  return [
    { label: 'Administrator', text: localAdmin || 'not reported' },
    ...signIn.map((text, at) => ({ label: at === 0 ? 'Sign-in' : '', text })),
    ...(managedIdentities.length === 0 ? [{ label: 'Identity', text: 'the VM has none in Azure' }] : []),
    ...managedIdentities.flatMap(({ kind, name, rolesKnown, assignments }): ToldLine[] => [
      {
        label: 'Identity',
        text: `${name}, ${kind}${rolesKnown ? (assignments.length === 0 ? ': no role' : '') : ': ? its roles are not known'}`,
      },
      ...assignments.slice(0, most).map(({ role, scope, can }, at) => ({
        label: at === 0 ? 'Roles' : '',
        text: `${role} on ${scope}${can === null ? ': ? what it permits is not known' : can.length === 0 ? '' : `: can ${can.join(', ')}`}`,
      })),
    ]),
  ];
}

const callers: Record<ActivityEntry['callerKind'], string> = {
  person: '',
  application: ' (an application)',
  'identity-of-this-machine': ' (the identity of this VM)',
  cordon: ' (cordon)',
  unknown: '',
};

/** One change in Azure in a sentence. */
function changeText(entry: ActivityEntry): string {
  const what = entry.kind === 'other' ? entry.operation : entry.what;
  const resource = entry.resource.split('/').slice(-3).join('/');
  const by = `${entry.caller || 'somebody'}${callers[entry.callerKind]}${entry.address ? ` from ${entry.address}` : ''}`;
  const status = {
    started: 'not ended',
    succeeded: 'done',
    failed: 'refused or failed',
    unknown: 'outcome not reported',
  };
  return `${moment(entry.at)}  ${what}: ${resource}, ${status[entry.status]}, by ${by}`;
}

/** Changes in Azure, the latest first; those of unknown severity are counted. */
export function activityLines({ from, until, entries }: Activity): ToldLine[] {
  const worth = entries.filter(({ severity }) => severity !== 'info').reverse();
  const rest = entries.length - worth.length;
  return [
    { label: 'Asked for', text: `${moment(from)} to ${moment(until)}` },
    ...(entries.length === 0 ? [{ label: 'Changes', text: 'none' }] : []),
    ...worth.slice(0, most).map((entry, at) => ({ label: at === 0 ? 'Changes' : '', text: changeText(entry) })),
    ...(worth.length > most ? [{ label: '', text: `and ${count(worth.length - most)} more` }] : []),
    ...(rest > 0 ? [{ label: 'Further', text: `${count(rest)} of no known severity, or by cordon` }] : []),
  ];
}
