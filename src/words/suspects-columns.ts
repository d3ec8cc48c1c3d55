import { burstKinds } from '../documents/burst-kinds.ts';
import type { ScanRow } from '../documents/triage.ts';
import { count } from '../text/counts.ts';
import { nameKey } from '../text/name-key.ts';
import { age, clock } from '../text/times.ts';
import { mark, type Tone } from './severity.ts';
import { powerWord, shortOs } from './vm-words.ts';

/** Input of a cell besides its row. */
export interface Look {
  now: Date;
  /** Answers are still awaited: what is not there yet is no unknown. */
  busy: boolean;
  /** The ports that are open by a newer reading than the list's; undefined when there is none. */
  newer?: readonly string[] | undefined;
  /** A playbook of this session has locked the VM. */
  locked: boolean;
  /** The compromised VM from which a command was run on this one, and when (ISO 8601 UTC). */
  reached: { name: string; at: string } | undefined;
}

/** Gives what decides where a row comes: texts from a to z as `nameKey` orders them, numbers with the largest first. */
export type SortKey = (row: ScanRow) => string | number;

export interface Column {
  head: string;
  /** The name of the sort by this column, and what it sorts by. */
  sort: string;
  key: SortKey;
  /** Cells at least; 0 hides it. */
  width: number;
  /** Its share of the cells that are left over. */
  grows: number;
  /** Columns with a higher number go first when there is no room. */
  goes: number;
  align: 'left' | 'right';
  tell(row: ScanRow, look: Look): { text: string; tone: Tone };
}

const plain = (text: string) => ({ text, tone: 'plain' as const });
const awaited = { text: mark.loading, tone: 'dim' as const };
const notKnown = ({ busy }: Look, because = '') =>
  busy ? awaited : { text: `${mark.unknown}${because === '' ? '' : ` ${because}`}`, tone: 'unknown' as const };

function logonsCell(row: ScanRow, look: Look): { text: string; tone: Tone } {
  if (look.reached) return plain(`command from ${look.reached.name} ${clock(look.reached.at).slice(0, 5)}Z`);
  const fact = row.worstBurst;
  if (fact.state === 'unknown')
    return fact.why === 'not-asked' ? awaited : notKnown({ ...look, busy: false }, fact.because);
  const burst = fact.value;
  if (burst === null) return plain('no burst');
  const failures = count(burst.totalFailures).padStart(6);
  if (burst.succeeded === true) return { text: `${failures}  THEN SUCCESS`, tone: 'critical' };
  const kind = burst.kind === 'spray' ? `spray ${count(burst.accounts)} accounts` : burstKinds[burst.kind].short;
  // The outcome comes first: where the cell is cut, "success ?" must not be left as "success".
  // Where the source is unknown, who connected at the same time says more than that.
  const [witness] = burst.witnesses ?? [];
  const who = witness ? `${witness.address} (by time)` : kind;
  return plain(`${failures}  ${burst.succeeded === false ? 'no success' : '? success'}, ${who}`);
}

/** Each once; every port over both protocols is one fact, and so is every protocol. */
function portNames(ports: readonly string[]): string[] {
  const every = ['all ports', 'all ports/udp'];
  const names = [...new Set(ports)];
  if (!every.every((name) => names.includes(name))) return names;
  const others = names.filter((name) => !every.includes(name));
  return ['ICMP', 'ESP', 'AH'].every((name) => others.includes(name)) ? ['everything'] : ['every port', ...others];
}

function exposedCell(row: ScanRow, look: Look): { text: string; tone: Tone } {
  const ports = look.newer ?? row.exposedPorts;
  if (look.locked && ports?.length === 0) return { text: `${mark.verified} locked`, tone: 'good' };
  if (ports === null) return notKnown(look);
  if (ports.length === 0) return plain('-');
  const power = powerWord(row.vm.power);
  return plain(`${portNames(ports).join(' ')}${power === 'off' ? ' (when on)' : ''}`);
}

function patchesCell(row: ScanRow, look: Look): { text: string; tone: Tone } {
  if (row.criticalPatches === null) {
    if (!row.patchAssessment) return notKnown(look);
    const why = {
      stale: 'stale',
      none: 'unseen',
      fresh: '',
      unfinished: 'runs',
      failed: 'failed',
      unread: '',
      unsupported: 'n/a',
    };
    return notKnown({ ...look, busy: false }, why[row.patchAssessment]);
  }
  if (row.criticalPatches > 0) return { text: `${count(row.criticalPatches)} crit`, tone: 'critical' };
  if (row.securityPatches === null) return notKnown(look);
  return plain(row.securityPatches > 0 ? `${count(row.securityPatches)} sec` : '0');
}

function backupCell(row: ScanRow, look: Look): { text: string; tone: Tone } {
  if (row.lastBackup === null) return notKnown(look);
  return row.lastBackup === '' ? { text: 'never', tone: 'high' } : plain(age(row.lastBackup, look.now));
}

function alertsCell(row: ScanRow, look: Look): { text: string; tone: Tone } {
  if (row.alerts === null) return notKnown(look);
  return { text: count(row.alerts), tone: row.alerts > 0 ? 'high' : 'plain' };
}

const powerCell = (row: ScanRow, look: Look) =>
  row.vm.power === 'unknown' ? notKnown(look) : plain(powerWord(row.vm.power));

const text = { grows: 0, align: 'left' } as const;
const right = { grows: 0, align: 'right' } as const;

/** The columns of the suspects list, in their order: heads, cells, and how the list is sorted by each. */
export const columns = [
  {
    ...text,
    head: 'VM',
    sort: 'name',
    width: 13,
    grows: 2,
    goes: 0,
    tell: (row) => plain(row.name),
    key: (row) => nameKey(row.name),
  },
  {
    ...text,
    head: 'Resource group',
    sort: 'resource group',
    width: 14,
    grows: 1,
    goes: 6,
    tell: (row) => plain(row.vm.resourceGroup),
    key: (row) => nameKey(row.vm.resourceGroup),
  },
  {
    ...text,
    head: 'OS',
    sort: 'OS',
    width: 10,
    grows: 1,
    goes: 7,
    tell: (row) => plain(shortOs(row.vm)),
    key: (row) => nameKey(row.vm.osName || row.vm.os),
  },
  { ...text, head: 'Power', sort: 'power', width: 5, goes: 5, tell: powerCell, key: (row) => nameKey(row.vm.power) },
  {
    ...text,
    head: 'Exposed',
    sort: 'exposed',
    width: 14,
    grows: 2,
    goes: 1,
    tell: exposedCell,
    key: (row) => row.exposedPorts?.length ?? -1,
  },
  {
    ...text,
    head: 'Failed logons 24 h',
    sort: 'failed logons',
    width: 25,
    grows: 2,
    goes: 2,
    tell: logonsCell,
    key: ({ worstBurst }) => (worstBurst.state === 'known' ? (worstBurst.value?.totalFailures ?? 0) : -1),
  },
  {
    ...right,
    head: 'Alerts',
    sort: 'alerts',
    width: 6,
    goes: 4,
    tell: alertsCell,
    key: (row) => row.alerts ?? -1,
  },
  {
    ...text,
    head: 'Patches',
    sort: 'patches',
    width: 8,
    goes: 3,
    tell: patchesCell,
    key: (row) => (row.criticalPatches ?? -1) * 100_000 + (row.securityPatches ?? 0),
  },
  {
    ...right,
    head: 'Backup',
    sort: 'backup',
    width: 6,
    goes: 4.5,
    tell: backupCell,
    // Unknown and never come before the oldest: they are what a responder looks for.
    key: ({ lastBackup }) => (lastBackup ? -Date.parse(lastBackup) : 0),
  },
] as const satisfies readonly Column[];

export type Sort = 'suspicion' | (typeof columns)[number]['sort'];

/** The orders of the list: by suspicion first, then by each column. */
export const sorts: readonly Sort[] = ['suspicion', ...columns.map(({ sort }) => sort)];

const suspicion: SortKey = (row) => row.score;

export function sortKeyOf(sort: Sort): SortKey {
  return columns.find((column) => column.sort === sort)?.key ?? suspicion;
}
