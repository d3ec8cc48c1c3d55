import type { Conclusion } from '../../documents/conclusion.ts';
import { type Fact, known } from '../../documents/fact.ts';
import { factsOf, type NamedFact } from '../../sources.ts';
import { counted } from '../../text/counts.ts';
import { conclusionOf } from '../../triage/conclusion.ts';
import type { TriageInProgress } from '../../triage/in-progress.ts';
import type { OpenCase } from './case-keeper.ts';

/** The name under which a case keeps what the facts of a reading say together. */
export const conclusionName = 'conclusion';

/** What the facts say together as a fact of its own, with its sentence. `facts` are those that it rests on. */
export function conclusionFact(
  conclusion: Conclusion,
  facts: readonly NamedFact[],
): NamedFact & { fact: Fact<Conclusion> } {
  const unknown = facts.filter(({ fact }) => fact.state === 'unknown').map(({ name }) => name);
  const worst = conclusion.verdict.map(({ about, text }) => `${about}: ${text}`).join('; ');
  return {
    name: conclusionName,
    summary: `conclusion about ${conclusion.vm.name}: ${worst || 'nothing found in what is known'}; ${counted(conclusion.findings.length, 'finding')}`,
    fact: known(conclusion, {
      source: 'cordon, from the facts of this case',
      asOf: conclusion.asOf,
      coverage: facts.map(({ name }) => name).join(', '),
      notSeen: unknown.map((name) => `${name} is not known`),
    }),
  };
}

/** Enters the facts of one reading and what they say together; rejects when the disk does. */
export async function recordTriage(openCase: Pick<OpenCase, 'fact'>, part: TriageInProgress, now: Date): Promise<void> {
  const facts = factsOf(part);
  const conclusion = conclusionFact(conclusionOf(part, now), facts);
  for (const { name, summary, fact } of [...facts, conclusion]) await openCase.fact(name, summary, fact, part.vm);
}
