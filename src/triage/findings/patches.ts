import type { ExposedPort, MissingPatch, Software } from '../../documents/triage.ts';
import { holds, isWide, portText } from '../../network/port-text.ts';
import { printable } from '../../text/printable.ts';
import { criticalMissing, missingCounts } from '../patches.ts';
import { type RemoteService, remoteServicesIn } from '../remote-service-fixes.ts';
import { knownValue, type Rule } from './rule.ts';

const nameOf = (patch: MissingPatch) => (patch.kb ? `KB${printable(patch.kb, 20)}` : printable(patch.name, 60));

/** How sure it is that a port carries a service: its own port, or a port of which nothing else is known. */
type Carries = 'is' | 'may';

/**
 * Does an exposed range carry RDP or SMB? RDP has its port over TCP and UDP, and can be moved to any other (the
 * article's 4389), so that a TCP port of no known service may be it. SMB listens on 445 and 139; over QUIC on 443/udp.
 */
function carries(port: ExposedPort, service: RemoteService): Carries | undefined {
  const within = (number: number) => port.from <= number && number <= port.to;
  if (service === 'RDP') {
    if ((port.protocol === 'tcp' || port.protocol === 'udp') && within(3389)) return 'is';
    return port.protocol === 'tcp' && port.service === '' ? 'may' : undefined;
  }
  if (holds(port, [445, 139])) return 'is';
  return port.protocol === 'udp' && within(443) ? 'may' : undefined;
}

interface Gap {
  service: RemoteService;
  /** "BlueKeep", or "" for a hole without a name. */
  name: string;
  /** "KB4499175", or a finding's title. */
  what: string;
  evidence: string;
}

/** Missing updates and vulnerability findings that concern RDP or SMB. */
function gapsOf(missing: readonly MissingPatch[], vulnerabilities: Software['vulnerabilities']): Gap[] {
  const ofPatches = missing.flatMap((patch, index) =>
    remoteServicesIn({ kbs: patch.kb ? [patch.kb] : [], cves: patch.cves, title: patch.name }).map((one) => ({
      ...one,
      what: nameOf(patch),
      evidence: `patches.missing[${index}]`,
    })),
  );
  const ofFindings = vulnerabilities.flatMap((found, index) =>
    remoteServicesIn({ kbs: found.kbs, cves: found.cves, title: found.title }).map((one) => ({
      ...one,
      what: printable(found.title || found.id, 80),
      evidence: `posture.software.vulnerabilities[${index}]`,
    })),
  );
  return [...ofPatches, ...ofFindings];
}

/** Patches of the operating system. */
export const patchRules: Rule[] = [
  {
    id: 'remote-service-unpatched',
    when: 'A fix for RDP or SMB is missing (by KB, CVE or title: src/triage/remote-service-fixes.ts) and the Internet reaches a port that is or may be that service (as with BlueKeep)',
    severities: {
      critical:
        'the service’s own port, from more than named addresses, and the hole has a name or is known to be exploited',
      high: 'from more than named addresses otherwise',
      medium: 'only named addresses reach it',
    },
    reads: ['exposure'],
    weighs: ['patches', 'software', 'knownExploited'],
    practice: 9,
    attack: ['T1210', 'T1190'],
    playbook: 'lock-nsg',
    judge({ exposure, patches, software, knownExploited, os }) {
      const ports = knownValue(exposure)?.ports ?? [];
      // Samba and xrdp are other programs, with other holes.
      if (ports.length === 0 || os !== 'windows') return null;
      const missing = knownValue(patches)?.missing ?? [];
      const found = knownValue(software)?.vulnerabilities ?? [];
      const exploited = new Set(knownValue(knownExploited)?.matches.flatMap(({ on }) => on) ?? []);
      const crossed = gapsOf(missing, found).flatMap((gap) =>
        ports.flatMap((port, index) => {
          const sure = carries(port, gap.service);
          if (!sure) return [];
          const wide = isWide(port);
          const known = gap.name !== '' || exploited.has(gap.what);
          const rank = wide ? (sure === 'is' && known ? 0 : 1) : 2;
          return [{ gap, port, index, sure, rank, known }];
        }),
      );
      const order = ({ sure, rank }: (typeof crossed)[number]) => rank * 2 + (sure === 'is' ? 0 : 1);
      const [worst] = crossed.sort((a, b) => order(a) - order(b) || a.index - b.index);
      if (!worst) return null;
      const { gap, port, sure } = worst;
      const same = crossed.filter((one) => one.gap.service === gap.service);
      const named = gap.name === '' ? '' : ` (${gap.name})`;
      return {
        severity: (['critical', 'high', 'medium'] as const)[worst.rank] ?? 'medium',
        title: `${gap.service} lacks ${gap.what}${named}, and ${portText(port)}, which ${sure === 'is' ? 'is' : 'may be'} ${gap.service}, is open to ${isWide(port) ? 'the Internet' : 'named addresses'}`,
        evidence: [...new Set(same.flatMap((one) => [one.gap.evidence, `exposure.ports[${one.index}]`]))],
        ...(sure === 'may' ? { unknown: ['what listens on it inside the VM'] } : {}),
      };
    },
  },
  {
    id: 'known-exploited-vulnerability',
    when: 'A vulnerability of this VM is in CISA’s list of known exploited ones (--kev)',
    severities: { critical: 'and the Internet reaches the VM', high: 'otherwise' },
    reads: ['knownExploited'],
    weighs: ['exposure'],
    practice: 9,
    attack: ['T1190', 'T1210'],
    playbook: '',
    judge({ knownExploited, exposure }) {
      const matches = knownValue(knownExploited)?.matches ?? [];
      const index = Math.max(
        0,
        matches.findIndex(({ ransomware }) => ransomware),
      );
      const worst = matches[index];
      if (!worst) return null;
      const exposed = (knownValue(exposure)?.ports ?? []).some(isWide);
      return {
        severity: exposed ? 'critical' : 'high',
        title: `${matches.length === 1 ? 'a known exploited vulnerability' : `${matches.length} known exploited vulnerabilities`}: ${worst.cve} (${printable(worst.on[0] ?? worst.name, 80)})${worst.ransomware ? ', used by ransomware' : ''}`,
        evidence: matches.map((_, at) => `knownExploited.matches[${at}]`),
      };
    },
  },
  {
    id: 'critical-patches-missing',
    when: 'Updates classified critical are missing',
    severities: { high: 'and the Internet reaches the VM', medium: 'otherwise' },
    reads: ['patches'],
    weighs: ['exposure'],
    practice: 9,
    attack: ['T1190', 'T1210'],
    playbook: '',
    judge({ patches, exposure }) {
      const known = knownValue(patches);
      if (!known) return null;
      const { critical } = missingCounts(known);
      if (critical === 0) return null;
      const listed = criticalMissing(known).slice(0, 2).map(nameOf);
      const more = listed.length > 0 && critical > listed.length ? ` and ${critical - listed.length} more` : '';
      const named = listed.length > 0 ? `${listed.join(', ')}${more}` : 'the assessment does not list which';
      const exposed = (knownValue(exposure)?.ports ?? []).some(isWide);
      return {
        severity: exposed ? 'high' : 'medium',
        title: `${critical} critical update${critical === 1 ? '' : 's'} missing${exposed ? ' on a VM that the Internet reaches' : ''}: ${named}`,
        evidence: [known.missing.length > 0 ? 'patches.missing' : 'patches.counts'],
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
      const count = known ? missingCounts(known).security : 0;
      if (!known || count === 0) return null;
      return {
        severity: 'low',
        title: `${count} security update${count === 1 ? '' : 's'} missing`,
        evidence: [known.missing.length > 0 ? 'patches.missing' : 'patches.counts'],
      };
    },
  },
  {
    id: 'patches-failing',
    when: 'The newest installation run of Azure Update Manager failed, or left critical or security updates failed',
    severities: { medium: 'always: what is missing will stay missing' },
    reads: ['installations'],
    weighs: ['patches'],
    practice: 9,
    attack: ['T1210'],
    playbook: '',
    judge({ installations }) {
      const [last] = knownValue(installations)?.runs ?? [];
      if (!last) return null;
      const failed = last.patches.filter(({ state }) => /^failed$/i.test(state));
      const count = Math.max(failed.length, last.failed ?? 0);
      if (count === 0 && !/^failed$/i.test(last.status)) return null;
      const [first] = failed;
      const name = first ? `: ${first.kb ? `KB${printable(first.kb, 20)}` : printable(first.name, 60)}` : '';
      const why = last.error === '' ? '' : ` (${printable(last.error, 120)})`;
      return {
        severity: 'medium',
        title: `the last installation of updates ${count > 0 ? `failed for ${count}${name}` : 'failed'}${why}`,
        evidence: ['installations.runs[0]'],
      };
    },
  },
  {
    id: 'reboot-pending',
    when: 'Updates wait for a reboot to take effect',
    severities: { low: 'always: what is installed does not protect yet' },
    reads: ['patches'],
    practice: 9,
    attack: ['T1210'],
    playbook: '',
    judge({ patches }) {
      const known = knownValue(patches);
      if (known?.rebootPending !== true) return null;
      const since = known.rebootPendingSince === null ? '' : ` since ${known.rebootPendingSince.slice(0, 10)}`;
      return {
        severity: 'low',
        title: `a reboot is pending${since}; a reboot destroys memory, so collect that first`,
        evidence: ['patches.rebootPending'],
      };
    },
  },
];
