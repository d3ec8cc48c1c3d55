import { counted } from '../../text/counts.ts';
import { printable } from '../../text/printable.ts';
import { knownValue, type Rule } from './rule.ts';

/** Secure Score and recommendations. */
export const scoreRules: Rule[] = [
  {
    id: 'recommendations-not-followed',
    when: 'Defender for Cloud’s recommendations of high severity are not followed on this VM',
    severities: { low: 'always: what they name has findings of its own' },
    reads: ['recommendations'],
    practice: 1,
    attack: [],
    playbook: '',
    judge({ recommendations }) {
      const unhealthy = knownValue(recommendations)?.unhealthy ?? [];
      const high = [...unhealthy.entries()].filter(([, one]) => /^high$/i.test(one.severity));
      const [first] = high;
      if (!first) return null;
      return {
        severity: 'low',
        title: `${counted(high.length, 'recommendation')} of high severity not followed: ${printable(first[1].name, 120)}`,
        evidence: high.map(([index]) => `posture.recommendations.unhealthy[${index}]`),
      };
    },
  },
  {
    id: 'secure-score-low',
    when: 'The subscription’s Secure Score is under 50 %',
    severities: { info: 'always: it is the subscription’s, not this VM’s' },
    reads: ['secureScore'],
    practice: 1,
    attack: [],
    playbook: '',
    judge({ secureScore }) {
      const known = knownValue(secureScore);
      if (!known || known.percentage >= 50) return null;
      return {
        severity: 'info',
        title: `the classic Secure Score of the subscription ${printable(known.subscription, 60)} is ${known.percentage} %`,
        evidence: ['posture.secureScore'],
      };
    },
  },
];
