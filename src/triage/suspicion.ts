import { shortName } from '../arm/resource-id.ts';
import { burstKinds } from '../documents/burst-kinds.ts';
import type { BurstWitness, ScanRow, VirtualMachine } from '../documents/triage.ts';
import type { PortShape } from '../network/exposed-ports.ts';
import type { FoundExposure } from '../network/exposure.ts';
import { isManagement, isWide, portText } from '../network/port-text.ts';
import { count, counted, listed } from '../text/counts.ts';

/**
 * What the suspects list knows of one VM; a part that is null or unknown adds to what is not known, not to the score.
 */
type Suspicion = Pick<ScanRow, 'severity' | 'score' | 'because'>;

/**
 * What each thing adds to a VM's score, for a domain expert to review. A break-in outweighs everything else that
 * can come together; an open door alone does not outweigh an attack on one.
 */
export const weights = {
  brokenInto: { points: 100, when: 'failed logons, and then a success' },
  attackedPerhaps: { points: 35, when: 'failed logons, and whether one succeeded is not known' },
  attacked: { points: 25, when: 'failed logons, and none succeeded' },
  management: { points: 40, when: 'remote administration is open to the Internet' },
  managementOff: { points: 15, when: 'the same, on a VM that is off' },
  open: { points: 10, when: 'any other port is open to the Internet' },
  openOff: { points: 3, when: 'the same, on a VM that is off' },
  alerts: { points: 10, when: 'active Defender alerts; one more for each, up to ten' },
  criticalPatches: { points: 5, when: 'critical updates are missing; one more for each, up to fifteen in all' },
  exploited: { points: 10, when: 'vulnerabilities that CISA lists as exploited; one more for each, up to ten' },
  unknown: { points: 3, when: 'each of exposure, failed logons and patches that is not known' },
} as const;

/** From which score on a VM is drawn as what. */
export const bands = { critical: 80, high: 30, medium: 10 } as const;

/** What the exposure of one VM says in the suspects list: all that a scan keeps of it. */
export interface Reach {
  /** Short texts of the ports that a large part of the Internet reaches, management first, at most six; null when unknown. */
  exposedPorts: string[] | null;
  score: number;
  /** "" when it gives no reason for suspicion. */
  because: string;
}

const notKnown: Reach = { exposedPorts: null, score: 0, because: 'how the Internet reaches it is not known' };

/** What VMs with the very same openings have in common, by system and power: a fleet's come one after the other. */
let common: { shapes: readonly PortShape[]; byKind: (Reach | undefined)[] } = { shapes: [], byKind: [] };

const closed: Reach = { exposedPorts: [], score: 0, because: '' };

/** Sums up one VM's exposure, from what opened (`FleetExposure`). */
export function reachOf(
  vm: Pick<VirtualMachine, 'os' | 'power'>,
  { unknown, openings }: Pick<FoundExposure, 'unknown' | 'openings'>,
): Reach {
  if (unknown !== undefined) return notKnown;
  const off = vm.power !== 'running' && vm.power !== 'starting' && vm.power !== 'unknown';
  const [only] = openings;
  if (only === undefined) return closed;
  if (openings.length > 1) {
    const shapes = openings.flatMap((opening) => opening.shapes);
    return reachFrom(
      vm.os,
      off,
      shapes.sort((a, b) => a.rank - b.rank || a.from - b.from),
    );
  }
  if (common.shapes !== only.shapes) common = { shapes: only.shapes, byKind: [] };
  const { byKind } = common;
  const kind = (vm.os === 'windows' ? 0 : 2) + (off ? 1 : 0);
  const reach = byKind[kind] ?? reachFrom(vm.os, off, only.shapes);
  byKind[kind] = reach;
  return reach;
}

/** @param shapes most dangerous first */
function reachFrom(os: VirtualMachine['os'], off: boolean, shapes: readonly PortShape[]): Reach {
  const whenOn = off ? ' when it is on' : '';
  const wide = shapes.filter(isWide);
  const texts = wide.map((port) => {
    const text = port.protocol === 'udp' ? `${portText(port)}/udp` : portText(port);
    return port.via === 'nat-rule' || port.via === 'load-balancer' ? `nat ${text}` : text;
  });
  const exposedPorts = [...new Set(texts)].slice(0, 6);
  const management = wide.filter(isManagement);
  const [first] = management;
  if (first) {
    const [by] = first.decidedBy;
    const ports = [...new Set(management.map(portText))];
    return {
      exposedPorts,
      score: (off ? weights.managementOff : weights.management).points,
      because: `${first.service || (os === 'windows' ? 'RDP' : 'SSH')} from the Internet (${listed(ports, 6)})${whenOn}${by ? ` by ${shortName(by.nsg)}/${by.rule} (${by.priority})` : ''}`,
    };
  }
  if (wide.length === 0) return closed;
  return {
    exposedPorts,
    score: (off ? weights.openOff : weights.open).points,
    because: `open to the Internet: ${listed([...new Set(wide.map(portText))], 4)}${whenOn}`,
  };
}

interface Reason {
  points: number;
  text: string;
}

type Row = Omit<ScanRow, keyof Suspicion>;

function logonReason({ worstBurst: burst }: Row): Reason | null {
  if (burst.state === 'unknown') {
    return { points: weights.unknown.points, text: `failed logons not known: ${burst.because}` };
  }
  if (!burst.value) return null;
  const { failures, kind, succeeded, witnesses = [] } = burst.value;
  const many = count(failures);
  const seen = witnessText(witnesses);
  if (succeeded) return { points: weights.brokenInto.points, text: `${many} failed logons, then a success${seen}` };
  return succeeded === null
    ? {
        points: weights.attackedPerhaps.points,
        text: `${many} failed logons (${burstKinds[kind].name}); whether one succeeded is not known${seen}`,
      }
    : { points: weights.attacked.points, text: `${many} failed logons (${burstKinds[kind].name}), no success${seen}` };
}

/** "; at the same time 203.0.113.9 (RdpCoreTS 140, wrong name or password), joined by time alone", or "". */
function witnessText(witnesses: readonly BurstWitness[]): string {
  const [first, ...others] = witnesses;
  if (first === undefined) return '';
  const more = new Set(others.map(({ address }) => address).filter((address) => address !== first.address)).size;
  const rest = more === 0 ? '' : ` and ${counted(more, 'other address', 'other addresses')}`;
  return `; at the same time ${first.address} (${first.source})${rest}, joined by time alone`;
}

function alertReason({ alerts }: Row): Reason | null {
  if (!alerts) return null;
  return { points: weights.alerts.points + Math.min(10, alerts), text: counted(alerts, 'Defender alert') };
}

/** Why the counts of missing patches are not known. No scan can show that the VM was never assessed. */
const unassessed: Record<NonNullable<ScanRow['patchAssessment']>, string> = {
  fresh: 'the assessment gives no counts',
  stale: 'assessed more than 7 days ago',
  none: 'no assessment is to be seen (none made, older than 7 days, or not permitted)',
  unfinished: 'the last assessment still runs, or gave no result',
  failed: 'the last assessment failed',
  unread: 'the assessments could not be read',
  unsupported: 'Azure assesses no instances of Uniform scale sets',
};

const mostForPatches = 15;

function patchReason({ criticalPatches: missing, patchAssessment }: Row): Reason | null {
  if (missing === null) {
    const why = patchAssessment ? unassessed[patchAssessment] : 'not answered yet';
    return { points: weights.unknown.points, text: `patches not known: ${why}` };
  }
  if (missing === 0) return null;
  const points = Math.min(mostForPatches, weights.criticalPatches.points + missing);
  return { points, text: `${counted(missing, 'critical update')} missing` };
}

function exploitedReason({ knownExploited }: Row): Reason | null {
  const cves = knownExploited ?? [];
  if (cves.length === 0) return null;
  return {
    points: weights.exploited.points + Math.min(10, cves.length),
    text: `${counted(cves.length, 'known exploited vulnerability', 'known exploited vulnerabilities')} (${listed(cves, 2)})`,
  };
}

/**
 * A VM's rank in the suspects list, and the reasons for it, the weightiest first. Higher is more suspicious; what
 * adds nothing to the score (its last backup) comes last.
 */
export function suspicionOf(row: Row, reach: Reach = notKnown): Suspicion {
  const unseen = reach.exposedPorts === null;
  const exposure: Reason | null =
    reach.because === '' ? null : { points: unseen ? weights.unknown.points : reach.score, text: reach.because };
  const reasons = [exposure, logonReason(row), alertReason(row), patchReason(row), exploitedReason(row)].filter(
    (one) => one !== null,
  );
  const score = reasons.reduce((sum, { points }) => sum + points, 0);
  const unknown = unseen || row.worstBurst.state === 'unknown' || row.criticalPatches === null;
  const because = reasons.toSorted((a, b) => b.points - a.points).map(({ text }) => text);
  if (row.lastBackup === '') because.push('never backed up');
  else if (row.lastBackup) because.push(`last backup ${row.lastBackup.slice(0, 10)}`);
  const severity = unknown && score < bands.medium + 2 ? 'unknown' : bandOf(score);
  return { score, severity, because };
}

function bandOf(score: number): 'critical' | 'high' | 'medium' | 'low' {
  if (score >= bands.critical) return 'critical';
  if (score >= bands.high) return 'high';
  return score >= bands.medium ? 'medium' : 'low';
}

/** The gaps in a VM's three questions, and the severity that it could have with all of it at its worst. */
export function severityAtWorst(row: Row & Pick<ScanRow, 'score'>): {
  severity: 'critical' | 'high' | 'medium' | 'low';
  unknown: string[];
} {
  const unknown: string[] = [];
  let score = row.score;
  const may = (what: string, points: number, counted: number) => {
    unknown.push(what);
    score += points - counted;
  };
  if (row.exposedPorts === null) may('exposure', weights.management.points, weights.unknown.points);
  if (row.worstBurst.state === 'unknown') may('failed logons', weights.brokenInto.points, weights.unknown.points);
  else if (row.worstBurst.value?.succeeded === null)
    may('whether a logon succeeded', weights.brokenInto.points, weights.attackedPerhaps.points);
  if (row.criticalPatches === null) may('patches', mostForPatches, weights.unknown.points);
  return { severity: bandOf(score), unknown };
}

/** The weights as a Markdown table. */
export function weightsTable(): string {
  const rows = Object.values(weights).map(({ points, when }) => `| ${points} | ${when} |`);
  return ['| points | when |', '|---|---|', ...rows].join('\n');
}
