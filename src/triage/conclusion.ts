import type { Conclusion } from '../documents/conclusion.ts';
import { printable } from '../text/printable.ts';
import type { TriageInProgress } from './in-progress.ts';
import { indicatorsOf } from './indicators.ts';
import { recommendationsOf } from './recommendations.ts';
import { ownIdentity } from './time-line.ts';
import { verdictOf } from './verdict.ts';

function knownOf({ exposure, logons, patches, installations, knownExploited, posture }: TriageInProgress): string[] {
  const named = (facts: Readonly<Record<string, { state: string } | null>>, before: string) =>
    Object.entries(facts).flatMap(([name, fact]) => (fact?.state === 'known' ? [before + name] : []));
  return [...named({ exposure, logons, patches, installations, knownExploited }, ''), ...named(posture, 'posture.')];
}

/** What the facts of one reading say together, as a case keeps it. `now` is when it was concluded. */
export function conclusionOf(part: TriageInProgress, now: Date): Conclusion {
  return {
    schema: 'cordon.conclusion/1',
    asOf: now.toISOString(),
    vm: { id: part.vm.id, name: part.vm.name },
    known: knownOf(part),
    verdict: verdictOf(part),
    timeLine: part.timeLine.entries.map((entry) =>
      // In a case with several VMs “this VM” would be any of them.
      entry.who === ownIdentity ? { ...entry, who: printable(`the identity of ${part.vm.name}`, 128) } : entry,
    ),
    findings: part.findings,
    indicators: indicatorsOf(part),
    recommendations: recommendationsOf(part),
  };
}
