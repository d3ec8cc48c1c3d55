import { counted } from '../../text/counts.ts';
import { printable } from '../../text/printable.ts';
import { knownValue, type Rule } from './rule.ts';

/** Defender for Cloud: alerts. */
export const defenderRules: Rule[] = [
  {
    id: 'defender-alerts',
    when: 'Defender for Cloud has active alerts on this VM',
    severities: { high: 'one of them is of high severity', medium: 'otherwise' },
    reads: ['alerts'],
    practice: 6,
    attack: [],
    playbook: '',
    judge({ alerts }) {
      const active = knownValue(alerts)?.alerts ?? [];
      if (active.length === 0) return null;
      const high = active.findIndex((alert) => /high/i.test(alert.severity));
      const worst = active[Math.max(0, high)];
      const techniques = worst && worst.techniques.length > 0 ? ` (${printable(worst.techniques.join(', '), 60)})` : '';
      return {
        severity: high >= 0 ? 'high' : 'medium',
        title: `Defender has ${counted(active.length, 'active alert')}: ${printable(worst?.name ?? '', 120)}${techniques}`,
        evidence: active.map((_, index) => `posture.alerts.alerts[${index}]`),
      };
    },
  },
];
