import { shownColumns } from '../detect/shown-columns.ts';
import type { Detection, DetectionsDocument } from '../documents/detections.ts';
import { cells, fitted, hanging } from '../text/cells.ts';
import { count, counted, listed } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import { clock, day, moment } from '../text/times.ts';

/** Below this a detection takes two lines, which no terminal has to break. */
const WIDE = 130;
const reasonsShown = 12;
const placesShown = 10;
const computersShown = 2;

const levelName = (level: Detection['level']): string => (level === 'none' ? 'no level' : level);

/** From the first match to the last; the day once where both are of one. */
function spanOf({ first, last }: Detection): string {
  if (first === null || last === null) return 'no time';
  if (moment(first) === moment(last)) return moment(first);
  return `${moment(first)} – ${day(first) === day(last) ? clock(last) : moment(last)}`;
}

function computersOf({ computers, computersInAll }: Detection): string {
  if (computersInAll === 0) return '';
  const shown = computers.slice(0, computersShown).map((name) => printable(name, 60));
  const more = computersInAll - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${count(more)} more` : ''}`;
}

const titleOf = (one: Detection): string =>
  `${printable(one.title, 200)}${
    one.unfiltered.length > 0
      ? ` (? not filtered by ${listed(
          one.unfiltered.map((f) => printable(f, 60)),
          3,
        )})`
      : ''
  }`;

const techniquesOf = (one: Detection): string => listed(one.techniques, 2);

const nothing = ({ rules }: DetectionsDocument): string =>
  rules.run === 0 ? 'No rule could be asked.' : 'No rule that was asked matches.';

/** A detection as a row of a table. */
const cellsOf = (one: Detection): string[] => [
  levelName(one.level),
  count(one.count),
  spanOf(one),
  computersOf(one),
  techniquesOf(one),
  titleOf(one),
];

function tableLines(detections: readonly Detection[]): string[] {
  const head = ['LEVEL', 'COUNT', 'FIRST – LAST', 'COMPUTERS', 'TECHNIQUE', 'RULE'];
  const rows = detections.map(cellsOf);
  const widths = head.map((name, i) =>
    Math.min(
      44,
      rows.reduce((wide, row) => Math.max(wide, cells(row[i] ?? '')), cells(name)),
    ),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((text, i) => (i === row.length - 1 ? text : fitted(text, widths[i] ?? 0, i === 1 ? 'right' : 'left')))
      .join('  ');
  return [line(head), ...rows.map(line)];
}

const narrowLines = (one: Detection, width: number): string[] => [
  ...hanging(`${levelName(one.level).padEnd(13)} ${count(one.count).padStart(7)}  `, titleOf(one), width),
  ...hanging(
    ' '.repeat(23),
    [spanOf(one), computersOf(one), techniquesOf(one)].filter((text) => text !== '').join(' · '),
    width,
  ),
];

/** Columns of a match that tell its time and place; the others are fields that the rule asks about. */
const WHERE: ReadonlySet<string> = new Set(['Time', ...shownColumns]);

/** The fields of a match that its rule asks about. */
export const fieldsOfHit = (hit: Detection['hits'][number]): [string, Detection['hits'][number][string]][] =>
  Object.entries(hit).filter(([name]) => !WHERE.has(name));

function hitLine(hit: Detection['hits'][number], cut: number): string {
  const at = hit.TimeGenerated ?? hit.Time;
  const where = [
    typeof at === 'string' ? moment(at) : 'no time',
    ...(typeof hit.Computer === 'string' ? [hit.Computer] : []),
    ...(hit._EventRecordId === undefined ? [] : [`record ${hit._EventRecordId}`]),
    ...(hit._EvidenceLine === undefined ? [] : [`line ${hit._EvidenceLine}`]),
    ...(typeof hit._EvidenceFile === 'string' ? [`in ${hit._EvidenceFile.split(/[\\/]/).at(-1)}`] : []),
    ...(hit._Verified === false ? ['no checksum matches'] : []),
  ];
  const fields = fieldsOfHit(hit).map(([name, value]) => `${name}=${value}`);
  return printable(`${where.join(' ')}  ${fields.join('  ')}`, cut);
}

/** How many rules there are, and what became of them. */
function countsLine({ rules }: DetectionsDocument): string {
  const { run, partly, serving, noEvents, refused, files } = rules;
  return [
    `${counted(run + serving + noEvents + refused, 'rule')} in ${counted(files, 'file')}: ${count(run)} asked`,
    ...(partly > 0 ? [`${count(partly)} of them without some of their fields`] : []),
    ...(serving > 0 ? [`${count(serving)} only for correlations`] : []),
    `${count(noEvents)} not asked for want of events`,
    `${count(refused)} refused`,
  ].join(', ');
}

/** Reasons why rules were not asked, the most frequent first, each with how many rules it holds back. */
function reasonsOf(document: DetectionsDocument, kind: 'no-events' | 'refused'): [string, number][] {
  const reasons = new Map<string, number>();
  for (const one of document.notRun) {
    if (one.kind === kind) reasons.set(one.because, (reasons.get(one.because) ?? 0) + 1);
  }
  return [...reasons].sort((a, b) => b[1] - a[1]);
}

/** A reason without the names in it, by which rules that are held back for the same are counted together. */
const reasonAlike = (because: string): string => because.replace(/"[^"]*"|%[^%\s]+%/g, '…');

/** Rules with a place each, where no more than these have such a reason. */
const FEW = 5;

function refusedLines({ notRun }: DetectionsDocument, width: number): string[] {
  const alike = new Map<string, DetectionsDocument['notRun']>();
  for (const one of notRun) {
    const reason = reasonAlike(one.because);
    if (one.kind === 'refused') alike.set(reason, [...(alike.get(reason) ?? []), one]);
  }
  if (alike.size === 0) return [];
  const groups = [...alike].sort((a, b) => b[1].length - a[1].length);
  const single = groups.flatMap(([, rules]) => (rules.length > FEW ? [] : rules));
  const lines = ['', 'Refused'];
  for (const { file, line, title, because } of single.slice(0, placesShown)) {
    const what = `${printable(file, 300)}:${line}: ${printable(title, 100)}: ${printable(because, 300)}`;
    lines.push(...hanging('  ', what, width));
  }
  if (single.length > placesShown)
    lines.push(`  and ${counted(single.length - placesShown, 'more rule')}; --json names each`);
  for (const [reason, { length }] of groups)
    if (length > FEW) lines.push(...hanging(`  ${count(length).padStart(6)}  `, printable(reason, 300), width));
  return lines;
}

function notAsked(document: DetectionsDocument, width: number): string[] {
  const lines: string[] = [];
  const reasons = reasonsOf(document, 'no-events');
  if (reasons.length > 0) {
    lines.push('', 'Not asked, because the evidence does not hold what the rules are about');
    for (const [because, rules] of reasons.slice(0, reasonsShown))
      lines.push(...hanging(`  ${count(rules).padStart(6)}  `, printable(because, 300), width));
    const rest = reasons.slice(reasonsShown);
    if (rest.length > 0) {
      const rules = rest.reduce((sum, [, one]) => sum + one, 0);
      lines.push(`  ${count(rules).padStart(6)}  for ${counted(rest.length, 'other reason')}; --json names each rule`);
    }
  }
  return [...lines, ...refusedLines(document, width)];
}

/** The detections for a terminal of `width` columns, with `hits` matches of each. */
export function detectionsText(document: DetectionsDocument, width: number, hits: number): string {
  const { detections } = document;
  const lines: string[] = [];
  if (detections.length === 0) lines.push(nothing(document));
  else if (width >= WIDE && hits === 0) lines.push(...tableLines(detections));
  else {
    for (const one of detections) {
      lines.push(...narrowLines(one, width));
      if (hits === 0) continue;
      const place = `${printable(one.file, 300)}:${one.line}${one.id === '' ? '' : ` ${printable(one.id, 60)}`}`;
      lines.push(...hanging(' '.repeat(23), place, width));
      for (const hit of one.hits.slice(0, hits)) lines.push(...hanging(' '.repeat(25), hitLine(hit, 500), width));
      const more = one.count - Math.min(hits, one.hits.length);
      if (more > 0) lines.push(`${' '.repeat(25)}and ${count(more)} more`);
    }
  }
  lines.push('', ...hanging('', countsLine(document), width), ...notAsked(document, width));
  if (detections.length > 0 && hits === 0 && Number.isFinite(width))
    lines.push('', ...hanging('', '--hits 3 shows the first matches of each rule, with its id and its file.', width));
  return `${lines.join('\n')}\n`;
}

const escapeMarkdown = (text: string) => text.replace(/[\\`*_{}[\]<>|#!&~]/g, (character) => `\\${character}`);
const row = (texts: readonly string[]): string =>
  `| ${texts.map((text) => escapeMarkdown(printable(text))).join(' | ')} |`;

/** The detections as Markdown; what rules and events say is neutralised. */
export function detectionsMarkdown(document: DetectionsDocument): string {
  const head = ['Level', 'Count', 'First – last', 'Computers', 'Technique', 'Rule', 'Id'];
  const rows = document.detections.map((one) => [...cellsOf(one), one.id]);
  const files = document.source.files.map(
    ({ path, sha256 }) => `- ${escapeMarkdown(printable(path, 500))}, sha256 ${sha256}`,
  );
  return `${[
    '# Detections',
    '',
    escapeMarkdown(countsLine(document)),
    '',
    ...(rows.length === 0
      ? [nothing(document)]
      : [row(head), `| ${head.map(() => '---').join(' | ')} |`, ...rows.map(row)]),
    '',
    '## Not asked',
    '',
    ...(['no-events', 'refused'] as const).flatMap((kind) =>
      reasonsOf(document, kind).map(
        ([because, rules]) => `- ${counted(rules, 'rule')}: ${escapeMarkdown(printable(because, 300))}`,
      ),
    ),
    '',
    '## Evidence',
    '',
    ...files,
  ].join('\n')}\n`;
}
