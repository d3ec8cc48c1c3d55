import { nameOf } from '../../arm/resource-id.ts';
import { holds, isWide } from '../../network/port-text.ts';
import { count, listed } from '../../text/counts.ts';
import { printable } from '../../text/printable.ts';
import { failuresAgainst, isWellKnown } from '../identity.ts';
import { knownValue, type Rule } from './rule.ts';

/** A subscription, a management group, or the root. */
const isBroad = (scope: string) => !/\/resourceGroups\//i.test(scope);

/** Passwords, accounts, identities. */
export const identityRules: Rule[] = [
  {
    id: 'local-admin-attacked',
    when: 'The local administrator’s own name is among the accounts whose passwords are guessed',
    severities: { high: 'it may sign in with a password, or that is not known', low: 'it signs in with keys only' },
    reads: ['identity', 'logons'],
    practice: 8,
    attack: ['T1110.001', 'T1078.003'],
    playbook: 'contain-brute-force',
    judge({ identity, logons }) {
      const known = knownValue(identity);
      const tried = knownValue(logons);
      if (!known || !tried || known.localAdmin === '') return null;
      const failures = failuresAgainst(tried, known.localAdmin);
      if (failures === undefined) return null;
      const keys = known.passwordAuthentication === false;
      return {
        severity: keys ? 'low' : 'high',
        title: `the local administrator’s own name, ${printable(known.localAdmin, 60)}, is being tried: ${count(failures)} failures${keys ? '; it signs in with keys only' : ''}`,
        evidence: ['posture.identity', 'logons.bursts'],
        unknown: known.passwordAuthentication === null ? ['whether it may sign in with a password'] : [],
      };
    },
  },
  {
    id: 'well-known-admin',
    when: 'The local administrator has a name that brute-force tools try first (administrator, admin, root, azureuser, …)',
    severities: { medium: 'well-known names are being guessed', low: 'otherwise' },
    reads: ['identity'],
    weighs: ['logons'],
    practice: 8,
    attack: ['T1110.001', 'T1078.001'],
    playbook: '',
    judge({ identity, logons }) {
      const known = knownValue(identity);
      if (!known || !isWellKnown(known.localAdmin)) return null;
      const names = (knownValue(logons)?.bursts ?? []).flatMap(({ accounts }) => accounts.map(({ name }) => name));
      const guessed = [...new Set(names.filter(isWellKnown))];
      return {
        severity: guessed.length > 0 ? 'medium' : 'low',
        title: `the local administrator is called ${printable(known.localAdmin, 60)}, a name that brute-force tools try first${
          guessed.length > 0
            ? `; tried here: ${listed(
                guessed.map((name) => printable(name, 30)),
                4,
              )}`
            : ''
        }`,
        evidence: ['posture.identity'],
      };
    },
  },
  {
    id: 'password-over-open-ssh',
    when: 'SSH takes passwords (as Azure set the VM up) and is reachable from more than named addresses',
    severities: { medium: 'always' },
    reads: ['identity', 'exposure'],
    practice: 8,
    attack: ['T1110', 'T1021.004'],
    playbook: 'lock-nsg',
    judge({ identity, exposure, os }) {
      if (os !== 'linux' || knownValue(identity)?.passwordAuthentication !== true) return null;
      const ports = knownValue(exposure)?.ports ?? [];
      const index = ports.findIndex((port) => isWide(port) && holds(port, [22]));
      if (index === -1) return null;
      return {
        severity: 'medium',
        title: 'SSH is open to the Internet and takes passwords: nothing asks for a second factor',
        evidence: ['posture.identity', `exposure.ports[${index}]`],
        unknown: ['sshd’s own configuration inside the VM, which may differ'],
      };
    },
  },
  {
    id: 'powerful-identity',
    when: 'A managed identity of this VM has permissions in Azure that an intruder wants (table of capabilities)',
    severities: { high: 'it may assign roles, or holds its role on a subscription or above', medium: 'otherwise' },
    reads: ['identity'],
    practice: 8,
    attack: ['T1078.004', 'T1552.005'],
    playbook: '',
    judge({ identity }) {
      const identities = knownValue(identity)?.managedIdentities ?? [];
      const held = identities.flatMap(({ name, kind, assignments }, at) =>
        assignments.map(({ role, scope, can }) => ({
          at,
          name,
          kind,
          role,
          scope,
          can: can ?? [],
          unread: can === null,
        })),
      );
      const rank = (one: (typeof held)[number]) => (one.can.includes('give roles') || isBroad(one.scope) ? 0 : 1);
      const [strong] = held.filter(({ can }) => can.length > 0).sort((a, b) => rank(a) - rank(b));
      if (!strong) return null;
      return {
        severity: rank(strong) === 0 ? 'high' : 'medium',
        title: `control of this VM gives its ${strong.kind} identity ${printable(strong.name, 60)}: ${printable(strong.role, 60)} on ${nameOf(strong.scope, 80)} (${listed(strong.can, 3)})`,
        evidence: [`posture.identity.managedIdentities[${strong.at}]`],
        unknown: held.some(({ unread }) => unread) ? ['what some of its roles permit'] : [],
      };
    },
  },
];
