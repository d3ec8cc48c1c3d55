import { factsOf } from '../sources.ts';
import { conclusionOf } from '../triage/conclusion.ts';
import type { TriageInProgress } from '../triage/in-progress.ts';
import type { OpenCase } from './case-keeper.ts';
import { conclusionFact } from './conclusion-fact.ts';

/** Enters the facts of one reading and what they say together; rejects when the disk does. */
export async function recordTriage(openCase: Pick<OpenCase, 'fact'>, part: TriageInProgress, now: Date): Promise<void> {
  const facts = factsOf(part);
  const conclusion = conclusionFact(conclusionOf(part, now), facts);
  for (const { name, summary, fact } of [...facts, conclusion]) await openCase.fact(name, summary, fact);
}
