import type {
  Activity,
  Alerts,
  Backup,
  Firewall,
  IdentityPosture,
  Installations,
  Jit,
  KnownExploited,
  Recommendations,
  SecureScore,
  Severity,
  Software,
} from '../documents/triage.ts';
import { count, counted } from '../text/counts.ts';
import { age, day } from '../text/times.ts';
import { supportText } from './fact-lines.ts';

/** A fact at a glance: a few words, and its severity. */
export interface Glance {
  severity: Severity | 'unknown';
  text: string;
}

/** Alerts of Defender for Cloud. */
export function alertsGlance({ alerts, servers }: Alerts): Glance {
  if (alerts.length === 0) return { severity: 'low', text: servers === 'P1' ? 'no alert (Plan 1)' : 'no alert' };
  const high = alerts.some((one) => /high/i.test(one.severity));
  return { severity: high ? 'critical' : 'high', text: counted(alerts.length, 'alert') };
}

/** Just-in-time access: its policy and what is open by it now. */
export function jitGlance({ policy, grants, available }: Jit): Glance {
  const open = grants.filter((grant) => grant.open).length;
  if (policy === '' && available === false) return { severity: 'low', text: 'no plan for it' };
  if (policy === '') return { severity: 'medium', text: 'none' };
  return { severity: open > 0 ? 'medium' : 'low', text: open > 0 ? `${counted(open, 'open grant')}` : 'on' };
}

/** The last recovery point, and the last from before the attack. */
export function backupGlance(backup: Backup, now: Date): Glance {
  if (!backup.protected) return { severity: 'high', text: 'none' };
  if (backup.softDeleted !== null) return { severity: 'critical', text: `DELETED, ${backup.vaultName}` };
  const last = backup.lastPointAt ?? backup.lastBackupAt;
  if (last === null) return { severity: 'high', text: `never, ${backup.vaultName}` };
  const days = (now.getTime() - Date.parse(last)) / 86_400_000;
  const good = backup.lastGood.state === 'known' ? backup.lastGood.value.point : undefined;
  const blind = backup.points.state === 'unknown' ? ', points ?' : '';
  const before = good ? `, good ${day(good.at)}` : good === null ? ', none before the attack' : blind;
  return {
    severity: good === null ? 'high' : days > 2 ? 'medium' : 'low',
    text: `${age(last, now)}, ${backup.vaultName}${before}`,
  };
}

/** The score of the subscription. */
export function secureScoreGlance({ percentage }: SecureScore): Glance {
  return {
    severity: percentage < 50 ? 'medium' : 'low',
    text: `${Math.round(percentage)} % of the subscription`,
  };
}

/** Recommendations of Defender that are not followed. */
export function recommendationsGlance({ unhealthy }: Recommendations): Glance {
  const high = unhealthy.filter((one) => /high/i.test(one.severity)).length;
  if (unhealthy.length === 0) return { severity: 'low', text: 'all followed' };
  return {
    severity: high > 0 ? 'medium' : 'low',
    text: `${unhealthy.length} not followed${high > 0 ? `, ${high} high` : ''}`,
  };
}

/** Who may sign in, and what the VM’s identity may do. */
export function identityGlance(identity: IdentityPosture): Glance {
  const strong = identity.managedIdentities
    .flatMap((one) => one.assignments)
    .find(({ can }) => can !== null && can.length > 0)?.role;
  const unseen = identity.managedIdentities.some((one) => !one.rolesKnown);
  const password =
    identity.passwordAuthentication === true
      ? 'password'
      : identity.passwordAuthentication === false
        ? 'no password'
        : 'password ?';
  return {
    severity: strong ? 'high' : identity.passwordAuthentication ? 'medium' : 'low',
    text: [
      `${identity.localAdmin || 'admin ?'} ${password}`,
      ...(strong ? [`MI ${strong}`] : unseen ? ['MI ?'] : []),
    ].join(', '),
  };
}

/** Known vulnerabilities and programs without support. */
export function softwareGlance(software: Software, now: Date): Glance {
  const old = software.items.filter((program) => supportText(program, now.toISOString()) !== '').length;
  const ends = old > 0 ? `, ${old} end of support` : '';
  if (software.vulnerabilities.length > 0) {
    return { severity: 'high', text: `${software.vulnerabilities.length} vulnerable${ends}` };
  }
  if (software.scan.state === 'not-scanned') return { severity: 'unknown', text: `not scanned${ends}` };
  const programs = software.items.length === 0 ? 'no known hole' : counted(software.items.length, 'program');
  return { severity: old > 0 ? 'medium' : 'low', text: `${programs}${ends}` };
}

/** The last run of update installation. */
export function installationsGlance({ runs: [last] }: Installations, now: Date): Glance {
  if (!last) return { severity: 'low', text: 'no run in 30d' };
  const bad = /failed|warning/i.test(last.status) || (last.failed ?? 0) > 0;
  const when = last.endedAt === null ? '' : `, ${age(last.endedAt, now)}`;
  const failed = last.failed ? `${last.failed} failed` : last.status || 'status not reported';
  return { severity: bad ? 'medium' : 'low', text: `${failed}${when}` };
}

/** Vulnerabilities in CISA’s list. */
export function knownExploitedGlance({ matches, releasedAt }: KnownExploited, now: Date): Glance {
  return {
    severity: matches.length > 0 ? 'critical' : 'low',
    text: `${matches.length === 0 ? 'none' : count(matches.length)}, list ${age(releasedAt, now)}`,
  };
}

/** Changes that stand out among those in Azure. */
export function activityGlance({ entries }: Activity): Glance {
  const worth = entries.filter(({ severity }) => severity === 'high' || severity === 'critical').length;
  return {
    severity: worth > 0 ? 'high' : 'low',
    text: worth > 0 ? `${worth} serious of ${counted(entries.length, 'change')}` : counted(entries.length, 'change'),
  };
}

/** A firewall in the path, and what goes past it. */
export function firewallGlance({ inbound, outbound, name }: Firewall): Glance {
  if (name === '') return { severity: 'low', text: outbound === 'appliance' ? 'an appliance' : 'none in path' };
  const ways = inbound === 'beside-firewall' ? ', open past it' : outbound === 'firewall' ? '' : ', inbound only';
  return { severity: inbound === 'beside-firewall' ? 'medium' : 'low', text: `${name}${ways}` };
}
