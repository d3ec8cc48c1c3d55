import { evidenceName } from '../documents/evidence-names.ts';
import { severityOrder } from '../documents/severity.ts';
import type { EvidenceName, Finding } from '../documents/triage.ts';
import { printable } from '../text/printable.ts';
import { activityRules } from './findings/activity.ts';
import { backupRules } from './findings/backup.ts';
import { combinedRules } from './findings/combined.ts';
import { defenderRules } from './findings/defender.ts';
import { eachFactOnce, mostUnknown } from './findings/each-fact-once.ts';
import { firewallRules } from './findings/firewall.ts';
import { identityRules } from './findings/identity.ts';
import { jitRules } from './findings/jit.ts';
import { logonRules } from './findings/logons.ts';
import { networkRules } from './findings/network.ts';
import { patchRules } from './findings/patches.ts';
import type { FindingFacts, Rule } from './findings/rule.ts';
import { scoreRules } from './findings/score.ts';
import { softwareRules } from './findings/software.ts';

/** The article's practices, by number. */
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

/** Every rule, for a domain expert to review: facts in, one sentence out. Of equal severity, the earlier one leads. */
export const rules: readonly Rule[] = [
  ...combinedRules,
  ...logonRules,
  ...networkRules,
  ...firewallRules,
  ...defenderRules,
  ...patchRules,
  ...softwareRules,
  ...activityRules,
  ...jitRules,
  ...backupRules,
  ...identityRules,
  ...scoreRules,
];

/** What the evidence that a rule uses could not show. Evidence not answered yet says nothing. */
function unseen(facts: FindingFacts, names: readonly EvidenceName[]): string[] {
  return names.flatMap((name) => {
    const fact = facts[name];
    if (!fact) return [];
    const told =
      fact.state === 'unknown' ? [`not known: ${fact.because}`] : fact.notSeen.map((one) => `not seen: ${one}`);
    return told.map((text) => printable(`${evidenceName(name)} ${text}`, 300));
  });
}

/** The findings that follow from the facts, worst first, each fact once. Unknown facts yield none: absence of data is never a verdict. */
export function judge(facts: FindingFacts): Finding[] {
  const found: Finding[] = [];
  for (const { id, practice, attack, playbook, reads, weighs = [], judge: apply } of rules) {
    const verdict = apply(facts);
    if (!verdict) continue;
    const { unknown = [], ...rest } = verdict;
    const gaps = [...new Set([...unknown, ...unseen(facts, [...reads, ...weighs])])].slice(0, mostUnknown);
    found.push({ id, practice, attack: [...attack], playbook, unknown: gaps, ...rest });
  }
  return eachFactOnce(found.sort((a, b) => severityOrder[a.severity] - severityOrder[b.severity]));
}
