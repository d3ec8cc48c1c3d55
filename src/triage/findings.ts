import type { Fact } from '../documents/fact.ts';
import type {
  Alerts,
  Backup,
  Burst,
  ExposedPort,
  Exposure,
  Finding,
  IdentityPosture,
  Jit,
  Logons,
  Patches,
  Severity,
  Software,
} from '../documents/triage.ts';
import { printable } from '../text/printable.ts';
import { criticalMissing, securityMissing } from './patches.ts';

/** The facts that findings are drawn from; null is "not answered yet" and says nothing. */
export interface FindingFacts {
  os: 'windows' | 'linux';
  now: Date;
  exposure: Fact<Exposure> | null;
  logons: Fact<Logons> | null;
  patches: Fact<Patches> | null;
  alerts: Fact<Alerts> | null;
  jit: Fact<Jit> | null;
  identity: Fact<IdentityPosture> | null;
  software: Fact<Software> | null;
  backup: Fact<Backup> | null;
}

export const severityOrder: Record<Severity, number> = { critical: 0, high: 1, medium: 2, low: 3, info: 4 };

/** What the article's practices are, by number. */
export const practices = [
  'Secure Score',
  'Management ports',
  'Network security groups',
  'Just-in-time access',
  'Azure Firewall',
  'Brute-force alerts',
  'Failed logons (4625)',
  'Passwords and MFA',
  'Patches of the operating system',
  'Third-party applications',
  'Backup',
] as const;

const management = new Set([22, 3389, 5985, 5986, 23]);

const knownValue = <T>(fact: Fact<T> | null): T | null => (fact?.state === 'known' ? fact.value : null);

/** Does this exposed range hold the usual port of a remote administration service? */
export function isManagement(port: ExposedPort): boolean {
  if (port.protocol !== 'tcp') return false;
  return [...management].some((number) => port.from <= number && number <= port.to);
}

/** "3389", or "50001→3389" through a load balancer, or "all ports". */
export function portText(port: ExposedPort): string {
  const range = (from: number, to: number) =>
    from === 0 && to >= 65535 ? 'all ports' : from === to ? String(from) : `${from}-${to}`;
  const inside = port.protocol === 'tcp' || port.protocol === 'udp' ? range(port.from, port.to) : port.protocol;
  const outside = range(port.frontend.from, port.frontend.to);
  return port.via === 'public-ip' || outside === inside ? inside : `${outside}→${inside}`;
}

const breadthWords = {
  internet: 'the whole Internet',
  wide: 'a large part of the Internet',
  narrow: 'named addresses',
};

function firstSuccess(bursts: Burst[]) {
  for (const [index, burst] of bursts.entries()) {
    if (burst.success.state === 'known' && burst.success.value) return { index, burst, success: burst.success.value };
  }
  return undefined;
}

const thousands = (count: number) => count.toLocaleString('en-US');

interface Rule {
  id: string;
  practice: number;
  attack: string[];
  playbook: string;
  /** What follows from the facts: severity, sentence and evidence; null when it does not apply. */
  judge(facts: FindingFacts): { severity: Severity; title: string; evidence: string[] } | null;
}

/**
 * A way to administer the machine that more than named addresses reach. A range that also holds one of `toldElsewhere`
 * belongs to another rule.
 */
function managementRule(id: string, numbers: number[], toldElsewhere: number[] = []): Rule {
  return {
    id,
    practice: 2,
    attack: ['T1133', 'T1110'],
    playbook: 'lock-nsg',
    judge({ exposure }) {
      const ports = knownValue(exposure)?.ports ?? [];
      const open = [...ports.entries()].filter(
        ([, port]) =>
          port.protocol === 'tcp' &&
          port.sources.breadth !== 'narrow' &&
          numbers.some((number) => port.from <= number && number <= port.to) &&
          !toldElsewhere.some((number) => port.from <= number && number <= port.to),
      );
      const [first] = open;
      if (!first) return null;
      const service = first[1].service || portText(first[1]);
      return {
        severity: first[1].sources.breadth === 'internet' ? 'critical' : 'high',
        title: `${printable(service, 40)} is open to ${breadthWords[first[1].sources.breadth]} (${open.map(([, port]) => portText(port)).join(', ')})`,
        evidence: open.map(([index]) => `exposure.ports[${index}]`),
      };
    },
  };
}

/** Every rule, for a domain expert to review: facts in, one sentence out. */
export const rules: Rule[] = [
  {
    id: 'brute-force-succeeded',
    practice: 7,
    attack: ['T1110', 'T1078'],
    playbook: 'contain-brute-force',
    judge({ logons }) {
      const found = firstSuccess(knownValue(logons)?.bursts ?? []);
      if (!found) return null;
      const { index, burst, success } = found;
      const attack = burst.kind === 'spray' ? 'a password spray' : 'a guessing attack';
      return {
        severity: 'critical',
        title: `${attack} of ${thousands(burst.failures)} failures ended in a logon as ${printable(success.account, 60)} from ${printable(success.address, 45)} at ${success.at.slice(11, 19)}Z`,
        evidence: [`logons.bursts[${index}].success`],
      };
    },
  },
  managementRule('rdp-open-to-internet', [3389]),
  managementRule('ssh-open-to-internet', [22]),
  managementRule('management-port-open', [23, 5985, 5986], [22, 3389]),
  {
    id: 'unnamed-port-open-to-internet',
    practice: 2,
    attack: ['T1571', 'T1133'],
    playbook: 'lock-nsg',
    judge({ exposure, os }) {
      const ports = knownValue(exposure)?.ports ?? [];
      const open = [...ports.entries()].filter(
        ([, port]) => port.protocol === 'tcp' && port.service === '' && port.sources.breadth !== 'narrow',
      );
      if (open.length === 0) return null;
      return {
        severity: 'high',
        title: `${open.map(([, port]) => portText(port)).join(', ')} open to the Internet may carry ${os === 'windows' ? 'RDP' : 'SSH'}: nothing else is known of it`,
        evidence: open.map(([index]) => `exposure.ports[${index}]`),
      };
    },
  },
  {
    id: 'brute-force-running',
    practice: 7,
    attack: ['T1110.001', 'T1110.003'],
    playbook: 'contain-brute-force',
    judge({ logons }) {
      const bursts = (knownValue(logons)?.bursts ?? []).filter(
        (burst) => !(burst.success.state === 'known' && burst.success.value),
      );
      const [worst] = bursts;
      if (!worst) return null;
      const followed = worst.success.state === 'unknown' ? 'whether one succeeded is not known' : 'none succeeded';
      const words = {
        guess: 'password guessing',
        spray: `password spray over ${worst.accounts.length} accounts`,
        distributed: 'guessing from many sources',
        unattributed: 'failed logons without a source',
      };
      return {
        severity: worst.success.state === 'unknown' ? 'high' : 'medium',
        title: `${words[worst.kind]}: ${thousands(worst.failures)} failures from ${printable(worst.sources[0]?.address ?? 'unknown', 45)}; ${followed}`,
        evidence: [`logons.bursts[${knownValue(logons)?.bursts.indexOf(worst) ?? 0}]`],
      };
    },
  },
  {
    id: 'services-open-to-internet',
    practice: 3,
    attack: ['T1190'],
    playbook: 'lock-nsg',
    judge({ exposure }) {
      const ports = knownValue(exposure)?.ports ?? [];
      const open = [...ports.entries()].filter(
        ([, port]) => !isManagement(port) && port.service !== '' && port.sources.breadth !== 'narrow',
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
  {
    id: 'defender-alerts',
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
  {
    id: 'critical-patches-missing',
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
  {
    id: 'vulnerable-software',
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
  {
    id: 'jit-grant-open',
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
  {
    id: 'no-backup',
    practice: 11,
    attack: ['T1490'],
    playbook: 'trigger-backup',
    judge({ backup, now }) {
      const known = knownValue(backup);
      if (!known) return null;
      if (!known.protected)
        return { severity: 'medium', title: 'this machine has no backup', evidence: ['posture.backup'] };
      if (!known.lastBackupAt)
        return {
          severity: 'medium',
          title: `protected in ${printable(known.vaultName, 60)}, but never backed up`,
          evidence: ['posture.backup'],
        };
      const days = Math.floor((now.getTime() - Date.parse(known.lastBackupAt)) / 86_400_000);
      if (days < 3) return null;
      return {
        severity: 'low',
        title: `last backup ${days} days ago (${known.lastBackupAt.slice(0, 10)})`,
        evidence: ['posture.backup'],
      };
    },
  },
  {
    id: 'powerful-identity',
    practice: 8,
    attack: ['T1078.004', 'T1552.005'],
    playbook: '',
    judge({ identity }) {
      const strong = (knownValue(identity)?.managedIdentities ?? []).find(({ roles }) =>
        roles.some((role) => /^(owner|contributor|user access administrator)$/i.test(role)),
      );
      if (!strong) return null;
      return {
        severity: 'medium',
        title: `whoever holds this machine holds its ${strong.kind} identity: ${strong.roles.map((role) => printable(role, 60)).join(', ')}`,
        evidence: ['posture.identity'],
      };
    },
  },
];

/** The findings that follow from the facts, worst first. Unknown facts yield none: absence of data is never a verdict. */
export function judge(facts: FindingFacts): Finding[] {
  const found: Finding[] = [];
  for (const { id, practice, attack, playbook, judge: apply } of rules) {
    const verdict = apply(facts);
    if (verdict) found.push({ id, practice, attack, playbook, ...verdict });
  }
  return found.sort((a, b) => severityOrder[a.severity] - severityOrder[b.severity]);
}
