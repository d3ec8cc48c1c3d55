import { printable } from '../../text/printable.ts';
import { knownValue, type Rule } from './rule.ts';

/** Passwords, accounts, identities. */
export const identityRules: Rule[] = [
  {
    id: 'powerful-identity',
    when: 'A managed identity of this machine is Owner, Contributor or User Access Administrator anywhere in reach',
    severities: { medium: 'always' },
    reads: ['identity'],
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
