import type { Thresholds } from '../triage/logons/bursts.ts';

/** Options of every command that looks for failed logons. */
export interface BurstFlags {
  /** How far back, in hours. */
  hours?: number;
  /** So many failures within `window` minutes make a burst. */
  failures?: number;
  window?: number;
}

/** The look-back and the thresholds that the options ask for; the defaults where they ask for none. */
export function burstOptions(flags: BurstFlags): { lookbackHours?: number; thresholds: Partial<Thresholds> } {
  return {
    ...(flags.hours ? { lookbackHours: flags.hours } : {}),
    thresholds: {
      ...(flags.failures ? { failures: Math.max(2, Math.floor(flags.failures)) } : {}),
      ...(flags.window ? { windowSeconds: flags.window * 60 } : {}),
    },
  };
}
