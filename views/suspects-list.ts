import { burstKinds } from '../src/documents/burst-kinds.ts';
import type { ScanRow } from '../src/documents/triage.ts';
import type { SessionState } from '../src/session/state.ts';
import { cursorAt, selectedRow, visibleRows } from '../src/session/suspects.ts';
import { wrap } from '../src/text/cells.ts';
import { count, counted } from '../src/text/counts.ts';
import { age } from '../src/text/times.ts';
import { mark } from '../src/words/severity.ts';
import { blank, cell, type Line, line, type Span, span, type Tone } from './line.ts';
import { type ListScroll, scrolledTo } from './list-scroll.ts';
import { severityMark, severityTone } from './marks.ts';
import { powerWord, shortOs } from './words.ts';

interface Column {
  head: string;
  /** Cells at least; 0 hides it. */
  width: number;
  /** Its share of the cells that are left over. */
  grows: number;
  /** Columns with a higher number go first when there is no room. */
  goes: number;
  align: 'left' | 'right';
  tell(row: ScanRow, now: Date): { text: string; tone: Tone };
}

const plain = (text: string) => ({ text, tone: 'plain' as const });
const notKnown = { text: mark.unknown, tone: 'unknown' as const };

function logonsCell(row: ScanRow): { text: string; tone: Tone } {
  const fact = row.worstBurst;
  if (fact.state === 'unknown') return { text: `${mark.unknown} ${fact.because}`, tone: 'unknown' };
  const burst = fact.value;
  if (burst === null) return plain('no burst');
  const failures = count(burst.totalFailures).padStart(6);
  if (burst.succeeded === true) return { text: `${failures}  THEN SUCCESS`, tone: 'critical' };
  const kind = burst.kind === 'spray' ? `spray ${count(burst.accounts)} accounts` : burstKinds[burst.kind].short;
  return plain(`${failures}  ${kind}${burst.succeeded === false ? ', no success' : ', success ?'}`);
}

function exposedCell(row: ScanRow): { text: string; tone: Tone } {
  if (row.exposedPorts === null) return notKnown;
  if (row.exposedPorts.length === 0) return plain('-');
  const power = powerWord(row.vm.power);
  return plain(`${row.exposedPorts.join(' ')}${power === 'off' ? ' (when on)' : ''}`);
}

function patchesCell(row: ScanRow): { text: string; tone: Tone } {
  if (row.criticalPatches === null) {
    if (!row.patchAssessment) return { text: mark.loading, tone: 'dim' };
    const why = { stale: ' stale', none: ' unseen', fresh: '', unfinished: ' runs', failed: ' failed', unread: '' };
    return { text: `${mark.unknown}${why[row.patchAssessment]}`, tone: 'unknown' };
  }
  if (row.criticalPatches > 0) return { text: `${count(row.criticalPatches)} crit`, tone: 'critical' };
  if (row.securityPatches === null) return notKnown;
  return plain(row.securityPatches > 0 ? `${count(row.securityPatches)} sec` : '0');
}

function backupCell(row: ScanRow, now: Date): { text: string; tone: Tone } {
  if (row.lastBackup === null) return notKnown;
  return row.lastBackup === '' ? { text: 'never', tone: 'high' } : plain(age(row.lastBackup, now));
}

const columns: Column[] = [
  { head: 'VM', width: 13, grows: 2, goes: 0, align: 'left', tell: (row) => plain(row.name) },
  { head: 'Resource group', width: 14, grows: 1, goes: 6, align: 'left', tell: (row) => plain(row.vm.resourceGroup) },
  { head: 'OS', width: 10, grows: 1, goes: 7, align: 'left', tell: (row) => plain(shortOs(row.vm)) },
  {
    head: 'Power',
    width: 5,
    grows: 0,
    goes: 5,
    align: 'left',
    tell: (row) => (row.vm.power === 'unknown' ? notKnown : plain(powerWord(row.vm.power))),
  },
  { head: 'Exposed', width: 14, grows: 2, goes: 1, align: 'left', tell: exposedCell },
  { head: 'Failed logons 24 h', width: 25, grows: 2, goes: 2, align: 'left', tell: logonsCell },
  {
    head: 'Alerts',
    width: 6,
    grows: 0,
    goes: 4,
    align: 'right',
    tell: (row) =>
      row.alerts === null ? notKnown : { text: count(row.alerts), tone: row.alerts > 0 ? 'high' : 'plain' },
  },
  { head: 'Patches', width: 8, grows: 0, goes: 3, align: 'left', tell: patchesCell },
  { head: 'Backup', width: 6, grows: 0, goes: 4.5, align: 'right', tell: backupCell },
];

/** The columns that fit, with their integer widths, which fill `width` exactly. Each has two blanks after it. */
function columnsFor(width: number): Column[] {
  const room = width - 3;
  const shown = [...columns];
  const needed = () => shown.reduce((sum, column) => sum + column.width + 2, -2);
  while (needed() > room && shown.length > 1) {
    const least = shown.reduce((one, other) => (other.goes > one.goes ? other : one));
    shown.splice(shown.indexOf(least), 1);
  }
  const left = Math.max(0, room - needed());
  const shares = shown.reduce((sum, column) => sum + column.grows, 0);
  return shown.map((column) => ({
    ...column,
    width: column.width + Math.floor((left * column.grows) / Math.max(1, shares)),
  }));
}

/** The names of the columns. */
export function headsRow(width: number): Line {
  const heads = columnsFor(width).flatMap((column): Span[] => [
    cell(column.head, column.width, 'dim', column.align),
    span('  '),
  ]);
  return line(span('   '), ...heads);
}

function rowLine(row: ScanRow, shown: readonly Column[], selected: boolean, now: Date): Line {
  const old = row.vm.power !== 'running' && row.severity === 'low';
  const spans = shown.flatMap((column, at): Span[] => {
    const told = column.tell(row, now);
    const tone = at === 0 ? severityTone(row.severity) : told.tone;
    return [{ ...cell(told.text, column.width, tone, column.align), bold: at === 0 && selected }, span('  ')];
  });
  return {
    ...line(
      span(selected ? mark.selected : ' ', 'accent', true),
      old ? span(mark.low, 'dim') : severityMark(row.severity),
      span(' '),
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
  const shown = columnsFor(width);
  return rows.slice(from, from + height).map((row, at) => rowLine(row, shown, from + at === cursor, state.now));
}

function emptyRows(state: SessionState, width: number): Line[] {
  const { scan } = state;
  if (scan.rows.length > 0) return [line(`  No VM matches ${state.filter}. Esc shows all ${count(scan.rows.length)}.`)];
  if (scan.state === 'failed') {
    return wrap(`The VMs could not be listed: ${scan.because} r tries again.`, width - 6, 6).map((text, at) =>
      line(span(at === 0 ? `  ${mark.failed} ` : '    ', 'critical'), text),
    );
  }
  if (scan.state === 'done') {
    return [
      line('  No virtual machine in the subscriptions you can read.'),
      line('  cordon doctor shows what your sign-in may see.'),
    ];
  }
  return [line(span(`  ${mark.loading} listing the VMs you can see`, 'dim'))];
}

interface Tally {
  exposed: number;
  attacked: number;
  broken: number;
  unknown: number;
  /** Is the exposure, are the logons, of any machine known? */
  reach: boolean;
  logons: boolean;
}

const tallies = new WeakMap<readonly ScanRow[], Tally>();

/** The counts over all rows, made once for each list that arrives. */
function tallyOf(rows: readonly ScanRow[]): Tally {
  const known = tallies.get(rows);
  if (known) return known;
  const tally: Tally = { exposed: 0, attacked: 0, broken: 0, unknown: 0, reach: false, logons: false };
  for (const { exposedPorts, worstBurst, criticalPatches } of rows) {
    if (exposedPorts !== null) tally.reach = true;
    if (worstBurst.state === 'known') tally.logons = true;
    if ((exposedPorts?.length ?? 0) > 0) tally.exposed += 1;
    if (worstBurst.state === 'known' && worstBurst.value !== null) tally.attacked += 1;
    if (worstBurst.state === 'known' && worstBurst.value?.succeeded === true) tally.broken += 1;
    if (exposedPorts === null || worstBurst.state === 'unknown' || criticalPatches === null) tally.unknown += 1;
  }
  tallies.set(rows, tally);
  return tally;
}

/** How many machines, how many in trouble, how many with something unknown. */
export function summaryRow(state: SessionState): { left: Line; right: Line } {
  const { rows, state: reading, asOf, notSeen } = state.scan;
  const { exposed, attacked, broken, unknown, reach: reachKnown, logons } = tallyOf(rows);
  const visible = visibleRows(state).length;
  if (rows.length === 0 && reading !== 'done') {
    // Nothing is counted before anything is known.
    return {
      left: line(span(reading === 'failed' ? ` ${mark.failed} not read` : ` ${mark.loading} reading`, 'dim')),
      right: blank,
    };
  }
  const brief = state.columns < 110;
  // A count of what no answer has told yet would be a nought that nobody knows.
  const none = reading === 'done' ? mark.unknown : mark.loading;
  const tally = (counted: number, answered: boolean) => (answered ? count(counted) : none);
  const reach = tally(exposed, reachKnown);
  const left = line(
    span(` ${counted(rows.length, 'VM')}`, 'plain', true),
    ...(state.filter === '' ? [] : [span(` · ${count(visible)} match ${state.filter}`, 'accent')]),
    brief
      ? ` · ${reach} exposed · ${tally(attacked, logons)} attacked · `
      : ` · ${reach} exposed to the Internet · ${tally(attacked, logons)} under attack · `,
    span(`${tally(broken, logons)} compromised`, broken > 0 ? 'critical' : 'plain', broken > 0),
    ' · ',
    span(`${count(unknown)} ${brief ? 'unknown' : 'with something unknown'}`, unknown > 0 ? 'unknown' : 'plain'),
    ...(notSeen.length > 0 ? [span(` · not seen: ${notSeen.length}`, 'unknown')] : []),
  );
  const told =
    reading === 'done'
      ? age(asOf, state.now)
      : reading === 'failed'
        ? `${mark.failed} reading failed`
        : `${mark.loading} reading`;
  return {
    left,
    right: line(span(`  by ${state.sort} · ${told} `, reading === 'failed' ? 'critical' : 'dim')),
  };
}

/** Why the selected machine stands where it stands, in a sentence. */
export function becauseRows(state: SessionState, width: number, height: number): Line[] {
  const row = selectedRow(state);
  if (!row) {
    const [first] = state.scan.notSeen;
    return first === undefined
      ? [blank]
      : wrap(`Not seen: ${first}`, width - 2, height).map((text) => line(span(` ${text}`, 'unknown')));
  }
  const told =
    row.because.length === 0 ? 'nothing that speaks against it in what could be read' : row.because.join('; ');
  return wrap(`${row.name}: ${told}.`.replace(/\.\.$/, '.'), width - 2, height).map((text) => line(` ${text}`));
}
