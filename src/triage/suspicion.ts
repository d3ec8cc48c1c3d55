import type { Fact } from '../documents/fact.ts';
import type { Exposure, ScanRow, VirtualMachine } from '../documents/triage.ts';
import type { Opening, PortShape } from './exposure/opening.ts';
import { isManagement, isWide, portText } from './findings/ports.ts';

/** What the suspects list knows of one machine; a part that is null or unknown adds to what is not known, not to the score. */
export type Suspicion = Pick<ScanRow, 'severity' | 'score' | 'because'>;

/** What the exposure of one machine says in the suspects list: all that a scan keeps of it. */
export interface Reach {
  /** Short texts of the ports that a large part of the Internet reaches, management first, at most six; null when unknown. */
  exposedPorts: string[] | null;
  score: number;
  /** "" when it gives no reason for suspicion. */
  because: string;
}

const notKnown: Reach = { exposedPorts: null, score: 0, because: 'how the Internet reaches it is not known' };

/** What machines with the very same openings have in common; by the openings, and by system and power. */
const common = new WeakMap<readonly PortShape[], Map<string, Reach>>();

const closed: Reach = { exposedPorts: [], score: 0, because: '' };

/** Sums up one machine's exposure, from what opened (`FleetExposure`). */
export function reachOf(
  vm: Pick<VirtualMachine, 'os' | 'power'>,
  exposure: Fact<Exposure>,
  openings: readonly Opening[],
): Reach {
  if (exposure.state === 'unknown') return notKnown;
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
  let byKind = common.get(only.shapes);
  if (byKind === undefined) {
    byKind = new Map();
    common.set(only.shapes, byKind);
  }
  const kind = `${vm.os}|${off}`;
  const reach = byKind.get(kind) ?? reachFrom(vm.os, off, only.shapes);
  byKind.set(kind, reach);
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
    const more = ports.length > 6 ? ` and ${ports.length - 6} more` : '';
    return {
      exposedPorts,
      score: off ? 15 : 40,
      because: `${first.service || (os === 'windows' ? 'RDP' : 'SSH')} from the Internet (${ports.slice(0, 6).join(', ')}${more})${whenOn}${by ? ` by ${by.nsg.split('/').at(-1)}/${by.rule} (${by.priority})` : ''}`,
    };
  }
  if (wide.length === 0) return closed;
  return {
    exposedPorts,
    score: off ? 3 : 10,
    because: `open to the Internet: ${wide.slice(0, 4).map(portText).join(', ')}${whenOn}`,
  };
}

/** A machine's rank in the suspects list, and the sentence that explains it. Higher is more suspicious. */
export function suspicionOf(row: Omit<ScanRow, 'score' | 'severity' | 'because'>, reach: Reach = notKnown): Suspicion {
  const because: string[] = [];
  let score = reach.score;
  let unknowns = reach.exposedPorts === null ? 1 : 0;
  if (reach.because !== '') because.push(reach.because);
  const burst = row.worstBurst;
  if (burst.state === 'unknown') {
    unknowns++;
    because.push(`failed logons not known: ${burst.because}`);
  } else if (burst.value) {
    const count = burst.value.failures.toLocaleString('en-US');
    if (burst.value.succeeded) {
      score += 100;
      because.push(`${count} failed logons, then a success`);
    } else {
      score += burst.value.succeeded === null ? 35 : 25;
      because.push(
        `${count} failed logons (${burst.value.kind})${burst.value.succeeded === null ? '; whether one succeeded is not known' : ', no success'}`,
      );
    }
  }
  if (row.alerts) {
    score += 10 + Math.min(10, row.alerts);
    because.push(`${row.alerts} Defender alert${row.alerts === 1 ? '' : 's'}`);
  }
  if (row.criticalPatches === null) {
    unknowns++;
    because.push(
      row.patchAssessment === 'stale'
        ? 'patches not known: assessed more than 7 days ago'
        : 'patches not known: never assessed',
    );
  } else if (row.criticalPatches > 0) {
    score += Math.min(15, 5 + row.criticalPatches);
    because.push(`${row.criticalPatches} critical update${row.criticalPatches === 1 ? '' : 's'} missing`);
  }
  const exploited = row.knownExploited ?? [];
  if (exploited.length > 0) {
    score += 10 + Math.min(10, exploited.length);
    because.push(
      `${exploited.length} known exploited vulnerabilit${exploited.length === 1 ? 'y' : 'ies'} (${exploited.slice(0, 2).join(', ')})`,
    );
  }
  if (row.lastBackup === '') because.push('never backed up');
  else if (row.lastBackup) because.push(`last backup ${row.lastBackup.slice(0, 10)}`);
  score += unknowns * 3;
  const severity =
    score >= 80
      ? 'critical'
      : score >= 30
        ? 'high'
        : unknowns > 0 && score < 12
          ? 'unknown'
          : score >= 10
            ? 'medium'
            : 'low';
  return { score, severity, because };
}
