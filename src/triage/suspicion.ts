import type { ScanRow } from '../documents/triage.ts';
import { isManagement, portText } from './findings/ports.ts';

/** What the suspects list knows of one machine; a part that is null or unknown adds to what is not known, not to the score. */
export type Suspicion = Pick<ScanRow, 'severity' | 'score' | 'because'>;

/** A machine's rank in the suspects list, and the sentence that explains it. Higher is more suspicious. */
export function suspicionOf(row: Omit<ScanRow, 'score' | 'severity' | 'because'>): Suspicion {
  const because: string[] = [];
  let score = 0;
  let unknowns = 0;
  const ports = row.exposure?.state === 'known' ? row.exposure.value.ports : [];
  const wide = ports.filter((port) => port.sources.breadth !== 'narrow');
  const management = wide.filter(isManagement);
  const off = row.vm.power !== 'running' && row.vm.power !== 'starting' && row.vm.power !== 'unknown';
  const whenOn = off ? ' when it is on' : '';
  if (row.exposedPorts === null) {
    unknowns++;
    because.push('how the Internet reaches it is not known');
  } else if (management.length > 0) {
    score += off ? 15 : 40;
    const [first] = management;
    const by = first?.decidedBy[0];
    because.push(
      `${first?.service || (row.vm.os === 'windows' ? 'RDP' : 'SSH')} from the Internet (${management.map(portText).join(', ')})${whenOn}${by ? ` by ${by.nsg.split('/').at(-1)}/${by.rule} (${by.priority})` : ''}`,
    );
  } else if (wide.length > 0) {
    score += off ? 3 : 10;
    because.push(`open to the Internet: ${wide.slice(0, 4).map(portText).join(', ')}${whenOn}`);
  }
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
