import { burstKinds } from '../../documents/burst-kinds.ts';
import type { Burst, LogonSuccess, Logons } from '../../documents/triage.ts';
import { count } from '../../text/counts.ts';
import { printable } from '../../text/printable.ts';
import { knownValue, type Rule } from './rule.ts';

/** The first burst that a logon followed, with that logon; undefined when none is known of. */
export function brokenInto(logons: Logons | null): { index: number; burst: Burst; success: LogonSuccess } | undefined {
  for (const [index, burst] of (logons?.bursts ?? []).entries()) {
    if (burst.success.state === 'known' && burst.success.value) return { index, burst, success: burst.success.value };
  }
  return undefined;
}

/** "a guessing attack of 1,204 failures ended in a logon as svc-backup from 203.0.113.77 at 02:14:09Z" */
export function successText(burst: Burst, success: LogonSuccess): string {
  const attack = burst.kind === 'spray' ? 'a password spray' : 'a brute-force attack';
  return `${attack} of ${count(burst.failures)} failures ended in a logon as ${printable(success.account, 60)} from ${printable(success.address, 45)} at ${success.at.slice(11, 19)}Z`;
}

/** Failed logons in quick succession, and what came of them. */
export const logonRules: Rule[] = [
  {
    id: 'brute-force-succeeded',
    when: 'A logon followed a burst of failures, from its address or as one of its accounts',
    severities: { critical: 'always' },
    reads: ['logons'],
    practice: 7,
    attack: ['T1110', 'T1078'],
    playbook: 'contain-brute-force',
    judge({ logons }) {
      const found = brokenInto(knownValue(logons));
      if (!found) return null;
      return {
        severity: 'critical',
        title: successText(found.burst, found.success),
        evidence: [`logons.bursts[${found.index}].success`],
      };
    },
  },
  {
    id: 'brute-force-running',
    when: 'A burst of failed logons that no known success followed',
    severities: { high: 'whether one succeeded is not known', medium: 'none succeeded' },
    reads: ['logons'],
    practice: 7,
    attack: ['T1110.001', 'T1110.003'],
    playbook: 'contain-brute-force',
    judge({ logons }) {
      const all = knownValue(logons)?.bursts ?? [];
      const bursts = all.filter((burst) => !(burst.success.state === 'known' && burst.success.value));
      const [worst] = bursts;
      if (!worst) return null;
      const followed = worst.success.state === 'unknown' ? 'whether one succeeded is not known' : 'none succeeded';
      const over = worst.kind === 'spray' ? ` over ${worst.distinctAccounts ?? worst.accounts.length} accounts` : '';
      return {
        severity: worst.success.state === 'unknown' ? 'high' : 'medium',
        title: `${burstKinds[worst.kind].name}${over}: ${count(worst.failures)} failures from ${printable(worst.sources[0]?.address ?? 'unknown', 45)}; ${followed}`,
        evidence: [`logons.bursts[${all.indexOf(worst)}]`],
        ...(worst.success.state === 'unknown' ? { unknown: [`successful logons: ${worst.success.because}`] } : {}),
      };
    },
  },
];
