import type { Entry } from '../src/documents/transcript.ts';
import { clock, day } from '../src/text/times.ts';
import { between, type Line, line, span, type Tone } from './line.ts';
import { mark } from './marks.ts';

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

function inside(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}

/** ".../networkInterfaces/web01-nic" of a request's URL: its last two parts, without query. */
function resourceOf(url: string): string {
  return (url.split('?')[0] ?? '').split('/').filter(Boolean).slice(-2).join('/');
}

function truth(value: unknown): string {
  if (value === true) return mark.verified;
  return value === false ? mark.failed : mark.unknown;
}

/** What an entry says in one row, and its note at the right: the actor, the evidence, the correlation id. */
export function entryText(entry: Entry): { text: string; note: string } {
  const { body, kind } = entry;
  const file = text(inside(body.evidence, 'file'));
  const evidence = file === '' ? '' : `evidence ${/(\d+)/.exec(file)?.[1] ?? file}`;
  const step = [text(body.playbook), text(body.step)].filter(Boolean).join(' ');
  switch (kind) {
    case 'case':
      return { text: `case ${text(body.caseId)} opened, cordon ${text(body.toolVersion)}`, note: entry.actor };
    case 'open':
      return { text: `opened ${text(inside(body.vm, 'name'))}`, note: entry.actor };
    case 'fact':
      return { text: text(body.summary), note: evidence };
    case 'query':
      return { text: `${text(body.service)}: ${text(body.rows) || '?'} rows  ${text(body.text)}`, note: evidence };
    case 'plan':
      return {
        text: `${text(body.playbook)}: ${Array.isArray(body.steps) ? body.steps.length : '?'} steps planned`,
        note: evidence,
      };
    case 'confirm': {
      const typed = text(body.typed);
      return { text: `${step}: ${typed === '' ? 'nothing asked' : `typed ${typed}`}`, note: entry.actor };
    }
    case 'intent': {
      const url = text(inside(body.request, 'url'));
      return {
        text: `${text(inside(body.request, 'method'))} ${resourceOf(url)}`,
        note: `request ${text(body.clientRequestId).slice(0, 8)}`,
      };
    }
    case 'outcome': {
      const seconds = typeof body.durationSeconds === 'number' ? `${body.durationSeconds.toFixed(1)} s` : '';
      const told = [text(body.status) || 'no answer', text(body.result), text(body.error)].filter(Boolean).join(' ');
      return {
        text: `${truth(body.ok)} ${told}`,
        note: `correlation ${text(body.correlationId).slice(0, 8)}  ${seconds}`,
      };
    }
    case 'verify':
      return { text: `${truth(body.ok)} ${text(body.text)}`, note: evidence };
    case 'undo':
      return { text: `${step} ${text(body.text)}`.trim(), note: evidence };
    case 'note':
      return { text: `"${text(body.text)}"`, note: entry.actor };
    case 'export':
      return { text: `${text(body.format)} ${text(body.file)}`, note: '' };
    case 'error':
      return { text: text(body.text), note: '' };
    case 'close':
      return { text: 'closed', note: entry.actor };
  }
}

const tones: Partial<Record<Entry['kind'], Tone>> = {
  note: 'accent',
  confirm: 'high',
  intent: 'high',
  error: 'critical',
  verify: 'good',
};

/** The entries that contain the search, in any part, without regard to case. */
export function foundEntries(entries: readonly Entry[], search: string): readonly Entry[] {
  if (search === '') return entries;
  const wanted = search.toLowerCase();
  return entries.filter((entry) =>
    `${entry.kind} ${entry.at} ${entry.actor} ${entryText(entry).text} ${JSON.stringify(entry.body)}`
      .toLowerCase()
      .includes(wanted),
  );
}

/** The rows of the transcript that `height` rows can show; `selected` null stands on the newest. */
export function transcriptRows(
  entries: readonly Entry[],
  selected: number | null,
  width: number,
  height: number,
  now: Date,
): Line[] {
  const cursor = selected ?? entries.length - 1;
  const from = Math.max(0, Math.min(cursor - Math.floor(height / 2), entries.length - height));
  return entries.slice(from, from + height).map((entry, at) => {
    const chosen = from + at === cursor;
    const { text: told, note } = entryText(entry);
    const when = day(entry.at) === day(now) ? clock(entry.at) : `${day(entry.at).slice(5)} ${clock(entry.at)}`;
    const right = note === '' || width < 90 ? line() : line(span(` ${note} `, 'dim'));
    const left = line(
      span(chosen ? mark.selected : ' ', 'accent', true),
      span(`${when}  `, 'dim'),
      span(entry.kind.padEnd(9), tones[entry.kind] ?? 'plain'),
      told,
    );
    return { ...between(left, right, width), selected: chosen };
  });
}
