import { breadthWords, holds, isManagement, isWide, portText } from '../../network/port-text.ts';
import { printable } from '../../text/printable.ts';
import { knownValue, type Rule } from './rule.ts';

/**
 * A way to administer the VM that more than named addresses reach. A range that also holds one of `toldElsewhere`
 * belongs to another rule.
 */
function managementRule(
  id: string,
  { name, ports: where }: { name: string; ports: string },
  numbers: number[],
  toldElsewhere: number[] = [],
): Rule {
  return {
    id,
    when: `${name} (${where}) is reachable from more than named addresses of the Internet`,
    severities: { critical: 'from the whole Internet', high: 'from a large part of it' },
    reads: ['exposure'],
    practice: 2,
    attack: ['T1133', 'T1110'],
    playbook: 'lock-nsg',
    judge({ exposure }) {
      const ports = knownValue(exposure)?.ports ?? [];
      const open = [...ports.entries()].filter(
        ([, port]) => isWide(port) && holds(port, numbers) && !holds(port, toldElsewhere),
      );
      const [first] = open;
      if (!first) return null;
      return {
        severity: first[1].sources.breadth === 'internet' ? 'critical' : 'high',
        title: `${name} is open to ${breadthWords[first[1].sources.breadth]} (${open.map(([, port]) => portText(port)).join(', ')})`,
        evidence: open.map(([index]) => `exposure.ports[${index}]`),
      };
    },
  };
}

/** Management ports, network security groups: what the Internet reaches. */
export const networkRules: Rule[] = [
  managementRule('rdp-open-to-internet', { name: 'RDP', ports: '3389/tcp' }, [3389]),
  managementRule('ssh-open-to-internet', { name: 'SSH', ports: '22/tcp' }, [22]),
  managementRule(
    'management-port-open',
    { name: 'Telnet or WinRM', ports: '23, 5985, 5986/tcp' },
    [23, 5985, 5986],
    [22, 3389],
  ),
  {
    id: 'unnamed-port-open-to-internet',
    when: 'A TCP port of no known service is reachable from more than named addresses (RDP moved to 4389)',
    severities: { high: 'always: it may carry remote administration' },
    reads: ['exposure'],
    practice: 2,
    attack: ['T1571', 'T1133'],
    playbook: 'lock-nsg',
    judge({ exposure, os }) {
      const ports = knownValue(exposure)?.ports ?? [];
      const open = [...ports.entries()].filter(
        ([, port]) => port.protocol === 'tcp' && port.service === '' && isWide(port),
      );
      if (open.length === 0) return null;
      return {
        severity: 'high',
        title: `${open.map(([, port]) => portText(port)).join(', ')} open to the Internet may carry ${os === 'windows' ? 'RDP' : 'SSH'}: nothing else is known of it`,
        evidence: open.map(([index]) => `exposure.ports[${index}]`),
        unknown: ['what listens on it inside the VM'],
      };
    },
  },
  {
    id: 'services-open-to-internet',
    when: 'Services other than remote administration are reachable from more than named addresses',
    severities: { high: 'any service but HTTP and HTTPS', low: 'HTTP and HTTPS alone' },
    reads: ['exposure'],
    practice: 3,
    attack: ['T1190'],
    playbook: 'lock-nsg',
    judge({ exposure }) {
      const ports = knownValue(exposure)?.ports ?? [];
      const open = [...ports.entries()].filter(
        ([, port]) => !isManagement(port) && port.service !== '' && isWide(port),
      );
      if (open.length === 0) return null;
      const risky = open.some(([, port]) => !['HTTP', 'HTTPS'].includes(port.service));
      return {
        severity: risky ? 'high' : 'low',
        title: `open to the Internet: ${open.map(([, port]) => `${portText(port)} ${printable(port.service, 24)}`).join(', ')}`,
        evidence: open.map(([index]) => `exposure.ports[${index}]`),
      };
    },
  },
];
