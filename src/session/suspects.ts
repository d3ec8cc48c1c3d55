import type { ScanRow } from '../documents/triage.ts';
import { hasInOrder } from '../text/fuzzy.ts';
import { nameKey } from '../text/name-key.ts';
import { type Sort, sortKeyOf } from '../words/suspects-columns.ts';
import type { SessionState } from './state.ts';

/** The rows by name, those of one name by id. The keys are looked up once a row, not at each comparison. */
function byName(rows: readonly ScanRow[]): ScanRow[] {
  return rows
    .map((row) => ({ row, key: nameKey(row.name) }))
    .sort((one, other) => compared(one.key, other.key) || (one.row.id < other.row.id ? -1 : 1))
    .map(({ row }) => row);
}

const texts = new WeakMap<ScanRow, string>();

/** What a filter looks at, in lower case. */
function textOf(row: ScanRow): string {
  const known = texts.get(row);
  if (known !== undefined) return known;
  const { vm } = row;
  const text = [
    row.name,
    vm.resourceGroup,
    vm.subscriptionName,
    vm.osName,
    vm.os,
    vm.power,
    row.severity,
    ...vm.publicAddresses,
    ...(row.exposedPorts ?? []),
    ...row.because,
  ]
    .join('\n')
    .toLowerCase();
  texts.set(row, text);
  return text;
}

/** The list that was sorted last, by name, and its other orders that were asked for, by the name of the sort. */
let orders: { rows: readonly ScanRow[]; named: readonly ScanRow[]; made: Map<string, readonly ScanRow[]> } | null =
  null;

/**
 * The rows in order, equal ones by name. Kept for as long as the list is. Only keys that differ are compared, and a
 * column has few of them: the rows of each are put together in one pass.
 */
function inOrder(rows: readonly ScanRow[], sort: Sort, reversed: boolean): readonly ScanRow[] {
  if (orders?.rows !== rows) orders = { rows, named: byName(rows), made: new Map() };
  const { named, made } = orders;
  const name = `${sort} ${reversed}`;
  const known = made.get(name);
  if (known) return known;
  const keyOf = sortKeyOf(sort);
  const groups = new Map<string | number, ScanRow[]>();
  for (const row of named) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  const way = reversed ? -1 : 1;
  const keys = [...groups.keys()].sort((one, other) => way * compared(one, other));
  const result = keys.flatMap((key) => groups.get(key) ?? []);
  made.set(name, result);
  return result;
}

/** Texts from a to z, numbers with the largest first. */
function compared(one: string | number, other: string | number): number {
  if (typeof one === 'number' && typeof other === 'number') return other - one;
  return one < other ? -1 : one > other ? 1 : 0;
}

/**
 * The rows whose text (name, group, subscription, system, power, addresses, ports, reasons) contains the filter, which
 * is plain text without regard to case, or whose name has its letters in that order (`wb1` finds `web01`); a leading `!`
 * keeps the rows that do not contain it. Equal rows are sorted by name, so that the order is the same at each call.
 */
export function filterAndSort(
  rows: readonly ScanRow[],
  filter: string,
  sort: Sort,
  reversed = false,
): readonly ScanRow[] {
  return filtered(inOrder(rows, sort, reversed), filter);
}

function filtered(rows: readonly ScanRow[], filter: string): readonly ScanRow[] {
  const inverted = filter.startsWith('!');
  const wanted = (inverted ? filter.slice(1) : filter).toLowerCase();
  if (wanted === '') return rows;
  if (inverted) return rows.filter((row) => !textOf(row).includes(wanted));
  return rows.filter((row) => textOf(row).includes(wanted) || hasInOrder(row.name.toLowerCase(), wanted));
}

/** Has a list that was filtered by `before` all rows that `filter` keeps? A letter more never brings a row back. */
const narrows = (before: string, filter: string): boolean =>
  !before.startsWith('!') && filter.toLowerCase().startsWith(before.toLowerCase());

type Listed = Pick<SessionState, 'scan' | 'filter' | 'sort' | 'reversed'>;

let last: { ordered: readonly ScanRow[]; filter: string; visible: readonly ScanRow[] } | null = null;

/** The rows of the suspects list, in order. Kept until rows, filter or order change. */
export function visibleRows({ scan, filter, sort, reversed }: Listed): readonly ScanRow[] {
  const ordered = inOrder(scan.rows, sort, reversed);
  const before = last?.ordered === ordered ? last : null;
  if (before?.filter === filter) return before.visible;
  const among = before !== null && narrows(before.filter, filter) ? before.visible : ordered;
  last = { ordered, filter, visible: filtered(among, filter) };
  return last.visible;
}

const places = new WeakMap<readonly ScanRow[], Map<string, number>>();

/** Where each VM is in a list. */
function placesIn(rows: readonly ScanRow[]): Map<string, number> {
  const known = places.get(rows);
  if (known) return known;
  const made = new Map(rows.map((row, at) => [row.id, at]));
  places.set(rows, made);
  return made;
}

/** Where the cursor is among the visible rows; 0 when its VM is not among them. */
export function cursorAt(state: Listed & Pick<SessionState, 'selectedVm'>): number {
  if (state.selectedVm === null) return 0;
  return placesIn(visibleRows(state)).get(state.selectedVm) ?? 0;
}

/** The row under the cursor. */
export function selectedRow(state: Listed & Pick<SessionState, 'selectedVm'>): ScanRow | undefined {
  return visibleRows(state)[cursorAt(state)];
}
