import type { ScanRow } from '../documents/triage.ts';
import { hasInOrder } from '../text/fuzzy.ts';
import { nameKey } from '../text/name-key.ts';
import { orderOf, type Sort } from '../words/suspects-columns.ts';
import type { SessionState } from './state.ts';

function byName(one: ScanRow, other: ScanRow): number {
  const [a, b] = [nameKey(one.name), nameKey(other.name)];
  if (a !== b) return a < b ? -1 : 1;
  return one.id < other.id ? -1 : 1;
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

let sorted: { rows: readonly ScanRow[]; sort: Sort; reversed: boolean; result: readonly ScanRow[] } | null = null;

/** The rows in order. Kept until rows or order change: a filter leaves the order as it is. */
function inOrder(rows: readonly ScanRow[], sort: Sort, reversed: boolean): readonly ScanRow[] {
  if (sorted?.rows === rows && sorted.sort === sort && sorted.reversed === reversed) return sorted.result;
  const order = orderOf(sort);
  const way = reversed ? -1 : 1;
  const result = rows.toSorted((one, other) => way * order(one, other) || byName(one, other));
  sorted = { rows, sort, reversed, result };
  return result;
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
  const inverted = filter.startsWith('!');
  const wanted = (inverted ? filter.slice(1) : filter).toLowerCase();
  const ordered = inOrder(rows, sort, reversed);
  if (wanted === '') return ordered;
  if (inverted) return ordered.filter((row) => !textOf(row).includes(wanted));
  return ordered.filter((row) => textOf(row).includes(wanted) || hasInOrder(row.name.toLowerCase(), wanted));
}

type Listed = Pick<SessionState, 'scan' | 'filter' | 'sort' | 'reversed'>;

let last:
  | (Pick<Listed, 'filter' | 'sort' | 'reversed'> & { rows: readonly ScanRow[]; visible: readonly ScanRow[] })
  | null = null;

/** The rows of the suspects list, in order. Kept until rows, filter or order change. */
export function visibleRows({ scan, filter, sort, reversed }: Listed): readonly ScanRow[] {
  const { rows } = scan;
  if (last?.rows === rows && last.filter === filter && last.sort === sort && last.reversed === reversed) {
    return last.visible;
  }
  last = { rows, filter, sort, reversed, visible: filterAndSort(rows, filter, sort, reversed) };
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
