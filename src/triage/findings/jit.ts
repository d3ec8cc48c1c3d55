import { isManagement, isWide, portTexts } from '../../network/port-text.ts';
import { printable } from '../../text/printable.ts';
import { knownValue, type Rule } from './rule.ts';

/** Just-in-time access. */
export const jitRules: Rule[] = [
  {
    id: 'jit-grant-open',
    when: 'A just-in-time grant holds a port of this VM open now',
    severities: { high: 'for any address', medium: 'otherwise' },
    reads: ['jit'],
    practice: 4,
    attack: ['T1133'],
    playbook: 'lock-nsg',
    judge({ jit }) {
      const open = [...(knownValue(jit)?.grants ?? []).entries()].filter(([, grant]) => grant.open);
      const [first] = open.sort(([, a], [, b]) => Number(b.source === '*') - Number(a.source === '*'));
      if (!first) return null;
      const [index, grant] = first;
      const wide = grant.source === '*';
      return {
        severity: wide ? 'high' : 'medium',
        title: `just-in-time access to ${grant.port} is open for ${wide ? 'any address' : printable(grant.source, 60)} until ${grant.endsAt.slice(11, 16)}Z (${printable(grant.requestor, 60)})`,
        evidence: [`posture.jit.grants[${index}]`],
      };
    },
  },
  {
    id: 'no-jit',
    when: 'Remote administration is open to the Internet, and no just-in-time policy names the VM although its plan is on',
    severities: { medium: 'always' },
    reads: ['jit', 'exposure'],
    practice: 4,
    attack: ['T1133'],
    playbook: 'enable-jit',
    judge({ jit, exposure }) {
      const known = knownValue(jit);
      if (known?.policy !== '' || known.available === false) return null;
      const open = (knownValue(exposure)?.ports ?? []).filter((port) => isWide(port) && isManagement(port));
      if (open.length === 0) return null;
      return {
        severity: 'medium',
        title: `no just-in-time policy protects ${portTexts(open)}`,
        evidence: ['posture.jit', 'exposure.ports'],
        unknown: known.available === null ? ['whether the plan for just-in-time access is on'] : [],
      };
    },
  },
  {
    id: 'jit-behind-open-rule',
    when: 'A port that a just-in-time policy protects is open to the Internet: an allow rule in front of it wins',
    severities: { medium: 'always' },
    reads: ['jit', 'exposure'],
    practice: 4,
    attack: ['T1133'],
    playbook: 'lock-nsg',
    judge({ jit, exposure }) {
      const known = knownValue(jit);
      const ports = knownValue(exposure)?.ports ?? [];
      if (!known || known.policy === '') return null;
      const granted = known.grants.filter(({ open }) => open).map(({ port }) => port);
      const open = known.ports
        .map(({ number }) => number)
        .filter((number) => !granted.includes(number))
        .filter((number) =>
          ports.some((port) => port.protocol === 'tcp' && isWide(port) && port.from <= number && number <= port.to),
        );
      if (open.length === 0) return null;
      return {
        severity: 'medium',
        title: `just-in-time access does not close ${open.join(', ')}: rules that allow it come before its own`,
        evidence: ['posture.jit', 'exposure.ports'],
      };
    },
  },
  {
    id: 'jit-for-anyone',
    when: 'The just-in-time policy lets a request open a port to any address (the default of the portal)',
    severities: { low: 'always' },
    reads: ['jit'],
    practice: 4,
    attack: ['T1133'],
    playbook: '',
    judge({ jit }) {
      const ports = (knownValue(jit)?.ports ?? []).filter(({ sources }) => sources.includes('*'));
      if (ports.length === 0) return null;
      const every = ports.some(({ protocol }) => protocol === '*') ? ', over every protocol' : '';
      return {
        severity: 'low',
        title: `a just-in-time request may open ${ports.map(({ number }) => number).join(', ')} to any address${every}`,
        evidence: ['posture.jit.ports'],
      };
    },
  },
];
