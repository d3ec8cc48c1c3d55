import type { Software } from '../../documents/triage.ts';
import { counted, listed } from '../../text/counts.ts';
import { printable } from '../../text/printable.ts';
import { knownValue, type Rule } from './rule.ts';

const unsupported = /nolongersupported|eos/i;

/** Of findings that name no CVE each counts as one. */
function holesOf(found: Software['vulnerabilities']): number {
  return new Set(found.flatMap(({ cves }) => cves)).size + found.filter(({ cves }) => cves.length === 0).length;
}

/** Third-party applications. */
export const softwareRules: Rule[] = [
  {
    id: 'vulnerable-software',
    when: 'Vulnerability findings of Defender for Cloud on this VM',
    severities: { high: 'one of them is critical or high, or CISA lists it as exploited', medium: 'otherwise' },
    reads: ['software'],
    weighs: ['knownExploited'],
    practice: 10,
    attack: ['T1203'],
    playbook: '',
    judge({ software, knownExploited }) {
      const found = knownValue(software)?.vulnerabilities ?? [];
      const exploited = new Set(knownValue(knownExploited)?.matches.map(({ cve }) => cve) ?? []);
      const isExploited = ({ cves }: (typeof found)[number]) => cves.some((cve) => exploited.has(cve));
      const index = Math.max(0, found.findIndex(isExploited));
      const worst = found[index];
      if (!worst) return null;
      const untold = found.filter(({ severity }) => !/critical|high|medium|low/i.test(severity)).length;
      const serious = found.some((one) => isExploited(one) || /critical|high/i.test(one.severity));
      return {
        severity: serious ? 'high' : 'medium',
        title: `${counted(holesOf(found), 'known vulnerability', 'known vulnerabilities')} in its software: ${printable(worst.title || worst.id, 100)}${isExploited(worst) ? ', known to be exploited' : ''}`,
        evidence: [`posture.software.vulnerabilities[${index}]`],
        ...(untold > 0 ? { unknown: [`how severe ${untold} of ${found.length} findings are`] } : {}),
      };
    },
  },
  {
    id: 'software-end-of-support',
    when: 'Programs that their makers no longer support',
    severities: { medium: 'always: they get no more fixes' },
    reads: ['software'],
    practice: 10,
    attack: ['T1203', 'T1190'],
    playbook: '',
    judge({ software }) {
      const items = knownValue(software)?.items ?? [];
      const today = software?.state === 'known' ? software.asOf.slice(0, 10) : '';
      // A day that was announced may have passed since.
      const old = [...items.entries()].filter(
        ([, { endOfSupport, endOfSupportAt }]) =>
          (unsupported.test(endOfSupport) && !/upcoming/i.test(endOfSupport)) ||
          (endOfSupportAt !== '' && endOfSupportAt < today),
      );
      if (old.length === 0) return null;
      const names = old.map(([, { name, version }]) => printable(`${name} ${version}`, 80));
      return {
        severity: 'medium',
        title: `${old.length === 1 ? 'a program is' : `${old.length} programs are`} no longer supported: ${listed(names, 2)}`,
        evidence: old.map(([index]) => `posture.software.items[${index}]`),
      };
    },
  },
];
