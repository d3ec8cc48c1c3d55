import type { Entry } from '../src/documents/transcript.ts';
import type { Layer, SessionState } from '../src/session/state.ts';
import { printable } from '../src/text/printable.ts';
import { moment } from '../src/text/times.ts';
import type { Detail } from './detail-text.ts';

/** Of a text in an entry so many characters are shown, and of one of several lines so many lines. */
const longest = { text: 4_000, lines: 200 };

/** A property of an entry's body in lines: texts as they are, everything else as JSON. */
function linesOf(value: unknown): string[] {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text
    .slice(0, longest.text)
    .split('\n')
    .slice(0, longest.lines)
    .map((one) => printable(one, longest.text));
}

/** "durationSeconds" as people read it. */
const labelOf = (name: string) => printable(name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase(), 40);

function bodyLines({ body }: Entry): Detail['lines'] {
  return Object.entries(body).flatMap(([name, value]) =>
    value === '' || value === null || (Array.isArray(value) && value.length === 0) || name === 'evidence'
      ? []
      : linesOf(value).map((text, at) => ({ label: at === 0 ? labelOf(name) : '', text })),
  );
}

/** One entry of a transcript: all that it holds, its evidence, and its place in the chain. */
export function entryDetail(state: SessionState, { vmId, seq }: Extract<Layer, { kind: 'entry' }>): Detail | null {
  const openCase = state.cases.get(vmId)?.openCase;
  const entry = openCase?.entries().find((one) => one.seq === seq);
  if (!openCase || !entry) return null;
  return {
    title: `${entry.seq}  ${entry.kind}  ${moment(entry.at)}`,
    asOf: entry.at,
    lines: [
      { label: 'By', text: printable(entry.actor, 200) },
      ...bodyLines(entry),
      ...openCase.evidenceOf(entry).flatMap(({ file, sha256 }) => [
        { label: 'Evidence', text: printable(file, 300) },
        { label: '', text: `sha256 ${sha256}` },
      ]),
      { label: 'Hash', text: entry.hash },
      { label: 'Before it', text: entry.prev },
    ],
    tables: [],
  };
}
