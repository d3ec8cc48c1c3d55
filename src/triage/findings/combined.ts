import { nameOf } from '../../arm/resource-id.ts';
import { breadthWords, isManagement, isWide, portText } from '../../network/port-text.ts';
import { listed } from '../../text/counts.ts';
import { printable } from '../../text/printable.ts';
import { brokenInto, successText } from './logons.ts';
import { knownValue, type Rule } from './rule.ts';

/** What follows only from several kinds of evidence together. They lead among findings of their severity. */
export const combinedRules: Rule[] = [
  {
    id: 'exposed-brute-forced-compromised',
    when: 'Remote administration, or a port of no known service, is open to the Internet, and a logon followed a burst of failures',
    severities: { critical: 'always' },
    reads: ['exposure', 'logons'],
    practice: 7,
    attack: ['T1133', 'T1110', 'T1078'],
    playbook: 'contain-brute-force',
    judge({ exposure, logons }) {
      const found = brokenInto(knownValue(logons));
      const ports = [...(knownValue(exposure)?.ports ?? []).entries()].filter(
        ([, port]) => isWide(port) && (isManagement(port) || (port.protocol === 'tcp' && port.service === '')),
      );
      // The usual port says more than one that may carry anything.
      const [index, port] = ports.find(([, one]) => isManagement(one)) ?? ports[0] ?? [];
      if (!found || !port || index === undefined) return null;
      const { burst, success } = found;
      return {
        severity: 'critical',
        title: `${printable(port.service, 40) || portText(port)} is open to ${breadthWords[port.sources.breadth]}, and ${successText(burst, success)}`,
        evidence: [`exposure.ports[${index}]`, `logons.bursts[${found.index}].success`],
      };
    },
  },
  {
    id: 'compromised-vm-with-privileged-identity',
    when: 'A logon followed a burst of failures on a VM whose managed identity has permissions that an intruder wants',
    severities: { critical: 'always' },
    reads: ['logons', 'identity'],
    weighs: ['activity'],
    practice: 8,
    attack: ['T1078.004', 'T1552.005'],
    playbook: 'contain-brute-force',
    judge({ logons, identity }) {
      const found = brokenInto(knownValue(logons));
      if (!found) return null;
      const identities = knownValue(identity)?.managedIdentities ?? [];
      for (const [at, { name, assignments }] of identities.entries()) {
        const strong = assignments.find(({ can }) => can !== null && can.length > 0);
        if (!strong) continue;
        return {
          severity: 'critical',
          title: `${printable(found.success.account, 60)} can now use the identity ${printable(name, 60)}: ${printable(strong.role, 60)} on ${nameOf(strong.scope, 80)} (${listed(strong.can ?? [], 3)})`,
          evidence: [`logons.bursts[${found.index}].success`, `posture.identity.managedIdentities[${at}]`],
        };
      }
      return null;
    },
  },
];
