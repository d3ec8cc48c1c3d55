import type { ScanRow } from '../documents/triage.ts';
import { hasInOrder } from '../text/fuzzy.ts';
import type { SessionState, Sort } from './state.ts';

const keys = new Map<string, string>();
/** More names than any fleet has: past it the keys are made again. */
const mostKeys = 100_000;

/**
 * A key by which names sort in the order of a dictionary, numbers by their value: `web2` before `web10`. Comparing keys
 * costs a hundredth of what a collator does, and a list of 10,000 VMs is sorted within one key press.
 */
function nameKey(name: string): string {
  const known = keys.get(name);
  if (known !== undefined) return known;
  const key = name
    .toLowerCase()
    .replaceAll('_', ',')
    .replace(/\d+/g, (digits) => {
      const value = digits.replace(/^0+(?=\d)/, '');
      return `0${String.fromCharCode(value.length)}${value}`;
    });
  if (keys.size >= mostKeys) keys.clear();
  keys.set(name, key);
  return key;
}

function byName(one: ScanRow, other: ScanRow): number {
  const [a, b] = [nameKey(one.name), nameKey(other.name)];
  if (a !== b) return a < b ? -1 : 1;
  return one.id < other.id ? -1 : 1;
}

function failuresOf(row: ScanRow): number {
  if (row.worstBurst.state !== 'known') return -1;
  return row.worstBurst.value?.totalFailures ?? 0;
}

function missingOf(row: ScanRow): number {
  return (row.criticalPatches ?? -1) * 100_000 + (row.securityPatches ?? 0);
}

/** Unknown and never come before the oldest: they are what a responder looks for. */
function backupOf(row: ScanRow): number {
  return row.lastBackup === null || row.lastBackup === '' ? 0 : Date.parse(row.lastBackup);
}

const portsOf = (row: ScanRow) => row.exposedPorts?.length ?? -1;
const byText = (text: (row: ScanRow) => string) => (one: ScanRow, other: ScanRow) => {
  const [a, b] = [nameKey(text(one)), nameKey(text(other))];
  return a === b ? 0 : a < b ? -1 : 1;
};

const orders: Record<Sort, (one: ScanRow, other: ScanRow) => number> = {
  suspicion: (one, other) => other.score - one.score,
  name: byText((row) => row.name),
  'resource group': byText((row) => row.vm.resourceGroup),
  OS: byText((row) => row.vm.osName || row.vm.os),
  power: byText((row) => row.vm.power),
  exposed: (one, other) => portsOf(other) - portsOf(one),
  'failed logons': (one, other) => failuresOf(other) - failuresOf(one),
  alerts: (one, other) => (other.alerts ?? -1) - (one.alerts ?? -1),
  patches: (one, other) => missingOf(other) - missingOf(one),
  backup: (one, other) => backupOf(one) - backupOf(other),
};

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
  const order = orders[sort];
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
