import { printable } from '../../text/printable.ts';
import { criticalMissing, securityMissing } from '../patches.ts';
import { knownValue, type Rule } from './rule.ts';

/** Patches of the operating system. */
export const patchRules: Rule[] = [
  {
    id: 'critical-patches-missing',
    when: 'Updates classified critical are missing',
    severities: { high: 'and the Internet reaches the machine', medium: 'otherwise' },
    reads: ['patches'],
    weighs: ['exposure'],
    practice: 9,
    attack: ['T1190', 'T1210'],
    playbook: '',
    judge({ patches, exposure }) {
      const known = knownValue(patches);
      if (!known) return null;
      const critical = criticalMissing(known);
      if (critical.length === 0) return null;
      const exposed = (knownValue(exposure)?.ports ?? []).length > 0;
      return {
        severity: exposed ? 'high' : 'medium',
        title: `${critical.length} critical update${critical.length === 1 ? '' : 's'} missing${exposed ? ' on a machine that the Internet reaches' : ''}: ${critical
          .slice(0, 2)
          .map((patch) => (patch.kb ? `KB${printable(patch.kb, 20)}` : printable(patch.name, 60)))
          .join(', ')}`,
        evidence: ['patches.missing'],
      };
    },
  },
  {
    id: 'security-patches-missing',
    when: 'Updates classified security are missing',
    severities: { low: 'always' },
    reads: ['patches'],
    practice: 9,
    attack: ['T1210'],
    playbook: '',
    judge({ patches }) {
      const known = knownValue(patches);
      const count = known ? securityMissing(known).length : 0;
      if (count === 0) return null;
      return {
        severity: 'low',
        title: `${count} security update${count === 1 ? '' : 's'} missing`,
        evidence: ['patches.missing'],
      };
    },
  },
];
