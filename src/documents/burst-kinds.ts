import type { Burst } from './triage.ts';

interface KindWords {
  /** As a sentence has it. */
  name: string;
  /** As a column has it. */
  short: string;
  /** MITRE ATT&CK. */
  technique: string;
}

/** The names of the kinds of bursts, by MITRE ATT&CK's names (T1110 Brute Force and its sub-techniques). */
export const burstKinds: Readonly<Record<Burst['kind'], KindWords>> = {
  guess: { name: 'brute force', short: 'brute force', technique: 'T1110.001' },
  spray: { name: 'password spray', short: 'password spray', technique: 'T1110.003' },
  distributed: { name: 'distributed brute force', short: 'distributed', technique: 'T1110' },
  'distributed-spray': { name: 'distributed password spray', short: 'distributed spray', technique: 'T1110.003' },
  unattributed: { name: 'failed logons of an unknown source', short: 'unknown source', technique: 'T1110' },
};
