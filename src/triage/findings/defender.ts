import { printable } from '../../text/printable.ts';
import { knownValue, type Rule } from './rule.ts';

/** Defender for Cloud: alerts. */
export const defenderRules: Rule[] = [
  {
    id: 'defender-alerts',
    when: 'Defender for Cloud has active alerts on this machine',
    severities: { high: 'one of them is of high severity', medium: 'otherwise' },
    reads: ['alerts'],
    practice: 6,
    attack: [],
    playbook: '',
    judge({ alerts }) {
      const active = knownValue(alerts)?.alerts ?? [];
      if (active.length === 0) return null;
      const high = active.some((alert) => /high/i.test(alert.severity));
      return {
        severity: high ? 'high' : 'medium',
        title: `Defender has ${active.length} active alert${active.length === 1 ? '' : 's'}: ${printable(active[0]?.name ?? '', 120)}`,
        evidence: ['posture.alerts'],
      };
    },
  },
];
