import { shortName } from '../arm/resource-id.ts';
import { burstKinds } from '../documents/burst-kinds.ts';
import { evidenceName } from '../documents/evidence-names.ts';
import type { Fact } from '../documents/fact.ts';
import { severityOrder } from '../documents/severity.ts';
import type {
  Activity,
  ActivityEntry,
  Alerts,
  Backup,
  Jit,
  Logons,
  Severity,
  TimeLine,
  TimeLineEntry,
} from '../documents/triage.ts';
import { count } from '../text/counts.ts';
import { printable } from '../text/printable.ts';

/** The evidence that has times; null is "not answered yet". */
export interface TimedFacts {
  logons: Fact<Logons> | null;
  alerts: Fact<Alerts> | null;
  jit: Fact<Jit> | null;
  activity: Fact<Activity> | null;
  backup: Fact<Backup> | null;
}

/** MITRE ATT&CK techniques of the Windows events that follow a logon: accounts, groups, tasks, services. */
const eventTechniques: Partial<Record<number, string[]>> = {
  4697: ['T1543.003'],
  4698: ['T1053.005'],
  4719: ['T1562.002'],
  4720: ['T1136.001'],
  4722: ['T1098'],
  4724: ['T1098'],
  4726: ['T1531'],
  4728: ['T1098.007'],
  4732: ['T1098.007'],
  4756: ['T1098.007'],
  7045: ['T1543.003'],
};

function logonEntries({ bursts }: Logons): TimeLineEntry[] {
  return bursts.flatMap((burst, index): TimeLineEntry[] => {
    const [source] = burst.sources;
    const sources = burst.distinctSources ?? burst.sources.length;
    const accounts = burst.distinctAccounts ?? burst.accounts.length;
    const path = `logons.bursts[${index}]`;
    const key = `${burst.start} ${burst.kind} ${source?.address ?? ''}`;
    const { success } = burst;
    const won = success.state === 'known' ? success.value : null;
    const entries: TimeLineEntry[] = [
      {
        id: `logons ${key}`,
        at: burst.start,
        until: burst.end,
        source: 'logons',
        severity: success.state === 'unknown' ? 'high' : 'medium',
        text: `${burstKinds[burst.kind].name}: ${count(burst.failures)} failed logons${accounts > 3 ? ` over ${count(accounts)} accounts` : ''}${success.state === 'unknown' ? '; whether one succeeded is not known' : ''}`,
        who: accounts > 3 ? '' : burst.accounts.map(({ name }) => name).join(', '),
        from: sources > 1 ? `${source?.address ?? ''} +${sources - 1}` : (source?.address ?? ''),
        attack: [burstKinds[burst.kind].technique],
        evidence: path,
      },
    ];
    if (won) {
      entries.push({
        id: `success ${key} ${won.at}`,
        at: won.at,
        until: null,
        source: 'logons',
        severity: 'critical',
        text: 'logon after the failures',
        who: won.account,
        from: won.address,
        attack: ['T1078'],
        evidence: `${path}.success`,
      });
    }
    entries.push(
      ...burst.next.map(
        (event, at): TimeLineEntry => ({
          id: `next ${key} ${event.at} ${event.eventId} ${at}`,
          at: event.at,
          until: null,
          source: 'logons',
          severity: 'high',
          text: `${event.eventId} ${event.what}`,
          who: '',
          from: '',
          attack: eventTechniques[event.eventId] ?? [],
          evidence: `${path}.next[${at}]`,
        }),
      ),
    );
    return entries;
  });
}

/** "Allow * from * to 3389, Inbound" */
export function ruleText(rule: NonNullable<ActivityEntry['rule']>): string {
  return `${rule.access} ${rule.protocol} from ${rule.sources.join(', ') || '?'} to ${rule.ports.join(', ') || '?'}, ${rule.direction}`;
}

/** Parts of the id of a backup that repeat what its vault and its item say. */
const repeating: ReadonlySet<string> = new Set(['backupfabrics', 'protectioncontainers']);

/**
 * ".../networkSecurityGroups/web-nsg/securityRules/allow-rdp" -> "web-nsg/allow-rdp"; of a backup, whose names hold what they
 * are of after semicolons, "vault-eus/web01".
 */
export function resourceText(id: string): string {
  const [, names = ''] = /\/providers\/[^/]+\/(?:locations\/[^/]+\/)?((?!.*\/providers\/).*)$/i.exec(id) ?? [];
  const parts = names
    .split('/')
    .flatMap((name, at, all) => (at % 2 === 1 && !repeating.has((all[at - 1] ?? '').toLowerCase()) ? [name] : []))
    .map((name) => name.split(';').at(-1) ?? name);
  return parts.length > 0 ? parts.join('/') : shortName(id);
}

/** Who did it, where it was the managed identity of the VM that is looked at. */
export const ownIdentity = 'the identity of this VM';

function activityLine(entry: ActivityEntry, index: number): TimeLineEntry {
  const told = { started: ' (not ended)', succeeded: '', failed: ' REFUSED OR FAILED', unknown: '' }[entry.status];
  const doers: Partial<Record<ActivityEntry['callerKind'], string>> = {
    'identity-of-this-machine': ownIdentity,
    cordon: `cordon, as ${entry.caller}`,
  };
  const what = entry.kind === 'other' ? entry.operation : entry.what;
  return {
    id: `activity ${entry.at} ${entry.correlationId} ${entry.operation} ${entry.resource}`.toLowerCase(),
    at: entry.at,
    until: entry.endedAt === entry.at ? null : entry.endedAt,
    source: 'activity',
    severity: entry.callerKind === 'identity-of-this-machine' && entry.severity === 'medium' ? 'high' : entry.severity,
    text: `${what}: ${resourceText(entry.resource)}${entry.rule ? ` (${ruleText(entry.rule)})` : ''}${told}`,
    who: doers[entry.callerKind] ?? entry.caller,
    from: entry.address,
    attack: entry.attack,
    evidence: `posture.activity.entries[${index}]`,
  };
}

const alertSeverity = (text: string): Severity =>
  /high/i.test(text) ? 'high' : /medium/i.test(text) ? 'medium' : 'low';

function jitEntries({ grants }: Jit): TimeLineEntry[] {
  return grants.map((grant, index) => ({
    id: `jit ${grant.startedAt} ${grant.port} ${grant.requestor}`,
    at: grant.startedAt,
    until: grant.endsAt,
    source: 'jit',
    severity: grant.open ? 'medium' : 'low',
    text: `just-in-time access to ${grant.port} for ${grant.source || 'any address'}${grant.open ? ', open now' : ''}`,
    who: grant.requestor,
    from: '',
    attack: ['T1133'],
    evidence: `posture.jit.grants[${index}]`,
  }));
}

function backupEntries(backup: Backup): TimeLineEntry[] {
  const good = backup.lastGood.state === 'known' ? backup.lastGood.value.point : null;
  const entry = (at: string, severity: Severity, text: string): TimeLineEntry => ({
    id: `backup ${at} ${text}`,
    at,
    until: null,
    source: 'backup',
    severity,
    text,
    who: '',
    from: '',
    attack: [],
    evidence: 'posture.backup',
  });
  return [
    ...(good ? [entry(good.at, 'info', `last recovery point from before the attack, in ${backup.vaultName}`)] : []),
    ...(backup.lastBackupAt === null || backup.lastBackupAt === good?.at
      ? []
      : [
          entry(
            backup.lastBackupAt,
            /fail/i.test(backup.lastBackupStatus) ? 'low' : 'info',
            `last backup in ${backup.vaultName}${backup.lastBackupStatus ? `: ${backup.lastBackupStatus}` : ''}`,
          ),
        ]),
  ];
}

const timed: readonly (keyof TimedFacts)[] = ['logons', 'alerts', 'jit', 'activity', 'backup'];

/**
 * Everything that has a time, oldest first, and the sources that could not be put into it. What was not answered yet is
 * in neither.
 */
export function timeLineOf(facts: TimedFacts): TimeLine {
  const value = <T>(fact: Fact<T> | null) => (fact?.state === 'known' ? fact.value : undefined);
  const [logons, alerts, jit, activity, backup] = [
    value(facts.logons),
    value(facts.alerts),
    value(facts.jit),
    value(facts.activity),
    value(facts.backup),
  ];
  const entries: TimeLineEntry[] = [
    ...(logons ? logonEntries(logons) : []),
    ...(activity ? activity.entries.map(activityLine) : []),
    ...(alerts?.alerts ?? []).map(
      (alert, index): TimeLineEntry => ({
        id: `defender ${alert.id || alert.at}`,
        at: alert.startAt ?? alert.at,
        until: alert.endAt === null || alert.endAt === alert.startAt ? null : alert.endAt,
        source: 'defender',
        severity: alertSeverity(alert.severity),
        text: alert.name,
        who: alert.entities.accounts.join(', '),
        from: alert.entities.addresses.join(', '),
        attack: alert.techniques,
        evidence: `posture.alerts.alerts[${index}]`,
      }),
    ),
    ...(jit ? jitEntries(jit) : []),
    ...(backup ? backupEntries(backup) : []),
  ].map((entry) => ({
    ...entry,
    text: printable(entry.text, 300),
    who: printable(entry.who, 128),
    from: printable(entry.from, 60),
  }));
  const unknown = timed.flatMap((name) => {
    const fact = facts[name];
    if (!fact) return [];
    if (fact.state === 'unknown') return [printable(`${evidenceName(name)}: ${fact.because}; ${fact.cure}`, 300)];
    return fact.notSeen.map((one) => printable(`${evidenceName(name)}: ${one}`, 300));
  });
  return {
    // At one instant the more severe leads; what began with it keeps the order of its source.
    entries: entries.sort(
      (a, b) => Date.parse(a.at) - Date.parse(b.at) || severityOrder[a.severity] - severityOrder[b.severity],
    ),
    unknown,
  };
}
