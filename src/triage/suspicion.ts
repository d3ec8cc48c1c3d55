import type { Fact } from '../documents/fact.ts';
import type { ExposedPort, Exposure, ScanRow, VirtualMachine } from '../documents/triage.ts';
import { isManagement, portText } from './findings/ports.ts';

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

/** Sums up one machine's exposure. */
export function reachOf(vm: Pick<VirtualMachine, 'os' | 'power'>, exposure: Fact<Exposure>): Reach {
  if (exposure.state === 'unknown') return notKnown;
  const off = vm.power !== 'running' && vm.power !== 'starting' && vm.power !== 'unknown';
  const whenOn = off ? ' when it is on' : '';
  const texts = new Set<string>();
  const management: ExposedPort[] = [];
  const wide: ExposedPort[] = [];
  for (const port of exposure.value.ports) {
    if (port.sources.breadth === 'narrow') continue;
    if (wide.length < 4) wide.push(port);
    if (isManagement(port)) management.push(port);
    if (texts.size < 6) {
      const text = port.protocol === 'udp' ? `${portText(port)}/udp` : portText(port);
      texts.add(port.via === 'nat-rule' || port.via === 'load-balancer' ? `nat ${text}` : text);
    }
  }
  const exposedPorts = [...texts];
  const [first] = management;
  if (first) {
    const [by] = first.decidedBy;
    const ports = [...new Set(management.map(portText))];
    const more = ports.length > 6 ? ` and ${ports.length - 6} more` : '';
    return {
      exposedPorts,
      score: off ? 15 : 40,
      because: `${first.service || (vm.os === 'windows' ? 'RDP' : 'SSH')} from the Internet (${ports.slice(0, 6).join(', ')}${more})${whenOn}${by ? ` by ${by.nsg.split('/').at(-1)}/${by.rule} (${by.priority})` : ''}`,
    };
  }
  if (wide.length === 0) return { exposedPorts, score: 0, because: '' };
  return {
    exposedPorts,
    score: off ? 3 : 10,
    because: `open to the Internet: ${wide.map(portText).join(', ')}${whenOn}`,
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
