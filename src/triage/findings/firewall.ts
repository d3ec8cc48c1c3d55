import { isManagement, isWide, portText } from '../../network/port-text.ts';
import { listed } from '../../text/counts.ts';
import { printable } from '../../text/printable.ts';
import { knownValue, type Rule } from './rule.ts';

/** Azure Firewall. */
export const firewallRules: Rule[] = [
  {
    id: 'firewall-leads-to-management',
    when: 'A DNAT rule of an Azure Firewall leads to a management port of this VM from more than named addresses',
    severities: { high: 'always: the firewall itself forwards it' },
    reads: ['exposure'],
    weighs: ['firewall'],
    practice: 5,
    attack: ['T1133'],
    playbook: '',
    judge({ exposure }) {
      const ports = [...(knownValue(exposure)?.ports ?? []).entries()].filter(
        ([, port]) => port.via === 'firewall-dnat' && isManagement(port) && isWide(port),
      );
      const [first] = ports;
      if (!first) return null;
      const rule = first[1].path?.rule ?? '';
      return {
        severity: 'high',
        title: `a DNAT rule of the firewall leads the Internet to ${portText(first[1])}${rule === '' ? '' : `: ${printable(rule, 80)}`}`,
        evidence: ports.map(([index]) => `exposure.ports[${index}]`),
      };
    },
  },
  {
    id: 'open-past-firewall',
    when: 'An Azure Firewall is in the path, and the VM is reachable around it',
    severities: { medium: 'always: that traffic is neither filtered nor logged by it' },
    reads: ['firewall'],
    practice: 5,
    attack: ['T1133'],
    playbook: 'lock-nsg',
    judge({ firewall }) {
      const known = knownValue(firewall);
      if (known?.inbound !== 'beside-firewall') return null;
      return {
        severity: 'medium',
        title: `reachable around the firewall ${printable(known.name, 60)}: ${listed(known.past, 3)}`,
        evidence: ['posture.firewall.past'],
      };
    },
  },
  {
    id: 'no-firewall',
    when: 'The Internet reaches the VM, and no Azure Firewall is in between',
    severities: { info: 'always: its network security groups are the only filter' },
    reads: ['firewall'],
    practice: 5,
    attack: [],
    playbook: '',
    judge({ firewall }) {
      const known = knownValue(firewall);
      if (known?.inbound !== 'no-firewall') return null;
      return {
        severity: 'info',
        title: 'no Azure Firewall between the Internet and this VM',
        evidence: ['posture.firewall'],
      };
    },
  },
];
