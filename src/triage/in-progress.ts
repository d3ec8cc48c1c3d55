import type { Finding, TimeLine, VirtualMachine } from '../documents/triage.ts';
import { correlate } from './correlate.ts';
import type { Evidence } from './findings/rule.ts';
import { judge } from './findings.ts';
import type { ExploitedCatalog } from './known-exploited.ts';
import { timeLineOf } from './time-line.ts';

/** What the three questions rest on; the rest of the evidence is posture. */
type Answers = 'exposure' | 'logons' | 'patches' | 'installations' | 'knownExploited';

/** A triage while its answers arrive: null is "not answered yet". */
export interface TriageInProgress extends Pick<Evidence, Answers> {
  vm: VirtualMachine;
  posture: Omit<Evidence, Answers>;
  /** What has a time in the facts so far. */
  timeLine: TimeLine;
  /** From the facts so far. */
  findings: Finding[];
}

/**
 * What the facts say together: what one answer adds to another, the time line, the findings. Concluding again what was
 * concluded before gives the same.
 */
export function concluded(facts: TriageInProgress, catalog: ExploitedCatalog | undefined, now: Date): TriageInProgress {
  const together = correlate({ ...facts, ...facts.posture }, catalog, now);
  const { patches, knownExploited, software, backup } = together;
  const posture = { ...facts.posture, software, backup };
  const { vm, exposure, logons, installations } = facts;
  const all = { exposure, logons, patches, installations, knownExploited };
  return {
    vm,
    ...all,
    posture,
    timeLine: timeLineOf({ ...posture, logons }),
    findings: judge({ os: vm.os, now, ...all, ...posture }),
  };
}
