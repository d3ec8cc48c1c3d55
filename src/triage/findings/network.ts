import { breadthWords, holds, isManagement, isWide, portText, portTexts } from '../../network/port-text.ts';
import { printable } from '../../text/printable.ts';
import { knownValue, type Rule } from './rule.ts';

interface Administration {
  id: string;
  name: string;
  /** As the table of rules prints them. */
  where: string;
  numbers: number[];
  /** A range that also holds one of these belongs to the rule before. */
  reportedBefore: number[];
  /** Another way that is named too where a range holds its port: "all ports" is one fact, not two. */
  also?: { id: string; name: string; number: number };
}

/** A way to administer the VM that more than named addresses reach. */
function managementRule({ id, name, where, numbers, reportedBefore, also }: Administration): Rule {
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
        ([, port]) => isWide(port) && holds(port, numbers) && !holds(port, reportedBefore),
      );
      const [first] = open;
      if (!first) return null;
      const both = also && open.some(([, port]) => holds(port, [also.number]));
      return {
        severity: first[1].sources.breadth === 'internet' ? 'critical' : 'high',
        ...(both ? { covers: [also.id] } : {}),
        title: `${both ? `${name} and ${also.name} are` : `${name} is`} open to ${breadthWords[first[1].sources.breadth]} (${portTexts(open.map(([, port]) => port))})`,
        evidence: open.map(([index]) => `exposure.ports[${index}]`),
      };
    },
  };
}

/** Management ports, network security groups: what the Internet reaches. */
export const networkRules: Rule[] = [
  managementRule({
    id: 'rdp-open-to-internet',
    name: 'RDP',
    where: '3389/tcp',
    numbers: [3389],
    reportedBefore: [],
    also: { id: 'ssh-open-to-internet', name: 'SSH', number: 22 },
  }),
  managementRule({
    id: 'ssh-open-to-internet',
    name: 'SSH',
    where: '22/tcp',
    numbers: [22],
    reportedBefore: [3389],
  }),
  managementRule({
    id: 'management-port-open',
    name: 'Telnet or WinRM',
    where: '23, 5985, 5986/tcp',
    numbers: [23, 5985, 5986],
    reportedBefore: [22, 3389],
  }),
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
        title: `${portTexts(open.map(([, port]) => port))} open to the Internet may carry ${os === 'windows' ? 'RDP' : 'SSH'}: nothing else is known of it`,
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
