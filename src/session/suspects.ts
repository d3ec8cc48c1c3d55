import type { ScanRow } from '../documents/triage.ts';
import { hasInOrder } from '../text/fuzzy.ts';
import { nameKey } from '../text/name-key.ts';
import { type Sort, sortKeyOf } from '../words/suspects-columns.ts';
import type { SessionState } from './state.ts';

/** A row of the list, with its name as it is sorted by, and in lower case. */
interface Entry {
  row: ScanRow;
  key: string;
  name: string;
}

/** The rows by name, those of one name by id. The keys are looked up once a row, not at each comparison. */
function byName(rows: readonly ScanRow[]): Entry[] {
  return rows
    .map((row) => ({ row, key: nameKey(row.name), name: row.name.toLowerCase() }))
    .sort((one, other) => compared(one.key, other.key) || (one.row.id < other.row.id ? -1 : 1));
}

interface List {
  entries: readonly Entry[];
  rows: readonly ScanRow[];
}

const listOf = (entries: readonly Entry[]): List => ({ entries, rows: entries.map(({ row }) => row) });

/** The list that was sorted last, by name, and its other orders that were asked for, by the name of the sort. */
let orders: { rows: readonly ScanRow[]; named: readonly Entry[]; made: Map<string, List> } | null = null;

/** The rows in order, equal ones by name. Kept for as long as the list is. */
function inOrder(rows: readonly ScanRow[], sort: Sort, reversed: boolean): List {
  if (orders?.rows !== rows) orders = { rows, named: byName(rows), made: new Map() };
  const { named, made } = orders;
  const name = `${sort} ${reversed}`;
  const known = made.get(name);
  if (known) return known;
  const list = listOf(sort === 'name' && !reversed ? named : byColumn(named, sort, reversed));
  made.set(name, list);
  return list;
}

/** Only keys that differ are compared, and a column has few of them: the rows of each are put together in one pass. */
function byColumn(named: readonly Entry[], sort: Sort, reversed: boolean): Entry[] {
  const keyOf = sortKeyOf(sort);
  const groups = new Map<string | number, Entry[]>();
  for (const entry of named) {
    const key = keyOf(entry.row);
    const group = groups.get(key);
    if (group) group.push(entry);
    else groups.set(key, [entry]);
  }
  const way = reversed ? -1 : 1;
  const keys = [...groups.keys()].sort((one, other) => way * compared(one, other));
  return keys.flatMap((key) => groups.get(key) ?? []);
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
  return filtered(inOrder(rows, sort, reversed), filter).rows;
}

function filtered(list: List, filter: string): List {
  const inverted = filter.startsWith('!');
  const wanted = (inverted ? filter.slice(1) : filter).toLowerCase();
  if (wanted === '') return list;
  const answers = new Map<string, boolean>();
  // But for names and addresses, a fleet's rows have few texts between them: each is looked at once.
  const has = (text: string): boolean => {
    const known = answers.get(text);
    if (known !== undefined) return known;
    const answer = text.toLowerCase().includes(wanted);
    answers.set(text, answer);
    return answer;
  };
  const contains = ({ row: { vm, severity, exposedPorts, because }, name }: Entry): boolean =>
    name.includes(wanted) ||
    has(vm.resourceGroup) ||
    has(vm.subscriptionName) ||
    has(vm.osName) ||
    has(vm.os) ||
    has(vm.power) ||
    has(severity) ||
    vm.publicAddresses.some((address) => address.toLowerCase().includes(wanted)) ||
    exposedPorts?.some(has) === true ||
    because.some(has);
  const keeps = inverted
    ? (entry: Entry) => !contains(entry)
    : (entry: Entry) => contains(entry) || hasInOrder(entry.name, wanted);
  return listOf(list.entries.filter(keeps));
}

/** Has a list that was filtered by `before` all rows that `filter` keeps? A letter more never brings a row back. */
const narrows = (before: string, filter: string): boolean =>
  !before.startsWith('!') && filter.toLowerCase().startsWith(before.toLowerCase());

type Listed = Pick<SessionState, 'scan' | 'filter' | 'sort' | 'reversed'>;

let last: { ordered: List; filter: string; visible: List } | null = null;

/** The rows of the suspects list, in order. Kept until rows, filter or order change. */
export function visibleRows({ scan, filter, sort, reversed }: Listed): readonly ScanRow[] {
  const ordered = inOrder(scan.rows, sort, reversed);
  const before = last?.ordered === ordered ? last : null;
  if (before?.filter === filter) return before.visible.rows;
  const among = before !== null && narrows(before.filter, filter) ? before.visible : ordered;
  last = { ordered, filter, visible: filtered(among, filter) };
  return last.visible.rows;
}

/** The VM that was looked for last: in which rows of a reading, its row there, and its place among those visible. */
let cursor: {
  id: string;
  all: readonly ScanRow[];
  row: ScanRow | undefined;
  visible: readonly ScanRow[];
  at: number;
} | null = null;

/** Where a VM is among the rows, looked for from a place on to both sides, since it is mostly near; -1 where it is not. */
function placeNear(rows: readonly ScanRow[], id: string, from: number): number {
  let before = Math.max(0, Math.min(from, rows.length - 1));
  let after = before + 1;
  while (before >= 0 || after < rows.length) {
    if (rows[before]?.id === id) return before;
    if (rows[after]?.id === id) return after;
    before -= 1;
    after += 1;
  }
  return -1;
}

/** The cursor's place among the visible rows; 0 when its VM is not among them. */
export function cursorAt(state: Listed & Pick<SessionState, 'selectedVm'>): number {
  const { selectedVm: id, scan } = state;
  if (id === null) return 0;
  const visible = visibleRows(state);
  const known = cursor?.id === id && cursor.all === scan.rows ? cursor : null;
  if (known?.visible === visible) return Math.max(0, known.at);
  // Its row is the same in every order of a reading: to look for that takes no comparison of texts.
  const before = known?.row;
  const at = before ? visible.indexOf(before) : placeNear(visible, id, cursor?.at ?? 0);
  cursor = { id, all: scan.rows, row: before ?? visible[at], visible, at };
  return Math.max(0, at);
}

/** The row under the cursor. */
export function selectedRow(state: Listed & Pick<SessionState, 'selectedVm'>): ScanRow | undefined {
  return visibleRows(state)[cursorAt(state)];
}
