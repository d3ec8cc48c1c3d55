import { type CaseDigest, digestCase } from './case-digest.ts';
import { findingsOver, type ToldFinding } from './case-story.ts';
import { annexes } from './notes-annex.ts';
import { type Block, clockOf, dayTable, mark, momentOf, table, time, toTheSecond, words } from './notes-blocks.ts';
import { concluded, pageOne, unfinishedIn } from './notes-page-one.ts';
import type { NotesSource } from './notes-source.ts';

/**
 * The case notes from first to last: a page that says what happened, what was done and what is left; the findings with
 * their evidence; the responder's notes; and as annexes the record from which an outsider can check all of it.
 */
export async function* caseNotes(source: NotesSource): AsyncGenerator<Block> {
  const digest = await digestCase(source);
  yield* pageOne(source, digest, await unfinishedIn(source));
  yield* findings(digest);
  yield* notes(digest);
  yield* annexes(source, digest);
}

/** "open", "closed 2026-11-23 02:26:10Z, after contain-brute-force lock" */
export function stateOf({ state, until, closedBy }: ToldFinding): string {
  if (state === 'open') return 'open';
  const after = closedBy === '' ? '' : `, after ${closedBy}`;
  return state === 'closed'
    ? `closed ${momentOf(until)}${after}`
    : `not seen again ${momentOf(until)}: its evidence is not known any more`;
}

function* findings(digest: CaseDigest): Generator<Block> {
  const subjects = concluded(digest);
  if (subjects.length === 0) return;
  yield { kind: 'heading', text: 'Findings' };
  const all = findingsOver(subjects, digest.steps);
  if (all.length === 0) yield { kind: 'text', text: 'None in what is known.' };
  const several = subjects.length > 1;
  yield* table(
    [
      mark('Severity'),
      ...(several ? [words('VM')] : []),
      words('Finding'),
      words('ATT&CK'),
      words('State'),
      mark('Evidence'),
    ],
    all.map((finding) => [
      finding.severity,
      ...(several ? [finding.vm] : []),
      `${finding.title}${finding.unknown.length > 0 ? `. Not known: ${finding.unknown.join('; ')}` : ''}`,
      finding.attack.join(', '),
      stateOf(finding),
      finding.where.join(' '),
    ]),
  );
}

function* notes({ notes: all }: CaseDigest): Generator<Block> {
  if (all.length === 0) return;
  yield { kind: 'heading', text: 'Notes of the responders' };
  yield* dayTable(
    [time(), words('Who'), words('Note')],
    all.map(({ at, by, text }) => ({ at, cells: [clockOf(at), by, toTheSecond(text)] })),
  );
}
