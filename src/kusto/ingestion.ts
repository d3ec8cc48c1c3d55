import { textAt } from '../arm/json.ts';
import { kqlString } from '../azure/client/kql-literal.ts';
import { rowsOfPart } from '../evidence/part-rows.ts';
import type { QueryProgress } from '../evidence/reading.ts';
import { exitCode, Failure } from '../failure.ts';
import { serviceTables } from '../kql/service-tables.ts';
import { counted } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import type { ClusterClient } from './cluster-client.ts';
import {
  type ClusterTable,
  createCommand,
  csvLines,
  LONGEST_VALUE,
  noteCommand,
  noteOf,
  quotedName,
  readNote,
  tagOf,
  viewOf,
  type WayName,
} from './cluster-table.ts';
import { type Patience, patience } from './patience.ts';
import { inlineWay, type Piece, type Way } from './ways.ts';

/** Where a part of the evidence is, or will be, in the cluster. */
export interface PlacedTable {
  of: ClusterTable;
  /** The name of the stored table: that of its content, or with a number behind where that one cannot be used. */
  name: string;
  state: 'missing' | 'begun' | 'whole';
  /** How what is there was sent; undefined where nothing is. */
  way: WayName | undefined;
  /** Of a whole table: as many as were sent. */
  rows: number;
  /** Remarks of the reading, of a whole table. */
  notes: readonly string[];
}

/** Lines are handed on by so many characters. */
const HANDED_ON = 256 * 1024;
/** Tables of the same content that cannot be used; more point to something that cordon cannot mend. */
const MOST_NAMES = 9;

/** Counts of one query. */
const COUNTED_AT_ONCE = 50;

/** How many rows some tables have. */
async function countsOf(
  client: ClusterClient,
  database: string,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (let i = 0; i < names.length; i += COUNTED_AT_ONCE) {
    const legs = names
      .slice(i, i + COUNTED_AT_ONCE)
      .map((name) => `(${quotedName(name)} | count | project cordon_table = ${kqlString(name)}, Count)`);
    const text = legs.length === 1 ? (legs[0] ?? '') : `union ${legs.join(', ')}`;
    const { rows } = await client.query(database, text, { now: new Date(), onSent: () => {}, signal });
    for (const [name, rowCount] of rows) counts.set(String(name), Number(rowCount));
  }
  return counts;
}

/**
 * Finds out which parts of the evidence the cluster has. A table counts as whole where its note says so and it has the rows
 * of that note: rows that a retention policy took, or that somebody added, make it unusable, and another is made beside it, as where
 * a table was begun by another way than is wanted now: its pieces are cut otherwise.
 */
export async function placeTables(
  client: ClusterClient,
  database: string,
  tables: readonly ClusterTable[],
  { way: wanted, signal }: { way?: WayName | undefined; signal?: AbortSignal | undefined } = {},
): Promise<PlacedTable[]> {
  const shown = await client.command(
    database,
    '.show tables | where TableName startswith "cordon_" | project TableName, DocString',
    signal,
  );
  const notes = new Map(shown.map((row) => [textAt(row, 'TableName'), readNote(textAt(row, 'DocString'))]));
  const namesFor = ({ name }: ClusterTable): string[] => [
    name,
    ...Array.from({ length: MOST_NAMES - 1 }, (_, i) => `${name}_${i + 2}`),
  ];
  const whole = tables.flatMap((table) => namesFor(table).filter((name) => notes.get(name)?.state === 'whole'));
  const counts = await countsOf(client, database, [...new Set(whole)], signal);
  return tables.map((of): PlacedTable => {
    for (const name of namesFor(of)) {
      if (!notes.has(name)) return { of, name, state: 'missing', way: undefined, rows: 0, notes: [] };
      const note = notes.get(name);
      if (note?.sha256 !== of.part.digest.sha256) continue;
      const { way, rows, notes: remarks } = note;
      if (note.state === 'begun' && (wanted ?? way) === way)
        return { of, name, state: 'begun', way, rows: 0, notes: [] };
      if (note.state === 'whole' && counts.get(name) === rows)
        return { of, name, state: 'whole', way, rows, notes: remarks };
    }
    throw new Failure(
      `${MOST_NAMES} tables ${printable(of.name, 100)}… of the database have other rows than were written: look at them, and drop them yourself`,
      exitCode.needsAttention,
    );
  });
}

/** Stands for the tables of evidence that a query asks nothing of: with nothing to be seen, it still sees nothing else. */
const NO_TABLE = 'cordon_nothing';

/**
 * The text that is sent of a query over evidence: each table as a view, nothing else to be seen, and the query as it is, but
 * for watchlists and Resource Graph's tables, which a cluster does not know.
 */
export function withViews(query: string, tables: readonly PlacedTable[]): { text: string; lines: number } {
  const byTable = Map.groupBy(tables, ({ of }) => of.part.table);
  const views = [...byTable.values()].map(viewOf);
  const names = [...byTable.keys()];
  if (views.length === 0) views.push(`let ${NO_TABLE} = view () { print cordon = 0 };`);
  const seen = names.length === 0 ? [NO_TABLE] : names.map(quotedName);
  const front = [...views, `restrict access to (${seen.join(', ')});`];
  return { text: [...front, serviceTables(query, new Set(names), 'by name')].join('\n'), lines: front.length };
}

export interface WriteOptions {
  patience?: Patience;
  /** How it is sent; by `.ingest inline` when absent. */
  way?: Way;
  onProgress?(progress: QueryProgress): void;
}

/**
 * Writes the rows of one part: creates its table, sends its pieces, each once whatever happens, and notes at the end what is
 * there. What an earlier attempt wrote is kept and not sent again. Nothing is ever deleted: an attempt that is ended leaves
 * a table that the next one goes on with. Throws Failure where the table has other rows than were sent.
 */
export async function writeTable(
  client: ClusterClient,
  database: string,
  { of, name, state }: PlacedTable,
  options: WriteOptions = {},
): Promise<PlacedTable> {
  const { patience: trying = patience(undefined), onProgress = () => {} } = options;
  const { way = inlineWay(client, trying) } = options;
  const { signal } = trying;
  if (state === 'missing') {
    const begun = createCommand(of, name, noteOf(of, 'begun', { way: way.name }));
    await trying.again(() => client.command(database, begun, signal));
  }
  const present = () => tagsOf(client, database, name, signal);
  const there = state === 'begun' ? await present() : new Set<string>();
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let [number, oversized] = [0, 0];
  let [piece, bytes, rows]: [Piece | undefined, number, number] = [undefined, 0, 0];
  let lines: string[] = [];
  let held = 0;
  const handOn = async (): Promise<void> => {
    const csv = lines.join('');
    [lines, held] = [[], 0];
    await piece?.add(csv);
  };
  const begin = async (): Promise<void> => {
    const tag = tagOf(name, number);
    number += 1;
    // One that is there, or on its way, is read past.
    const past = there.has(tag) || (state === 'begun' && (await way.onItsWay(tag)));
    piece = past ? undefined : way.begin({ database, table: name, tag });
    [bytes, rows] = [0, 0];
  };
  const send = async (): Promise<void> => {
    await handOn();
    const [full, ofRows] = [piece, rows];
    [piece, bytes, rows] = [undefined, 0, 0];
    if (!full) return;
    const sending: Promise<void> = full.send(ofRows).then(
      () => void underWay.delete(sending),
      (error: unknown) => {
        underWay.delete(sending);
        failures.push(error);
      },
    );
    underWay.add(sending);
    if (underWay.size >= way.atOnce) await Promise.race(underWay);
    if (failures.length > 0) throw failures[0];
  };
  const read = rowsOfPart(of.part, onProgress);
  try {
    for (;;) {
      const next = await read.next();
      if (next.done) {
        if (rows > 0) await send();
        await Promise.all(underWay);
        if (failures.length > 0) throw failures[0];
        await way.arrived(present);
        const notes = [...next.value.notes];
        if (oversized > 0)
          notes.push(
            `${counted(oversized, 'row')} of more than 1 MB: a cluster cuts each value that is longer than that`,
          );
        return await finish(client, database, { of, name, way: way.name, sent: next.value.rows, notes }, trying);
      }
      for (const line of csvLines(of, next.value)) {
        const size = Buffer.byteLength(line) + 1;
        if (rows > 0 && bytes + size > way.pieceBytes) await send();
        if (rows === 0) await begin();
        if (size > LONGEST_VALUE) oversized += 1;
        bytes += size;
        rows += 1;
        if (!piece) continue;
        lines.push(`${line}\n`);
        held += size;
        if (held >= HANDED_ON) await handOn();
      }
      signal?.throwIfAborted();
    }
  } finally {
    await read.return({ rows: 0, notes: [] });
    await Promise.allSettled(underWay);
  }
}

/** Counts what has arrived, and notes it with the table. Nothing is answered from rows that are other than were sent. */
async function finish(
  client: ClusterClient,
  database: string,
  { of, name, way, sent, notes }: { of: ClusterTable; name: string; way: WayName; sent: number; notes: string[] },
  { again, signal }: Patience,
): Promise<PlacedTable> {
  const arrived = (await countsOf(client, database, [name], signal)).get(name) ?? 0;
  if (arrived !== sent) {
    await again(() => client.command(database, noteCommand(name, noteOf(of, 'broken', { way })), signal));
    const why =
      arrived > sent ? 'something else writes there too, or a piece came twice' : 'the cluster did not take the others';
    throw new Failure(
      `the table ${name} has ${counted(arrived, 'row')} where ${sent} were written: ${why}; nothing is answered from it, it is left as it is, and the next attempt makes another`,
      exitCode.needsAttention,
    );
  }
  await again(() =>
    client.command(database, noteCommand(name, noteOf(of, 'whole', { way, rows: arrived, notes })), signal),
  );
  return { of, name, state: 'whole', way, rows: arrived, notes };
}

/** The pieces that are there, by their tags. */
async function tagsOf(
  client: ClusterClient,
  database: string,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Set<string>> {
  const extents = await client.command(database, `.show table ${quotedName(name)} extents | project Tags`, signal);
  return new Set(
    extents.flatMap((extent) => [...textAt(extent, 'Tags').matchAll(/ingest-by:(\S+)/g)].map(([, tag]) => tag ?? '')),
  );
}
