import { shortName } from '../arm/resource-id.ts';
import type { Recommendation } from '../documents/conclusion.ts';
import { severityOrder } from '../documents/severity.ts';
import { isManagement, isWide, portText } from '../network/port-text.ts';
import { count } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import { day, moment } from '../text/times.ts';
import { openings } from './findings/activity.ts';
import { knownValue } from './findings/rule.ts';
import type { TriageInProgress } from './in-progress.ts';
import { identityChanges, successes } from './story.ts';
import { resourceText } from './time-line.ts';

type Lines = Recommendation[];

const step = (severity: Recommendation['severity'], about: string, text: string, playbook = ''): Recommendation => ({
  severity,
  about: printable(about, 120),
  text: printable(text, 400),
  playbook,
  stays: false,
});

const staying = (lines: Lines): Lines => lines.map((one) => ({ ...one, stays: true }));

function doors(part: TriageInProgress): Lines {
  const wide = (knownValue(part.exposure)?.ports ?? []).filter(isWide);
  const admin = wide.filter((port) => isManagement(port) || port.service === '');
  return admin.length === 0
    ? []
    : [
        step(
          'critical',
          [...new Set(admin.map(portText))].join(', '),
          'open to the Internet: close it to everybody but the responder',
          'lock-nsg',
        ),
      ];
}

function accounts(part: TriageInProgress): Lines {
  const won = successes(knownValue(part.logons));
  const used = [...new Set(won.map(({ success }) => success.account))];
  const made = won.flatMap(({ burst }) => burst.next.flatMap(({ made, at }) => (made ? [{ ...made, at }] : [])));
  return [
    ...used.map((account) => step('critical', account, 'set a new password or disable it, and end its sessions')),
    ...made.map(({ kind, name, at }) =>
      kind === 'account'
        ? step(
            'critical',
            name,
            `account made by the intruder at ${moment(at)}: disable it, look for its use elsewhere`,
          )
        : step('critical', name, `${kind} made by the intruder at ${moment(at)}: preserve it, then remove it`),
    ),
  ];
}

function identity(part: TriageInProgress): Lines {
  const changes = identityChanges(knownValue(part.posture.activity), knownValue(part.logons));
  const strong = (knownValue(part.posture.identity)?.managedIdentities ?? []).flatMap(({ name, assignments }) =>
    assignments.filter(({ can }) => can !== null && can.length > 0).map((one) => ({ name, ...one })),
  );
  const acted = changes.length > 0 && successes(knownValue(part.logons)).length > 0;
  return [
    ...changes.map(([, { kind, what, resource, at }]) => {
      const where = resourceText(resource);
      return kind === 'command'
        ? step('critical', where, `${what} by the identity of ${part.vm.name} at ${moment(at)}: triage this VM too`)
        : kind === 'disk'
          ? step('high', where, `${what} at ${moment(at)}: revoke the link (revoke-disk-links); take the data as read`)
          : step('high', where, `${what} at ${moment(at)}: check what it changed, and put it back`);
    }),
    ...strong
      .slice(0, 5)
      .map(({ name, role, scope }) =>
        step(
          acted ? 'critical' : 'medium',
          `identity ${name}`,
          `${role} on ${shortName(scope)}${acted ? ', in use by the intruder' : ''}: have it removed until the VM is rebuilt`,
        ),
      ),
  ];
}

function whoOpened(part: TriageInProgress): Lines {
  const found = openings({ activity: knownValue(part.posture.activity), exposure: part.exposure });
  const callers = new Map(found.map(({ entry }) => [entry.caller, entry]));
  return [...callers].flatMap(([caller, entry]) =>
    caller === ''
      ? []
      : [
          step(
            'high',
            caller,
            `ask whether they wrote ${resourceText(entry.resource)} at ${moment(entry.at)}${entry.address ? ` from ${entry.address}` : ''}; if not, revoke their sessions and reset the account`,
          ),
        ],
  );
}

function updates(part: TriageInProgress): Lines {
  const missing = knownValue(part.patches)?.missing ?? [];
  const critical = missing.filter(({ classification }) => /critical/i.test(classification));
  if (critical.length === 0) return [];
  const names = critical.slice(0, 6).map(({ kb, name }) => (kb === '' ? name : `KB${kb}`));
  const more = critical.length > 6 ? ` and ${count(critical.length - 6)} more` : '';
  return [
    step('high', names.join(', ') + more, 'critical updates missing: install them after the disks are preserved'),
  ];
}

function wayBack(part: TriageInProgress): Lines {
  const backup = knownValue(part.posture.backup);
  if (!backup) return [];
  if (!backup.protected)
    return [step('medium', part.vm.name, 'no vault protects it: snapshot its disks', 'snapshot-disks')];
  const good = knownValue(backup.lastGood);
  return good?.point
    ? [
        step(
          'medium',
          `${backup.vaultName} ${day(good.point.at)}`,
          `last recovery point from before the attack${good.point.expiresAt ? `, kept until ${day(good.point.expiresAt)}` : ''}: keep it from expiring`,
        ),
      ]
    : [];
}

/** The recommendations that follow from the findings, the most urgent first. Nothing follows from an unknown. */
export function recommendationsOf(part: TriageInProgress): Recommendation[] {
  const all = [
    ...doors(part),
    ...staying(accounts(part)),
    ...identity(part),
    ...staying(whoOpened(part)),
    ...updates(part),
    ...wayBack(part),
  ];
  const once = new Map(all.map((one) => [`${one.about} ${one.text}`, one]));
  return [...once.values()].sort((a, b) => severityOrder[a.severity] - severityOrder[b.severity]);
}
