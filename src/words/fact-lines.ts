import type {
  Alerts,
  Backup,
  Firewall,
  InstallationRun,
  Installations,
  KnownExploited,
  MissingPatch,
  Patches,
  Recommendations,
  SecureScore,
  Software,
} from '../documents/triage.ts';
import { count } from '../text/counts.ts';
import { day, moment } from '../text/times.ts';
import type { TriageInProgress } from '../triage/in-progress.ts';
import { logonTypeWords } from '../triage/logons/event-words.ts';
import { missingCounts } from '../triage/patches.ts';

/** One line of evidence in words; the label is "" where it goes on with the one before. */
export interface ToldLine {
  label: string;
  text: string;
}

/** How many entries of a list are shown one by one. */
const most = 60;

function listed(label: string, texts: readonly string[], none = ''): ToldLine[] {
  if (texts.length === 0) return none === '' ? [] : [{ label, text: none }];
  const shown = texts.slice(0, most).map((text, at) => ({ label: at === 0 ? label : '', text }));
  return texts.length > most ? [...shown, { label: '', text: `and ${count(texts.length - most)} more` }] : shown;
}

/** The first of a long list of names: "CVE-1, CVE-2 and 148 more". */
function fewOf(names: readonly string[], few = 8): string {
  const shown = names.slice(0, few).join(', ');
  return names.length > few ? `${shown} and ${count(names.length - few)} more` : shown;
}

const joined = (...parts: (string | false | null | undefined)[]) => parts.filter(Boolean).join('; ');

/** "exploited (CISA, since 2021-11-03; used by ransomware)" for a CVE in the list; "" otherwise. */
function exploitedText(match: KnownExploited['matches'][number]): string {
  const when = match.addedAt === '' ? '' : `, since ${match.addedAt}`;
  return `${match.cve} is exploited (CISA${when}${match.ransomware ? '; used by ransomware' : ''})`;
}

/** The entries of CISA's list among some CVEs. */
export function exploitedAmong(part: Pick<TriageInProgress, 'knownExploited'>, cves: readonly string[]) {
  const { knownExploited } = part;
  if (knownExploited?.state !== 'known') return [];
  const wanted = new Set(cves.map((cve) => cve.toUpperCase()));
  return knownExploited.value.matches.filter(({ cve }) => wanted.has(cve));
}

/** "KB5034439", or the package's name and version. */
export function patchName(patch: Pick<MissingPatch, 'kb' | 'name' | 'version'>): string {
  return patch.kb === '' ? [patch.name, patch.version].filter(Boolean).join(' ') : `KB${patch.kb}`;
}

/** Azure's word for how an installation left an update, as a user says it. */
function attemptText(attempt: MissingPatch['lastAttempt']): string {
  if (!attempt) return '';
  const words: Record<string, string> = {
    failed: 'its last installation failed',
    pending: 'its last installation did not get to it',
    excluded: 'it was excluded from the last installation',
    notselected: 'the last installation did not select it',
    installed: 'installed, but still listed as missing: a reboot or a new assessment would show',
  };
  const told = words[attempt.state.toLowerCase()] ?? `its last installation left it ${attempt.state || '?'}`;
  return attempt.at === null ? told : `${told} (${moment(attempt.at)})`;
}

/** Why an update is missing, what it closes, and what else is known of it. */
export function missingPatchLines(part: TriageInProgress, patch: MissingPatch): ToldLine[] {
  const exploited = exploitedAmong(part, patch.cves);
  const installations = part.installations;
  const why =
    attemptText(patch.lastAttempt) ||
    (installations?.state === 'known'
      ? 'no installation run of the last 30 days names it'
      : `not known${installations?.state === 'unknown' ? `: ${installations.because}` : ''}`);
  return [
    { label: 'Name', text: patch.name },
    { label: 'Classification', text: joined(patch.classification || 'not reported', patch.msrcSeverity) },
    { label: 'Published', text: patch.publishedAt === null ? 'not reported' : moment(patch.publishedAt) },
    {
      label: 'Missing since',
      text: patch.ageDays === null ? 'not known' : `${count(patch.ageDays)} days after it was published`,
    },
    { label: 'Why it is missing', text: why },
    {
      label: 'Needs a reboot',
      text: patch.rebootRequired === null ? 'not reported' : patch.rebootRequired ? 'yes' : 'no',
    },
    ...listed(
      'CVEs',
      patch.cves,
      'none that a vulnerability finding ties to it; what else it closes is not in Azure’s data',
    ),
    ...listed('Exploited', exploited.map(exploitedText)),
    ...(patch.kb === '' ? [] : [{ label: 'Read', text: `https://support.microsoft.com/help/${patch.kb}` }]),
  ];
}

function rebootText({ rebootPending, rebootPendingSince }: Patches): string {
  if (rebootPending === null) return 'whether a reboot is pending is not reported';
  if (!rebootPending) return 'no reboot pending';
  return rebootPendingSince === null ? 'reboot pending' : `reboot pending since ${moment(rebootPendingSince)}`;
}

/** Where updates come from, as a user says it. */
export function serviceText(service: string): string {
  const names: Record<string, string> = {
    wu: 'Windows Update',
    'wu-wsus': 'a WSUS server, which can hide updates that it has not approved',
    mu: 'Microsoft Update',
  };
  return names[service.toLowerCase()] ?? service;
}

/** Updates that the assessment counts and does not list, by classification. */
export function unlistedUpdates(patches: Patches): { severity: 'critical' | 'high' | 'low'; text: string }[] {
  const counts = missingCounts(patches);
  const listed = missingCounts({ counts: {}, missing: patches.missing });
  const kinds = [
    ['critical', 'critical'],
    ['security', 'high'],
    ['other', 'low'],
  ] as const;
  return kinds.flatMap(([name, severity]) => {
    const more = counts[name] - listed[name];
    return more > 0 ? [{ severity, text: `${count(more)} ${name} update${more === 1 ? '' : 's'}` }] : [];
  });
}

/** The assessment as a whole. */
export function assessmentLines(value: Patches): ToldLine[] {
  const listed = Object.entries(value.counts).filter(([, number]) => number > 0);
  const found = missingCounts(value);
  const counts = listed.length > 0 ? listed : Object.entries(found).filter(([of, n]) => of !== 'total' && n > 0);
  return [
    { label: 'Assessed', text: joined(moment(value.assessedAt), value.startedBy && `started by ${value.startedBy}`) },
    { label: 'Missing', text: counts.map(([name, number]) => `${count(number)} ${name}`).join(', ') || 'nothing' },
    { label: 'Reboot', text: rebootText(value) },
    { label: 'Updates come from', text: serviceText(value.service) || 'not reported' },
  ];
}

function runText(run: InstallationRun): string {
  const numbers: [number | null, string][] = [
    [run.installed, 'installed'],
    [run.failed, 'failed'],
    [run.pending, 'pending'],
    [run.excluded, 'excluded'],
    [run.notSelected, 'not selected'],
  ];
  const counts = numbers
    .filter(([number]) => number !== null && number > 0)
    .map(([number, what]) => `${number} ${what}`);
  return joined(
    `${run.endedAt === null ? 'no time reported' : moment(run.endedAt)}  ${run.status || 'status not reported'}`,
    counts.join(', '),
    run.rebootStatus && `reboot ${run.rebootStatus}`,
    run.maintenanceWindowExceeded === true && 'ran out of its maintenance window',
    run.error,
  );
}

/** Installation runs, newest first, and the updates that one did not install. */
export function installationLines({ runs }: Installations): ToldLine[] {
  return [
    ...listed('Runs', runs.map(runText), 'no run of Azure Update Manager in the last 30 days'),
    ...runs.flatMap((run) =>
      listed(
        `Not installed ${run.endedAt === null ? '' : day(run.endedAt)}`,
        run.patches
          .filter((patch) => !/^installed$/i.test(patch.state))
          .map((patch) => `${patchName(patch)}  ${patch.state || 'state not reported'}  ${patch.name}`),
      ),
    ),
  ];
}

/** CISA's list and what of this VM is in it. */
export function knownExploitedLines(value: KnownExploited): ToldLine[] {
  return [
    {
      label: 'Catalogue',
      text: `${value.catalogVersion} of ${day(value.releasedAt)}, ${count(value.count)} vulnerabilities`,
    },
    ...listed(
      'Exploited',
      value.matches.map((match) => `${exploitedText(match)}: ${match.name}; on this VM: ${match.on.join(', ')}`),
      'none of the vulnerabilities known of this VM',
    ),
  ];
}

function alertText(alert: Alerts['alerts'][number]): ToldLine[] {
  const span =
    alert.startAt === null
      ? `raised ${moment(alert.at)}`
      : `${moment(alert.startAt)}${alert.endAt !== null && alert.endAt !== alert.startAt ? ` to ${moment(alert.endAt)}` : ''}`;
  return [
    { label: alert.severity || 'Alert', text: `${alert.name}; ${span}` },
    ...listed(
      '',
      [
        joined(
          alert.intent && `stage ${alert.intent}`,
          alert.techniques.join(', '),
          alert.entities.addresses.length > 0 && `from ${alert.entities.addresses.join(', ')}`,
          alert.entities.accounts.length > 0 && `accounts ${alert.entities.accounts.join(', ')}`,
          alert.status,
          alert.matchedBy && `this VM’s by ${alert.matchedBy}`,
        ),
        alert.description,
        ...alert.remediation.slice(0, 3).map((step) => `advice: ${step}`),
      ].filter((text) => text !== ''),
    ),
  ];
}

const planTexts: Record<Alerts['servers'], string> = {
  P2: 'Plan 2',
  P1: 'Plan 1: alerts of Defender for Endpoint alone',
  on: 'on',
  off: 'off: nothing is detected',
  unreadable: 'cannot be read',
};

/** Active alerts, newest first, and the plan. */
export function alertLines({ alerts, servers, plan }: Alerts): ToldLine[] {
  return [
    { label: 'Defender for Servers', text: `${planTexts[servers]} (${plan})` },
    ...(alerts.length === 0 ? [{ label: 'Alerts', text: 'none is active' }] : alerts.slice(0, most).flatMap(alertText)),
  ];
}

/** The subscription's score and its controls. */
export function secureScoreLines(value: SecureScore): ToldLine[] {
  const points = (points: number) => String(Math.round(points * 100) / 100);
  return [
    {
      label: 'Subscription',
      text: `${value.subscription}: ${value.percentage} % (${points(value.current)} of ${points(value.max)} points); not this VM’s`,
    },
    ...listed(
      'Controls',
      value.controls.map(
        ({ name, current, max, healthy, unhealthy }) =>
          `${name}: ${points(current)} of ${points(max)}; ${count(unhealthy)} unhealthy, ${count(healthy)} healthy`,
      ),
      'none reported',
    ),
  ];
}

/** What Defender for Cloud recommends for this VM. */
export function recommendationLines({ unhealthy, healthy, notApplicable }: Recommendations): ToldLine[] {
  return [
    { label: 'Followed', text: `${count(healthy)} followed, ${count(notApplicable)} do not apply` },
    ...listed(
      'Not followed',
      unhealthy.map((one) =>
        joined(
          `${one.severity || 'severity not reported'}: ${one.name}`,
          one.since !== null && `since ${day(one.since)}`,
          one.cause,
        ),
      ),
      'none',
    ),
  ];
}

/**
 * What Defender says of a program's support, in words; "" when it is supported or nothing is said. A day that it announced
 * may have passed since: `today` (ISO 8601) decides.
 */
export function supportText({ endOfSupport, endOfSupportAt }: Software['items'][number], today: string): string {
  const on = endOfSupportAt === '' ? '' : ` (${endOfSupportAt})`;
  if (endOfSupportAt !== '' && endOfSupportAt < today.slice(0, 10)) return `no longer supported${on}`;
  if (endOfSupport === '' || /^none$/i.test(endOfSupport)) return endOfSupportAt === '' ? '' : `support ends${on}`;
  if (/upcoming/i.test(endOfSupport)) return `support ends soon${on}`;
  return /version/i.test(endOfSupport) ? `this version is no longer supported${on}` : `no longer supported${on}`;
}

/** Further lines about one vulnerability finding. */
export function vulnerabilityLines(part: TriageInProgress, one: Software['vulnerabilities'][number]): ToldLine[] {
  return [
    { label: 'Severity', text: joined(one.severity || 'not reported', one.cvss !== null && `CVSS ${one.cvss}`) },
    ...listed('CVEs', one.cves, 'none named'),
    ...listed('Exploited', exploitedAmong(part, one.cves).map(exploitedText)),
    ...listed(
      'Updates named',
      one.kbs.map((kb) => `KB${kb}`),
    ),
    { label: 'Remedy', text: one.remediation || 'not reported' },
    { label: 'Found', text: one.foundAt === null ? 'not reported' : moment(one.foundAt) },
    { label: 'Finding', text: one.id },
  ];
}

/** Programs, their support, and the vulnerabilities that a scan found. */
export function softwareLines(part: Pick<TriageInProgress, 'knownExploited' | 'posture'>, value: Software): ToldLine[] {
  const fact = part.posture.software;
  const today = fact?.state === 'known' ? fact.asOf : '';
  const { items, scan, vulnerabilities } = value;
  const old = items.filter((program) => supportText(program, today) !== '');
  const others = items.filter((program) => supportText(program, today) === '');
  const name = (program: Software['items'][number]) =>
    [program.vendor, program.name, program.version].filter(Boolean).join(' ');
  return [
    {
      label: 'Vulnerability scan',
      text:
        scan.state === 'scanned' ? (scan.at === null ? 'done; when is not reported' : moment(scan.at)) : scan.because,
    },
    ...listed(
      'Vulnerabilities',
      vulnerabilities.map((one) =>
        joined(
          `${one.severity || 'severity not reported'}: ${one.title || one.id}`,
          fewOf(one.cves),
          exploitedAmong(part, one.cves).map(exploitedText).join(', '),
          one.kbs.map((kb) => `KB${kb}`).join(', '),
        ),
      ),
      scan.state === 'scanned' ? 'none known' : 'not known',
    ),
    ...listed(
      'End of support',
      old.map((program) => `${name(program)}: ${supportText(program, today)}`),
    ),
    ...listed(
      'Programs',
      others.map((program) =>
        program.knownVulnerabilities
          ? `${name(program)} (${program.knownVulnerabilities} known vulnerabilities)`
          : name(program),
      ),
    ),
  ];
}

/** "application-consistent" */
const consistencyText = (point: { consistency: string }) =>
  point.consistency === 'unknown' ? 'consistency not reported' : `${point.consistency}-consistent`;

const stateTexts: ReadonlyMap<string, string> = new Map(
  Object.entries({
    irpending: 'protected, but the first backup has not run yet',
    protectionstopped: 'protection was stopped; old points are kept',
    protectionerror: 'protected, but backups fail',
    backupssuspended: 'backups are suspended',
    protectionpaused: 'protection is paused',
  }),
);

function vaultLines(security: Backup['vaultSecurity']): ToldLine[] {
  if (security.state === 'unknown')
    return [{ label: 'Not known', text: `the vault’s security: ${security.because}. ${security.cure}` }];
  const { softDelete, softDeleteDays, immutability, multiUserAuthorization } = security.value;
  const softDeletes: ReadonlyMap<string, string> = new Map(
    Object.entries({
      alwayson: 'always on: it cannot be switched off',
      enabled: 'on, and can be switched off by anyone who may change the vault',
      disabled: 'OFF: a deleted backup is gone at once',
    }),
  );
  const days = softDeleteDays === null ? '' : `, ${softDeleteDays} days`;
  const immutabilities: Record<string, string> = {
    locked: 'locked: points cannot be removed before they expire',
    unlocked: 'on, but not locked: it can be switched off',
    disabled: 'off',
  };
  return [
    {
      label: 'Soft delete',
      text: `${softDeletes.get(softDelete.toLowerCase()) ?? (softDelete || 'not reported')}${days}`,
    },
    {
      label: '',
      text: 'snapshots of instant restore are not kept by it: anyone permitted to delete snapshots can delete them at once',
    },
    { label: 'Immutable', text: immutabilities[immutability.toLowerCase()] ?? (immutability || 'not reported') },
    { label: 'Needs a second person', text: multiUserAuthorization || 'not reported' },
  ];
}

/** Which point to go back to: the last from before the attack. */
function lastGoodLines(lastGood: Backup['lastGood']): ToldLine[] {
  if (lastGood.state === 'unknown') return [{ label: 'Not known', text: `the last good point: ${lastGood.because}` }];
  const { point, before, event } = lastGood.value;
  return [
    {
      label: 'Last good point',
      text:
        point === null
          ? `none is from before ${moment(before)} (${event})`
          : joined(
              `${moment(point.at)}, ${consistencyText(point)}: the last before ${moment(before)} (${event})`,
              point.expiresAt !== null && `kept until ${day(point.expiresAt)}`,
            ),
    },
    ...lastGood.notSeen.map((text) => ({ label: 'Not seen', text })),
  ];
}

/** Protection, points and what keeps them from being deleted. */
export function backupLines(value: Backup): ToldLine[] {
  if (!value.protected) return [{ label: 'Protected', text: 'no vault of the subscription protects this VM' }];
  const { points } = value;
  return [
    {
      label: 'Protected',
      text: joined(
        `in ${value.vaultName}`,
        `policy ${value.policy || 'not reported'}`,
        stateTexts.get(value.state.toLowerCase()) ?? value.state,
      ),
    },
    ...(value.softDeleted === null
      ? []
      : [
          {
            label: 'DELETED',
            text: `this backup was deleted; the vault keeps it for ${value.softDeleted.remaining} more`,
          },
          {
            label: 'To undelete it',
            text: `az backup protection undelete --vault-name ${value.vaultName} --container-name ${value.container} --item-name ${value.item} --backup-management-type AzureIaasVM --workload-type VM, with --resource-group of the vault`,
          },
        ]),
    {
      label: 'Last backup',
      text: value.lastBackupAt === null ? 'never' : joined(moment(value.lastBackupAt), value.lastBackupStatus),
    },
    { label: 'Newest point', text: value.lastPointAt === null ? 'none' : moment(value.lastPointAt) },
    ...lastGoodLines(value.lastGood),
    ...vaultLines(value.vaultSecurity),
    ...(points.state === 'unknown'
      ? [{ label: 'Not known', text: `recovery points: ${points.because}. ${points.cure}` }]
      : listed(
          'Points',
          points.value.map((point) =>
            joined(
              `${moment(point.at)}  ${consistencyText(point)}  ${point.tiers.join(', ')}`,
              point.expiresAt !== null && `until ${day(point.expiresAt)}`,
              point.softDeleted && 'DELETED: undelete it first',
            ),
          ),
          'none',
        )),
  ];
}

const inboundTexts: Record<Firewall['inbound'], string> = {
  firewall: 'only through the firewall’s DNAT rules',
  'beside-firewall': 'past the firewall too',
  'no-firewall': 'with no firewall in between',
  nothing: 'nothing from the Internet',
  unknown: 'not known',
};
const outboundTexts: Record<Firewall['outbound'], string> = {
  firewall: 'through the firewall',
  appliance: 'through an appliance that is no Azure Firewall you may read',
  nowhere: 'nowhere: the route drops it',
  direct: 'straight to the Internet, by Azure’s own route',
  mixed: 'by different ways from its subnets',
  unknown: 'not known',
};

/** Lines about the firewall between the VM and the Internet. */
export function firewallLines(value: Firewall): ToldLine[] {
  return [
    {
      label: 'Firewall',
      text: value.name === '' ? 'none' : joined(value.name, `rules in ${value.policy || 'not reported'}`),
    },
    { label: 'Comes in', text: inboundTexts[value.inbound] },
    { label: 'Goes out', text: outboundTexts[value.outbound] },
    ...listed('DNAT rules', value.dnatRules, 'none leads here'),
    ...listed(value.inPath ? 'Past the firewall' : 'Ways in', value.past),
    ...listed(
      'Routes',
      value.routes.map(
        (route) => `${route.subnet}: ${route.prefix} → ${route.nextHop}${route.firewall ? ` (${route.firewall})` : ''}`,
      ),
    ),
  ];
}

/** "type 10, remote desktop"; that it is not recorded where it is not. */
export function logonTypeText(type: number | null): string {
  return type === null ? 'type not recorded' : logonTypeWords(String(type));
}
