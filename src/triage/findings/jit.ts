import { printable } from '../../text/printable.ts';
import { knownValue, type Rule } from './rule.ts';

/** Just-in-time access. */
export const jitRules: Rule[] = [
  {
    id: 'jit-grant-open',
    when: 'A just-in-time grant holds a port of this machine open now',
    severities: { medium: 'always' },
    reads: ['jit'],
    practice: 4,
    attack: ['T1133'],
    playbook: 'lock-nsg',
    judge({ jit }) {
      const open = (knownValue(jit)?.grants ?? []).filter((grant) => grant.open);
      const [first] = open;
      if (!first) return null;
      return {
        severity: 'medium',
        title: `just-in-time access to ${first.port} is open for ${printable(first.source, 60)} until ${first.endsAt.slice(11, 16)}Z (${printable(first.requestor, 60)})`,
        evidence: ['posture.jit'],
      };
    },
  },
];
