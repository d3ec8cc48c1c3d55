import { printable } from '../../text/printable.ts';
import { knownValue, type Rule } from './rule.ts';

/** Third-party applications. */
export const softwareRules: Rule[] = [
  {
    id: 'vulnerable-software',
    when: 'Known vulnerabilities in third-party software',
    severities: { medium: 'always' },
    reads: ['software'],
    practice: 10,
    attack: ['T1203'],
    playbook: '',
    judge({ software }) {
      const found = knownValue(software)?.vulnerabilities ?? [];
      const [worst] = found;
      if (!worst) return null;
      return {
        severity: 'medium',
        title: `${found.length} known vulnerabilit${found.length === 1 ? 'y' : 'ies'} in third-party software: ${printable(worst.title || worst.id, 100)}`,
        evidence: ['posture.software'],
      };
    },
  },
];
