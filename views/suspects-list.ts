import type { ScanRow } from '../src/documents/triage.ts';
import { lockedHere, openPorts } from '../src/session/playbooks/containment.ts';
import { reachedFrom } from '../src/session/reached-from.ts';
import type { SessionState } from '../src/session/state.ts';
import { cursorAt, selectedRow, visibleRows } from '../src/session/suspects.ts';
import { cells, cut, wrap } from '../src/text/cells.ts';
import { count, counted } from '../src/text/counts.ts';
import { age, clock } from '../src/text/times.ts';
import { mark } from '../src/words/severity.ts';
import { storyOf } from '../src/words/story.ts';
import { type Column, columns, type Look, type Sort, sorts } from '../src/words/suspects-columns.ts';
import { powerWord } from '../src/words/vm-words.ts';
import { between, blank, cell, type Line, line, type Span, span, widthOf } from './line.ts';
import { type ListScroll, scrolledTo } from './list-scroll.ts';
import { severityMark } from './marks.ts';
import { storyRows } from './verdict.ts';

/** Rows of the list that decide how wide its columns are: those of a screen. */
const measuredRows = 60;

/** Cells of the widest value of a column, and of its widest text: a reason why a value is not known is a sentence. */
interface Widest {
  value: number;
  text: number;
}

const measures = new WeakMap<readonly ScanRow[], { busy: boolean; cells: Map<string, Widest> }>();

/** How many cells the texts of each column take, among the first rows of the list as they were read. */
function measured(state: SessionState): Map<string, Widest> {
  // Of the list as it was read: a filter that is typed moves no column.
  const { rows } = state.scan;
  const busy = state.scan.state === 'loading';
  const known = measures.get(rows);
  if (known && known.busy === busy) return known.cells;
  const looks = rows.slice(0, measuredRows).map((row) => ({ row, look: lookOf(state, row) }));
  const widest = (column: Column): Widest => {
    const told = looks.map(({ row, look }) => column.tell(row, look));
    const most = (texts: typeof told) => Math.max(0, ...texts.map(({ text }) => cells(text)));
    return { value: most(told.filter(({ tone }) => tone !== 'unknown')), text: most(told) };
  };
  const made = new Map(columns.map((column) => [column.head, widest(column)]));
  measures.set(rows, { busy, cells: made });
  return made;
}

/**
 * The columns that fit, with their integer widths, which fill `width` exactly. Each has two blanks after it. Cells that are
 * left over go to the columns whose texts need them.
 */
function columnsFor(state: SessionState, width: number): Column[] {
  const room = width - 3;
  const chosen = state.columnsWanted?.flatMap((name) =>
    columns.filter(({ head }) => head.toLowerCase() === name.toLowerCase()),
  );
  const shown: Column[] = [...(chosen && chosen.length > 0 ? chosen : columns)];
  const needed = () => shown.reduce((sum, column) => sum + column.width + 2, -2);
  while (needed() > room && shown.length > 1) {
    const least = shown.reduce((one, other) => (other.goes > one.goes ? other : one));
    shown.splice(shown.indexOf(least), 1);
  }
  const texts = measured(state);
  const wanted = (column: Column, of: keyof Widest) =>
    // The arrow of the sort beside a name comes last of all.
    Math.max(cells(column.head) + (of === 'text' ? 1 : 0), texts.get(column.head)?.[of] ?? column.width);
  const sized = shown.map((column) => ({ ...column, width: Math.min(column.width, wanted(column, 'text')) }));
  let left = Math.max(0, room - sized.reduce((sum, column) => sum + column.width + 2, -2));
  // Values come before reasons, and the columns of an attack before those that name the VM.
  for (const of of ['value', 'text'] as const)
    for (const column of sized.toSorted((one, other) => one.goes - other.goes)) {
      const more = Math.min(left, Math.max(0, wanted(column, of) - column.width));
      column.width += more;
      left -= more;
    }
  const shares = sized.reduce((sum, column) => sum + column.grows, 0);
  for (const column of sized) column.width += Math.floor((left * column.grows) / Math.max(1, shares));
  return sized;
}

/** The names of the columns; the one that the list is sorted by has an arrow. */
export function headsRow(state: SessionState, width: number): Line {
  const { sort, reversed } = state;
  const heads = columnsFor(state, width).flatMap((column): Span[] => {
    const arrow = column.sort === sort ? (reversed ? '▴' : '▾') : '';
    // The arrow stays where the name is cut for it.
    const head = arrow === '' ? column.head : `${cut(column.head, column.width - 1)}${arrow}`;
    return [cell(head, column.width, arrow === '' ? 'dim' : 'plain', column.align), span('  ')];
  });
  return line(span('   '), ...heads);
}

/** The order of the column that is there. */
export function sortAt(state: SessionState, width: number, column: number): Sort | null {
  let from = 3;
  for (const one of columnsFor(state, width)) {
    if (column >= from && column < from + one.width + 2) return sorts.find((sort) => sort === one.sort) ?? null;
    from += one.width + 2;
  }
  return null;
}

/**
 * What a row's cells are drawn from: a newer reading of the VM and a lock of this session come before the list's
 * answers.
 */
function lookOf(state: SessionState, row: ScanRow): Look {
  const busy = state.scan.state === 'loading';
  const locked = lockedHere(state, row.id);
  const part = state.triages.get(row.id)?.part;
  const fact = part?.exposure;
  const isNewer = fact?.state === 'known' && fact.asOf > state.scan.asOf;
  return {
    now: state.now,
    busy,
    locked,
    reached: reachedFrom(state, row.id),
    newer: isNewer ? (openPorts(part) ?? undefined) : undefined,
  };
}

function rowLine(row: ScanRow, shown: readonly Column[], selected: boolean, state: SessionState): Line {
  const look = lookOf(state, row);
  const old = row.vm.power !== 'running' && row.severity === 'low';
  const marked = state.marked.has(row.id);
  const spans = shown.flatMap((column, at): Span[] => {
    const told = column.tell(row, look);
    return [{ ...cell(told.text, column.width, told.tone, column.align), bold: at === 0 || marked }, span('  ')];
  });
  const sign = look.busy && row.severity === 'unknown' ? span(mark.loading, 'dim') : severityMark(row.severity);
  return {
    ...line(
      span(selected ? mark.selected : marked ? '+' : ' ', 'accent', true),
      look.reached
        ? severityMark('critical')
        : look.locked
          ? span(mark.verified, 'good')
          : old
            ? span(mark.low, 'dim')
            : sign,
      marked && selected ? span('+', 'accent', true) : span(' '),
      ...spans,
    ),
    selected,
  };
}

/** The rows of the list that `height` rows can show; the others are never looked at. */
export function suspectRows(state: SessionState, width: number, height: number, scroll: ListScroll): Line[] {
  const rows = visibleRows(state);
  if (rows.length === 0) return emptyRows(state, width);
  const cursor = cursorAt(state);
  const from = scrolledTo(scroll, cursor, height, rows.length);
  const shown = columnsFor(state, width);
  return rows.slice(from, from + height).map((row, at) => rowLine(row, shown, from + at === cursor, state));
}

function emptyRows(state: SessionState, width: number): Line[] {
  const { scan } = state;
  if (scan.rows.length > 0) return [line(`  No VM matches ${state.filter}. Esc shows all ${count(scan.rows.length)}.`)];
  const told = (sign: Span, texts: readonly string[]) => [
    blank,
    ...texts.flatMap((text, at) =>
      wrap(text, width - 8, 6).map((part, row) =>
        line('  ', at === 0 && row === 0 ? sign : ' ', ' ', span(part, 'plain', at === 0)),
      ),
    ),
  ];
  const again = 'r tries again, o opens an exported event log. To look around without Azure: cordon --demo';
  if (scan.state === 'failed') {
    return told(span(mark.failed, 'critical'), [`The VMs could not be listed: ${scan.because}`, '', again]);
  }
  if (scan.state === 'done' && scan.notListed) {
    const { because, cure } = scan.notListed;
    const first = because.charAt(0).toUpperCase() + because.slice(1);
    return told(span(mark.unknown, 'unknown'), [`${first}.`, '', ...cure.split('; '), '', again]);
  }
  if (scan.state === 'done') {
    return told(span(mark.low, 'dim'), [
      'There is no VM in the subscriptions that you can read.',
      '',
      'cordon doctor tells what your sign-in may see, and what to ask the customer for.',
    ]);
  }
  return [line(span(`  ${mark.loading} listing the VMs you can see`, 'dim'))];
}

interface Tally {
  exposed: number;
  attacked: number;
  broken: number;
  unknown: number;
  /** Is the exposure, are the logons, of any VM known? */
  reach: boolean;
  logons: boolean;
}

const tallies = new WeakMap<readonly ScanRow[], Tally>();

/** The counts over all rows, made once for each list that arrives. */
function tallyOf(rows: readonly ScanRow[]): Tally {
  const known = tallies.get(rows);
  if (known) return known;
  const tally: Tally = { exposed: 0, attacked: 0, broken: 0, unknown: 0, reach: false, logons: false };
  for (const { exposedPorts, worstBurst, criticalPatches, alerts, lastBackup } of rows) {
    if (exposedPorts !== null) tally.reach = true;
    if (worstBurst.state === 'known') tally.logons = true;
    if ((exposedPorts?.length ?? 0) > 0) tally.exposed += 1;
    if (worstBurst.state === 'known' && worstBurst.value !== null) tally.attacked += 1;
    if (worstBurst.state === 'known' && worstBurst.value?.succeeded === true) tally.broken += 1;
    const known = exposedPorts !== null && worstBurst.state === 'known' && criticalPatches !== null;
    if (!known || alerts === null || lastBackup === null) tally.unknown += 1;
  }
  tallies.set(rows, tally);
  return tally;
}

/** How many VMs, how many in trouble, how many with something unknown. */
export function summaryRow(state: SessionState): { left: Line; right: Line } {
  const { rows, state: reading, asOf, notSeen } = state.scan;
  const { exposed, attacked, broken, unknown, reach: reachKnown, logons } = tallyOf(rows);
  const visible = visibleRows(state).length;
  if (state.scan.notListed) return { left: line(span(` ${mark.unknown} VMs not listed`, 'unknown')), right: blank };
  if (rows.length === 0 && reading !== 'done') {
    // Nothing is counted before anything is known.
    return {
      left: line(span(reading === 'failed' ? ` ${mark.failed} not read` : ` ${mark.loading} reading`, 'dim')),
      right: blank,
    };
  }
  const brief = state.columns < 110;
  // A count before any answer would show a zero that is not known.
  const none = reading === 'done' ? mark.unknown : mark.loading;
  const tally = (counted: number, answered: boolean) => (answered ? count(counted) : none);
  const reach = tally(exposed, reachKnown);
  const locked = new Set(state.runs.map(({ vmId }) => vmId).filter((id) => lockedHere(state, id))).size;
  const unknowns = reading === 'loading' ? mark.loading : count(unknown);
  const left = line(
    span(` ${counted(rows.length, 'VM')}`, 'plain', true),
    ...(state.filter === '' ? [] : [span(` · ${count(visible)} match ${state.filter}`, 'accent')]),
    brief
      ? ` · ${reach} exposed · ${tally(attacked, logons)} attacked · `
      : ` · ${reach} exposed to the Internet · ${tally(attacked, logons)} under attack · `,
    span(`${tally(broken, logons)} compromised`, 'plain', broken > 0),
    locked > 0 ? ` · ${locked} locked by you` : '',
    state.marked.size > 0 ? span(` · ${state.marked.size} marked`, 'accent', true) : '',
    ' · ',
    span(
      `${unknowns} ${brief ? 'unknown' : 'with something unknown'}`,
      unknown > 0 && reading !== 'loading' ? 'unknown' : 'plain',
    ),
    ...(notSeen.length > 0 ? [span(` · not seen: ${notSeen.length}`, 'unknown')] : []),
  );
  const told =
    reading === 'done'
      ? age(asOf, state.now)
      : reading === 'failed'
        ? `${mark.failed} not read again${asOf === '' ? '' : ` · ${age(asOf, state.now)}`}`
        : `${mark.loading} reading`;
  const order = `by ${state.sort}${state.reversed ? ' reversed' : ''} · `;
  const tone = reading === 'failed' ? 'critical' : 'dim';
  // The arrow beside a column's name says the order too: no count is cut for it.
  const fits = widthOf(left) + cells(`  ${order}${told} `) <= state.columns;
  return { left, right: line(span(`  ${fits ? order : ''}${told} `, tone)) };
}

/** The reasons that rest on an answer, and what is still awaited: that is no unknown. */
function answered({ scan }: SessionState, row: ScanRow): { because: string[]; awaited: string[] } {
  if (scan.state !== 'loading') return { because: row.because, awaited: [] };
  const burst = row.worstBurst;
  const missing = [
    ...(row.exposedPorts === null ? ['exposed ports'] : []),
    ...(burst.state === 'unknown' && burst.why === 'not-asked' ? ['failed logons'] : []),
  ];
  return {
    because: row.because.filter((text) => !/not answered yet$|^how the Internet reaches it is not known$/.test(text)),
    awaited: missing.length === 0 ? [] : [`${mark.loading} awaiting ${missing.join(', ')}`],
  };
}

/** Why a VM is suspect, one reason each. */
function reasonsOf(state: SessionState, row: ScanRow): string[] {
  const reached = reachedFrom(state, row.id);
  const first = reached
    ? [`the identity of ${reached.name} ran a command on it at ${clock(reached.at)}: triage it`]
    : [];
  const { because, awaited } = answered(state, row);
  const all = [...first, ...because, ...awaited];
  return all.length === 0 ? ['nothing suspicious in what could be read'] : all;
}

/** "12 of 87": where the cursor is in the list. */
function placeSpan(state: SessionState): Span {
  return span(` ${count(cursorAt(state) + 1)} of ${count(visibleRows(state).length)} `, 'dim');
}

/** Why the selected VM has its place in the list, and which place that is, where a row has room for it. */
export function becauseRows(state: SessionState, width: number, height: number): Line[] {
  const rows = reasonRows(state, width, height);
  if (!selectedRow(state)) return rows;
  const place = line(placeSpan(state));
  const all = Array.from({ length: height }, (_, at) => rows[at] ?? blank);
  const free = all.findLastIndex((row) => widthOf(row) + widthOf(place) < width);
  const at = free < 0 ? height - 1 : free;
  return all.map((row, index) => (index === at ? between(row, place, width) : row));
}

/** The story of the selected VM where it was opened, else the reasons of its score. */
function reasonRows(state: SessionState, width: number, height: number): Line[] {
  const row = selectedRow(state);
  if (!row) {
    const [first] = state.scan.notListed ? [] : state.scan.notSeen;
    return first === undefined
      ? [blank]
      : wrap(`Not seen: ${first}`, width - 2, height).map((text) => line(span(` ${text}`, 'unknown')));
  }
  const part = state.triages.get(row.id)?.part;
  const story = part ? storyOf(part, state.now) : [];
  if (story.length > 0 && height > 1) return storyRows(story, width, height);
  const told = reasonsOf(state, row).join('; ');
  return wrap(`${row.name}: ${told}.`.replace(/\.\.$/, '.'), width - 2, height).map((text) => line(` ${text}`));
}

/** Details of the VM under the cursor, beside the list. */
export function previewRows(state: SessionState, width: number, height: number): Line[] {
  const row = selectedRow(state);
  if (!row) return [];
  const { vm } = row;
  const slot = state.triages.get(row.id);
  const story = slot ? storyOf(slot.part, state.now) : [];
  const openCase = state.cases.get(row.id)?.openCase;
  const about = [vm.subscriptionName || vm.subscriptionId, vm.resourceGroup, vm.osName || vm.os].join(' · ');
  const where = [vm.location, powerWord(vm.power), ...vm.publicAddresses].join(' · ');
  const reasons = reasonsOf(state, row);
  const notes = openCase?.entries().filter(({ kind }) => kind === 'note').length ?? 0;
  const told = [
    between(line(' ', severityMark(row.severity), span(` ${row.name}`, 'plain', true)), line(placeSpan(state)), width),
    ...wrap(about, width - 4, 2).map((text) => line(span(`   ${text}`, 'dim'))),
    ...wrap(where, width - 4, 2).map((text) => line(span(`   ${text}`, 'dim'))),
    blank,
    ...story.flatMap(({ label, severity, texts }) => {
      const text = `${label}  ${texts.at(1) ?? texts[0] ?? ''}`;
      return wrap(text, width - 5, 4).map((part, at) => line(' ', at === 0 ? severityMark(severity) : ' ', ` ${part}`));
    }),
    ...(story.length > 0 ? [blank] : []),
    ...reasons.flatMap((text) =>
      wrap(text, width - 5, 3).map((part, at) => line(`   ${at === 0 ? mark.low : ' '} ${part}`)),
    ),
    blank,
    ...(openCase
      ? [
          line(
            `   case ${openCase.id}: ${counted(openCase.entries().length, 'entry', 'entries')}, ${counted(notes, 'note')}`,
          ),
        ]
      : [line(span('   Enter reads it and opens its case', 'dim'))]),
  ];
  return told.slice(0, height);
}
