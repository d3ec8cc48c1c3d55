import { burstKinds } from '../documents/burst-kinds.ts';
import type { Fact } from '../documents/fact.ts';
import { known, unknown } from '../documents/fact.ts';
import type { Activity, Alerts, Backup, Logons, RecoveryPoint } from '../documents/triage.ts';
import { printable } from '../text/printable.ts';

/** The first thing that an attacker is known to have done, ISO 8601, and what it was. */
export interface FirstEvent {
  at: string;
  event: string;
}

/** What an attack can be seen in. */
export interface AttackEvidence {
  logons: Fact<Logons>;
  alerts: Fact<Alerts>;
  activity: Fact<Activity>;
}

/** The earliest of the bursts of failed logons, the alerts, and the changes in Azure of high severity that cordon did not make. */
export function firstMalicious({ logons, alerts, activity }: AttackEvidence): FirstEvent | undefined {
  const events: FirstEvent[] = [];
  if (logons.state === 'known') {
    for (const { start, kind } of logons.value.bursts)
      events.push({ at: start, event: `the first failed logon of a burst (${burstKinds[kind].name})` });
  }
  if (alerts.state === 'known') {
    for (const { startAt, at, name } of alerts.value.alerts) {
      events.push({ at: startAt ?? at, event: `the alert “${printable(name, 100)}”` });
    }
  }
  if (activity.state === 'known') {
    for (const { at, severity, callerKind, what } of activity.value.entries) {
      if ((severity !== 'high' && severity !== 'critical') || callerKind === 'cordon') continue;
      events.push({ at, event: `a change in Azure: ${printable(what, 100)}` });
    }
  }
  return events.sort((a, b) => Date.parse(a.at) - Date.parse(b.at))[0];
}

/** The newest point that was taken before an instant (ISO 8601) and is not deleted; null when there is none. */
export function lastBefore(points: readonly RecoveryPoint[], at: string): RecoveryPoint | null {
  const before = points.filter((point) => !point.softDeleted && Date.parse(point.at) < Date.parse(at));
  return before.sort((a, b) => Date.parse(b.at) - Date.parse(a.at))[0] ?? null;
}

/**
 * The recovery point to go back to: the last from before anything malicious that is known. An intruder may have been in
 * earlier than the logs and alerts show, which is always stated.
 */
export function lastGoodOf(points: Backup['points'], evidence: AttackEvidence): Backup['lastGood'] {
  const source = 'Azure Backup · recovery points, with failed logons, alerts and the activity log';
  if (points.state === 'unknown') return { ...points, source };
  const { logons, alerts, activity } = evidence;
  const named: [what: string, fact: Fact<unknown>][] = [
    ['failed logons', logons],
    ['alerts', alerts],
    ['changes in Azure', activity],
  ];
  const notSeen = named.flatMap(([what, fact]) =>
    fact.state === 'unknown' ? [`${what}: ${fact.because}`] : [`${what} before what was read (${fact.coverage})`],
  );
  const first = firstMalicious(evidence);
  if (!first) {
    return named.some(([, fact]) => fact.state === 'known')
      ? unknown(
          'absent',
          'no attack is known of, so that no point can be said to be from before it',
          'look further back',
          source,
        )
      : unknown(
          'depends',
          `when the attack began is not known: ${notSeen.join('; ')}`,
          'see what these ask for',
          source,
        );
  }
  return known(
    { point: lastBefore(points.value, first.at), before: first.at, event: first.event },
    { source, asOf: points.asOf, coverage: points.coverage, notSeen: [...notSeen, ...points.notSeen] },
  );
}
