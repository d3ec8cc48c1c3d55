import type { ScanRow } from '../documents/triage.ts';
import type { SessionState, Sort } from './state.ts';

const collator = new Intl.Collator('en', { numeric: true });

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

const orders: Record<Sort, (one: ScanRow, other: ScanRow) => number> = {
  suspicion: (one, other) => other.score - one.score,
  name: () => 0,
  'failed logons': (one, other) => failuresOf(other) - failuresOf(one),
  patches: (one, other) => missingOf(other) - missingOf(one),
  backup: (one, other) => backupOf(one) - backupOf(other),
};

function textOf(row: ScanRow): string {
  const { vm } = row;
  return [
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
}

/**
 * The rows whose text (name, group, subscription, system, power, addresses, ports, reasons) contains the filter, which
 * is plain text without regard to case; a leading `!` keeps the others. Equal rows stand by name, so that the order is
 * the same at each call.
 */
export function filterAndSort(rows: readonly ScanRow[], filter: string, sort: Sort): ScanRow[] {
  const inverted = filter.startsWith('!');
  const wanted = (inverted ? filter.slice(1) : filter).toLowerCase();
  const kept = wanted === '' ? [...rows] : rows.filter((row) => textOf(row).includes(wanted) !== inverted);
  const order = orders[sort];
  return kept.sort(
    (one, other) => order(one, other) || collator.compare(one.name, other.name) || (one.id < other.id ? -1 : 1),
  );
}

let last: { rows: readonly ScanRow[]; filter: string; sort: Sort; visible: readonly ScanRow[] } | null = null;

/** The rows of the suspects list, in order. Kept until rows, filter or sort change. */
export function visibleRows(state: Pick<SessionState, 'scan' | 'filter' | 'sort'>): readonly ScanRow[] {
  const { rows } = state.scan;
  if (last && last.rows === rows && last.filter === state.filter && last.sort === state.sort) return last.visible;
  last = { rows, filter: state.filter, sort: state.sort, visible: filterAndSort(rows, state.filter, state.sort) };
  return last.visible;
}

/** Where the cursor stands among the visible rows; 0 when its machine is not among them. */
export function cursorAt(state: Pick<SessionState, 'scan' | 'filter' | 'sort' | 'selectedVm'>): number {
  const at = visibleRows(state).findIndex((row) => row.id === state.selectedVm);
  return Math.max(0, at);
}

/** The row under the cursor. */
export function selectedRow(state: Pick<SessionState, 'scan' | 'filter' | 'sort' | 'selectedVm'>): ScanRow | undefined {
  return visibleRows(state)[cursorAt(state)];
}
