import type { Activity, ActivityEntry, ExposedPort, Logons } from '../../documents/triage.ts';
import { isWide, portTexts } from '../../network/port-text.ts';
import { count, listed } from '../../text/counts.ts';
import { printable } from '../../text/printable.ts';
import { resourceText } from '../time-line.ts';
import { brokenInto } from './logons.ts';
import { knownValue, type Rule, type Verdict } from './rule.ts';

/** Changes up to this long before an attack count as its preparation. */
const preparationHours = 72;

type Indexed = readonly [index: number, entry: ActivityEntry];

/** The changes of others that Azure did not refuse, and that fulfil a condition; the latest last. */
function changes(activity: Activity | null, wanted: (entry: ActivityEntry) => boolean, refused = false): Indexed[] {
  return [...(activity?.entries ?? []).entries()].filter(
    ([, entry]) => entry.callerKind !== 'cordon' && (refused || entry.status !== 'failed') && wanted(entry),
  );
}

const evidenceOf = (found: readonly Indexed[]) =>
  found.slice(-5).map(([index]) => `posture.activity.entries[${index}]`);

/** "m.keller@contoso.com from 203.0.113.140 at 2026-11-22 17:41Z" */
function byText({ caller, address, at, status }: ActivityEntry): string {
  const who = printable(caller, 80) || 'somebody';
  const from = address === '' ? '' : ` from ${printable(address, 45)}`;
  return `${who}${from} at ${at.slice(0, 10)} ${at.slice(11, 16)}Z${status === 'succeeded' ? '' : status === 'failed' ? ' (refused or failed)' : ' (its end is not reported)'}`;
}

/** When the failures began; undefined when there were none, or they are not known. */
function firstFailure(logons: Logons | null): string | undefined {
  return logons?.bursts.map(({ start }) => start).sort()[0];
}

/** "6 h before the first failed logons"; "" when it was not within the time in which one prepares. */
function beforeText(at: string, logons: Logons | null): string {
  const first = firstFailure(logons);
  if (first === undefined) return '';
  const hours = (Date.parse(first) - Date.parse(at)) / 3_600_000;
  if (hours < 0 || hours > preparationHours) return '';
  return hours < 1
    ? `${Math.round(hours * 60)} min before the first failed logons`
    : `${Math.round(hours)} h before the first failed logons`;
}

const lower = (text: string) => text.toLowerCase();

/** What follows from one kind of change alone: the latest of them leads. */
function changeRule(
  about: Pick<Rule, 'id' | 'when' | 'practice' | 'attack' | 'playbook'> & { tells: string },
  wanted: (entry: ActivityEntry) => boolean,
): Rule {
  const { tells, ...rest } = about;
  return {
    ...rest,
    severities: { high: 'Azure did it', medium: 'Azure refused the attempt' },
    reads: ['activity'],
    judge({ activity }): Verdict | null {
      const known = knownValue(activity);
      const done = changes(known, wanted);
      const found = done.length > 0 ? done : changes(known, wanted, true);
      const [, last] = found.at(-1) ?? [];
      if (!last) return null;
      const more = found.length > 1 ? `, and ${count(found.length - 1)} more` : '';
      return {
        severity: done.length > 0 ? 'high' : 'medium',
        title: `${done.length > 0 ? tells : 'attempted'}: ${last.what}, ${printable(resourceText(last.resource), 80)}, by ${byText(last)}${more}`,
        evidence: evidenceOf(found),
      };
    },
  };
}

const isRoleGiven = ({ operation }: ActivityEntry) =>
  lower(operation) === 'microsoft.authorization/roleassignments/write';
const isLockDeleted = ({ operation }: ActivityEntry) => lower(operation) === 'microsoft.authorization/locks/delete';
const isDownload = ({ operation }: ActivityEntry) => lower(operation).endsWith('/begingetaccess/action');
const isDeletion = ({ operation }: ActivityEntry) => lower(operation).endsWith('/delete');

/** A change, with its place in the activity and the ports that are open by it. */
export interface Opening {
  index: number;
  entry: ActivityEntry;
  opened: ExposedPort[];
}

/** The changes that opened a port which is open now, by the rule, the group, the interface or the address. */
export function openings({
  activity,
  exposure,
}: {
  activity: Activity | null;
  exposure: Parameters<Rule['judge']>[0]['exposure'];
}): Opening[] {
  const ports = (knownValue(exposure)?.ports ?? []).filter(isWide);
  return changes(activity, ({ kind }) => kind === 'network').flatMap(([index, entry]) => {
    const id = lower(entry.resource);
    const rule = entry.rule;
    if (rule && (lower(rule.access) !== 'allow' || lower(rule.direction) !== 'inbound')) return [];
    const opened = ports.filter(
      (port) =>
        lower(port.networkInterface) === id ||
        (port.path !== undefined && lower(port.path.id) === id) ||
        port.decidedBy.some(({ nsg, rule: name }) => id === lower(nsg) || id === lower(`${nsg}/securityRules/${name}`)),
    );
    return opened.length > 0 ? [{ index, entry, opened }] : [];
  });
}

const wideSource = /^(\*|any|internet|0\.0\.0\.0\/0|::\/0)$/i;

/**
 * A rule that let the Internet in, was written in the days asked for, and lets nothing in now; with the change after it
 * that closed it: to the rule itself, its group, or the VM's interface.
 */
function closedOpening(
  activity: Activity | null,
): { index: number; entry: ActivityEntry; by: ActivityEntry } | undefined {
  const entries = activity?.entries ?? [];
  const opened = changes(activity, ({ rule }) => {
    if (!rule || lower(rule.access) !== 'allow' || lower(rule.direction) !== 'inbound') return false;
    return rule.sources.some((source) => wideSource.test(source));
  });
  for (const [index, entry] of opened.toReversed()) {
    const rule = lower(entry.resource);
    const group = rule.replace(/\/securityrules\/[^/]+$/, '');
    const by = entries.find(
      (one) =>
        one.at > entry.at &&
        one.status !== 'failed' &&
        (lower(one.resource) === rule ||
          lower(one.resource) === group ||
          lower(one.operation) === 'microsoft.network/networkinterfaces/write'),
    );
    if (by) return { index, entry, by };
  }
  return undefined;
}

/** "cordon", "anna@contoso.com" */
const closerText = ({ callerKind, caller }: ActivityEntry) =>
  callerKind === 'cordon' ? `cordon (${printable(caller, 80)})` : printable(caller, 80);

/** The same finding once it no longer holds: what happened stays, with who closed it and when. */
function closedVerdict(activity: Activity | null, logons: Logons | null): Verdict | null {
  const found = closedOpening(activity);
  if (!found) return null;
  const { entry, by, index } = found;
  const at = by.endedAt ?? by.at;
  const before = beforeText(entry.at, logons);
  const ports = printable((entry.rule?.ports ?? []).join(', '), 60);
  return {
    severity: 'medium',
    title: `${printable(resourceText(entry.resource), 80)}, which opened ${ports} to the Internet, was written by ${byText(entry)}${before === '' ? '' : `, ${before}`}; closed ${at.slice(0, 10)} ${at.slice(11, 19)}Z by ${closerText(by)}`,
    evidence: [`posture.activity.entries[${index}]`],
    playbook: '',
    closed: { at, by: closerText(by) },
  };
}

/** What the activity log says, alone and with what else is known. */
export const activityRules: Rule[] = [
  {
    id: 'exposure-change-made',
    when: 'A rule, group, interface or address that opens a port to the Internet was written in the days that were read',
    severities: {
      critical: 'within 72 h before failed logons that a logon followed',
      high: 'within 72 h before failed logons',
      medium: 'otherwise, and when it was closed since',
    },
    reads: ['activity', 'exposure'],
    weighs: ['logons'],
    practice: 3,
    attack: ['T1686.001', 'T1133'],
    playbook: 'lock-nsg',
    judge({ activity, exposure, logons }) {
      const known = knownValue(logons);
      const found = openings({ activity: knownValue(activity), exposure });
      const last = found.findLast(({ entry }) => beforeText(entry.at, known) !== '') ?? found.at(-1);
      if (!last) return exposure?.state === 'known' ? closedVerdict(knownValue(activity), known) : null;
      const before = beforeText(last.entry.at, known);
      const ports = portTexts(last.opened);
      return {
        severity: before === '' ? 'medium' : brokenInto(known) ? 'critical' : 'high',
        title: `${printable(resourceText(last.entry.resource), 80)}, which opens ${ports}, was written by ${byText(last.entry)}${before === '' ? '' : `, ${before}`}`,
        evidence: [`posture.activity.entries[${last.index}]`, 'exposure.ports'],
        unknown: last.entry.rule ? [] : ['what it was before, and whether this change opened it'],
      };
    },
  },
  {
    id: 'jit-deleted',
    when: 'A just-in-time policy of the VM’s resource group was deleted',
    severities: { high: 'within 72 h before failed logons', medium: 'otherwise' },
    reads: ['activity'],
    weighs: ['logons', 'jit'],
    practice: 4,
    attack: ['T1686.001'],
    playbook: 'enable-jit',
    judge({ activity, logons, jit }) {
      const found = changes(knownValue(activity), (entry) => entry.kind === 'jit' && isDeletion(entry));
      const [index, entry] = found.at(-1) ?? [];
      if (!entry || index === undefined) return null;
      const before = beforeText(entry.at, knownValue(logons));
      const policy = knownValue(jit)?.policy;
      return {
        severity: before === '' ? 'medium' : 'high',
        title: `just-in-time policy ${printable(resourceText(entry.resource), 80)} was deleted by ${byText(entry)}${before === '' ? '' : `, ${before}`}${policy ? `; ${policy} protects the VM now` : ''}`,
        evidence: [`posture.activity.entries[${index}]`],
        unknown: ['whether it named this VM: Azure does not keep what was deleted'],
      };
    },
  },
  {
    id: 'managed-identity-used',
    when: 'A managed identity of this VM changed something in Azure',
    severities: { critical: 'after a logon that failures led to', high: 'otherwise' },
    reads: ['activity'],
    weighs: ['logons', 'identity'],
    practice: 8,
    attack: ['T1078.004', 'T1552.005'],
    playbook: 'contain-brute-force',
    judge({ activity, logons }) {
      const found = changes(
        knownValue(activity),
        ({ callerKind, severity }) =>
          callerKind === 'identity-of-this-machine' && severity !== 'info' && severity !== 'low',
      );
      const success = brokenInto(knownValue(logons))?.success;
      const after = success ? found.filter(([, { at }]) => at >= success.at) : [];
      const [, first] = (after.length > 0 ? after : found)[0] ?? [];
      if (!first) return null;
      const told = after.length > 0 ? after : found;
      const list = [...new Set(told.map(([, one]) => `${one.what} (${printable(resourceText(one.resource), 60)})`))];
      return {
        severity: after.length > 0 ? 'critical' : 'high',
        title: `the identity of this VM acted in Azure${after.length > 0 ? ' after the compromise' : ''}: ${listed(list, 3)}, from ${first.at.slice(11, 19)}Z on`,
        evidence: evidenceOf(told),
      };
    },
  },
  changeRule(
    {
      id: 'account-reset-from-azure',
      when: 'The VMAccess extension set a password or key of an account of the VM',
      tells: 'an account was reset through Azure',
      practice: 8,
      attack: ['T1098'],
      playbook: '',
    },
    ({ kind, about }) => kind === 'account' && about === 'machine',
  ),
  changeRule(
    {
      id: 'command-run-from-azure',
      when: 'A command or script was run inside the VM through Azure, or its serial console opened',
      tells: 'something was run inside the VM through Azure',
      practice: 8,
      attack: ['T1651'],
      playbook: '',
    },
    ({ kind, about }) => kind === 'command' && about === 'machine',
  ),
  changeRule(
    {
      id: 'role-assigned',
      when: 'A role was assigned on the VM or on a scope that it is in',
      tells: 'more access was granted',
      practice: 8,
      attack: ['T1098.003'],
      playbook: '',
    },
    (entry) => isRoleGiven(entry) && entry.about !== 'identity',
  ),
  changeRule(
    {
      id: 'disk-downloaded',
      when: 'A link to download a disk or snapshot was made',
      tells: 'data may have been exfiltrated',
      practice: 11,
      attack: ['T1530', 'T1537'],
      playbook: 'revoke-disk-links',
    },
    isDownload,
  ),
  changeRule(
    {
      id: 'recovery-weakened',
      when: 'A lock, snapshot, restore point or backup was deleted, or a vault’s protection changed',
      tells: 'recovery was made harder',
      practice: 11,
      attack: ['T1490'],
      playbook: 'snapshot-disks',
    },
    (entry) =>
      isLockDeleted(entry) ||
      (entry.kind === 'backup' && entry.severity === 'high') ||
      (entry.kind === 'disk' && isDeletion(entry)),
  ),
  changeRule(
    {
      id: 'logging-or-defender-weakened',
      when: 'A Defender plan or suppression rule was written, or the collection of logs deleted',
      tells: 'what watches was changed',
      practice: 6,
      attack: ['T1685', 'T1685.002'],
      playbook: '',
    },
    ({ kind, severity }) => kind === 'monitoring' && severity === 'high',
  ),
];
