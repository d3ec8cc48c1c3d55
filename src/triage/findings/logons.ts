import { burstKinds } from '../../documents/burst-kinds.ts';
import type { Burst, LogonSuccess, Logons } from '../../documents/triage.ts';
import { count } from '../../text/counts.ts';
import { printable } from '../../text/printable.ts';
import { burstSource } from '../logons/burst-source.ts';
import { knownValue, type Rule } from './rule.ts';

/** The first burst that a logon followed, with that logon; undefined when none is known of. */
export function brokenInto(logons: Logons | null): { index: number; burst: Burst; success: LogonSuccess } | undefined {
  for (const [index, burst] of (logons?.bursts ?? []).entries()) {
    if (burst.success.state === 'known' && burst.success.value) return { index, burst, success: burst.success.value };
  }
  return undefined;
}

/** " (event log fs.evtx, a log of fs01)" for a burst that an opened log reports; "" for one of Log Analytics. */
function readFromText({ readFrom }: Burst): string {
  return readFrom === undefined || readFrom === 'Log Analytics' ? '' : ` (${printable(readFrom, 120)})`;
}

/** "a brute-force attack of 1,204 failures ended in a logon as svc-backup from 203.0.113.77 at 02:14:09Z" */
export function successText(burst: Burst, success: LogonSuccess): string {
  const attack = isSpray(burst) ? 'a password spray' : 'a brute-force attack';
  return `${attack} of ${count(burst.failures)} failures ended in a logon as ${printable(success.account, 60)} from ${printable(success.address, 45)} at ${success.at.slice(11, 19)}Z${readFromText(burst)}`;
}

const isSpray = ({ kind }: Burst): boolean => kind === 'spray' || kind === 'distributed-spray';

/** The outcome of a burst that no known logon followed. */
function withoutSuccess({ kind, success }: Burst): string {
  if (success.state === 'unknown') return 'whether one succeeded is not known';
  // Of accounts that were tried once, a logon from elsewhere says nothing.
  return kind === 'distributed-spray' ? 'no logon from these sources followed' : 'none succeeded';
}

/** From so many wrong guesses on, a right password that was refused was found and not mistyped. */
const guessesThatFind = 5;

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
      const followed = withoutSuccess(worst);
      const over = isSpray(worst) ? ` over ${worst.distinctAccounts ?? worst.accounts.length} accounts` : '';
      return {
        severity: worst.success.state === 'unknown' ? 'high' : 'medium',
        title: `${burstKinds[worst.kind].name}${over}: ${count(worst.failures)} failures from ${burstSource(worst)}; ${followed}${readFromText(worst)}`,
        evidence: [`logons.bursts[${all.indexOf(worst)}]`],
        ...(worst.success.state === 'unknown' ? { unknown: [`successful logons: ${worst.success.because}`] } : {}),
      };
    },
  },
  {
    id: 'session-after-burst',
    when: 'An sshd session of a guessed account opened after a burst, and no line says how it was let in',
    severities: { high: 'a guessed password may have opened it, or a key of its owner' },
    reads: ['logons'],
    practice: 7,
    attack: ['T1110', 'T1078'],
    playbook: 'contain-brute-force',
    judge({ logons }) {
      const all = knownValue(logons)?.bursts ?? [];
      const at = all.findIndex(({ session }) => session !== undefined);
      const burst = all[at];
      if (!burst?.session) return null;
      const { account, at: opened, how = '' } = burst.session;
      return {
        severity: 'high',
        title: `${count(burst.failures)} failures and then a logon of ${printable(account, 60)} at ${opened.slice(11, 19)}Z (${how})`,
        evidence: [`logons.bursts[${at}].session`],
      };
    },
  },
  {
    id: 'right-credential-refused',
    when: 'After failures of its account or from its address, a right password or key was refused for another reason',
    severities: { high: 'the credential is known to the attacker' },
    reads: ['logons'],
    practice: 7,
    attack: ['T1110', 'T1078'],
    playbook: 'contain-brute-force',
    judge({ logons }) {
      const all = knownValue(logons)?.rightButRefused ?? [];
      const at = all.findIndex(({ guesses }) => guesses >= guessesThatFind);
      const found = all[at];
      if (!found) return null;
      const { account, address, meaning, first, guesses } = found;
      return {
        severity: 'high',
        title: `the credential of ${printable(account, 60)} was right and refused, after ${count(guesses)} failures, from ${printable(address, 45)} at ${first.slice(11, 19)}Z: ${meaning}`,
        evidence: [`logons.rightButRefused[${at}]`],
      };
    },
  },
  {
    id: 'logon-after-failures',
    when: 'An account failed at least five times and then logged on, too slowly for a burst',
    severities: { medium: 'it may be its owner' },
    reads: ['logons'],
    practice: 7,
    attack: ['T1110', 'T1078'],
    playbook: '',
    judge({ logons }) {
      const [found] = knownValue(logons)?.afterFailures ?? [];
      if (!found) return null;
      const { account, failures, success } = found;
      return {
        severity: 'medium',
        title: `${count(failures)} failures of ${printable(account, 60)} and then a logon from ${printable(success.address, 45)} at ${success.at.slice(11, 19)}Z${success.how ? ` (${success.how})` : ''}`,
        evidence: ['logons.afterFailures[0]'],
      };
    },
  },
];
