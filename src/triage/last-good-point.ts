import type { Fact } from '../documents/fact.ts';
import type { Alerts, Backup, Logons, RecoveryPoint } from '../documents/triage.ts';
import { printable } from '../text/printable.ts';
import { known, unknown } from './fact.ts';

/** The first thing that an attacker is known to have done, ISO 8601, and what it was. */
export interface FirstEvent {
  at: string;
  event: string;
}

/** The earliest of the bursts of failed logons, the logons that followed them, and the alerts. */
export function firstMalicious(logons: Logons | null, alerts: Alerts | null): FirstEvent | undefined {
  const events: FirstEvent[] = [
    ...(logons?.bursts ?? []).map((burst) => ({ at: burst.start, event: `the first failed logon of a ${burst.kind}` })),
    ...(alerts?.alerts ?? []).map((alert) => ({
      at: alert.startAt ?? alert.at,
      event: `the alert “${printable(alert.name, 100)}”`,
    })),
  ];
  return events.sort((a, b) => Date.parse(a.at) - Date.parse(b.at))[0];
}

/** The newest point that was taken before an instant (ISO 8601); null when there is none. */
export function lastBefore(points: readonly RecoveryPoint[], at: string): RecoveryPoint | null {
  const before = points.filter((point) => Date.parse(point.at) < Date.parse(at));
  return before.sort((a, b) => Date.parse(b.at) - Date.parse(a.at))[0] ?? null;
}

/**
 * The recovery point to go back to: the last from before anything malicious that is known. An intruder may have been in
 * earlier than the logs and alerts tell, which is always said.
 */
export function lastGoodOf(points: Backup['points'], logons: Fact<Logons>, alerts: Fact<Alerts>): Backup['lastGood'] {
  const source = 'Azure Backup · recovery points, with failed logons and alerts';
  if (points.state === 'unknown') return unknown(points.because, points.cure, source);
  if (logons.state === 'unknown' && alerts.state === 'unknown') {
    return unknown(
      `when the attack began is not known: failed logons: ${logons.because}; alerts: ${alerts.because}`,
      logons.cure,
      source,
    );
  }
  const first = firstMalicious(
    logons.state === 'known' ? logons.value : null,
    alerts.state === 'known' ? alerts.value : null,
  );
  if (!first) {
    return unknown(
      'no attack is known of, so that no point can be said to be from before it',
      'look further back',
      source,
    );
  }
  const notSeen = [
    logons.state === 'known'
      ? `an attack before what was read of the logs (${logons.coverage})`
      : `failed logons: ${logons.because}`,
    ...(alerts.state === 'known' ? alerts.notSeen : [`alerts: ${alerts.because}`]),
    ...points.notSeen,
  ];
  return known(
    { point: lastBefore(points.value, first.at), before: first.at, event: first.event },
    { source, asOf: points.asOf, coverage: points.coverage, notSeen },
  );
}
