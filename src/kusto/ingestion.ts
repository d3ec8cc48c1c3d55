import { setTimeout as sleep } from 'node:timers/promises';
import { textAt } from '../arm/json.ts';
import { azureError } from '../azure/client/azure-error.ts';
import { kqlString } from '../azure/client/kql-literal.ts';
import { rowsOfPart } from '../evidence/part-rows.ts';
import type { QueryProgress } from '../evidence/reading.ts';
import { exitCode, Failure } from '../failure.ts';
import { watchlistsAsTables } from '../kql/watchlists.ts';
import { counted } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import type { ClusterClient } from './cluster-client.ts';
import {
  type ClusterTable,
  createCommand,
  csvLines,
  ingestCommand,
  LONGEST_VALUE,
  noteCommand,
  noteOf,
  quotedName,
  readNote,
  tagOf,
  viewOf,
} from './cluster-table.ts';

/** Where a part of the evidence is, or will be, in the cluster. */
export interface PlacedTable {
  of: ClusterTable;
  /** The name of the stored table: that of its content, or with a number behind where that one cannot be used. */
  name: string;
  state: 'missing' | 'begun' | 'whole';
  /** Of a whole table. */
  rows: number;
  /** Remarks of the reading, of a whole table. */
  notes: readonly string[];
}

/** A piece is one command, whose whole text the cluster parses; a value of the longest kind and its row fit. */
const PIECE_BYTES = 1024 * 1024;
/** Pieces under way: the smallest cluster takes one ingestion for each core ("Capacity policy", 2024-08-11). */
const AT_ONCE = 2;
const MOST_ATTEMPTS = 6;
const LONGEST_WAIT_MS = 20_000;
/** Tables of the same content that cannot be used; more point to something that cordon cannot mend. */
const MOST_NAMES = 9;

/** Counts of one query. */
const COUNTED_AT_ONCE = 50;

export type Wait = (ms: number, signal: AbortSignal | undefined) => Promise<unknown>;
const waitFor: Wait = (ms, signal) => sleep(ms, undefined, signal ? { signal } : {});

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
 * of that note: rows that a retention policy took, or that somebody added, make it unusable, and another is made beside it.
 */
export async function placeTables(
  client: ClusterClient,
  database: string,
  tables: readonly ClusterTable[],
  signal?: AbortSignal,
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
      if (!notes.has(name)) return { of, name, state: 'missing', rows: 0, notes: [] };
      const note = notes.get(name);
      if (note?.sha256 !== of.part.digest.sha256) continue;
      if (note.state === 'begun') return { of, name, state: 'begun', rows: 0, notes: [] };
      if (note.state === 'whole' && counts.get(name) === note.rows)
        return { of, name, state: 'whole', rows: note.rows, notes: note.notes };
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
 * for watchlists, which a cluster does not know.
 */
export function withViews(query: string, tables: readonly PlacedTable[]): { text: string; lines: number } {
  const byTable = Map.groupBy(tables, ({ of }) => of.part.table);
  const views = [...byTable.values()].map(viewOf);
  const names = [...byTable.keys()];
  if (views.length === 0) views.push(`let ${NO_TABLE} = view () { print cordon = 0 };`);
  const seen = names.length === 0 ? [NO_TABLE] : names.map(quotedName);
  const front = [...views, `restrict access to (${seen.join(', ')});`];
  return { text: [...front, watchlistsAsTables(query, new Set(names), 'by name')].join('\n'), lines: front.length };
}

export interface WriteOptions {
  signal?: AbortSignal | undefined;
  onProgress?(progress: QueryProgress): void;
  wait?: Wait;
}

/**
 * Writes the rows of one part: creates its table, sends its pieces, each once whatever happens, and notes at the end what is
 * there. What an earlier attempt wrote is kept and not sent again. Nothing is ever deleted: an attempt that is ended leaves
 * a table that the next one goes on with.
 */
export async function writeTable(
  client: ClusterClient,
  database: string,
  { of, name, state }: PlacedTable,
  { signal, onProgress = () => {}, wait = waitFor }: WriteOptions = {},
): Promise<PlacedTable> {
  const again = <T>(work: () => Promise<T>): Promise<T> => patiently(work, wait, signal);
  if (state === 'missing')
    await again(() => client.command(database, createCommand(of, name, noteOf(of, 'begun')), signal));
  const there = state === 'begun' ? await tagsOf(client, database, name, signal) : new Set<string>();
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let [piece, bytes, oversized] = [0, 0, 0];
  let lines: string[] = [];
  const send = async (): Promise<void> => {
    const tag = tagOf(name, piece);
    piece += 1;
    const csv = `${lines.join('\n')}\n`;
    [lines, bytes] = [[], 0];
    if (there.has(tag)) return;
    const sending: Promise<void> = again(() => client.command(database, ingestCommand(name, tag, csv), signal)).then(
      () => void underWay.delete(sending),
      (error: unknown) => {
        underWay.delete(sending);
        failures.push(error);
      },
    );
    underWay.add(sending);
    if (underWay.size >= AT_ONCE) await Promise.race(underWay);
    if (failures.length > 0) throw failures[0];
  };
  const rows = rowsOfPart(of.part, onProgress);
  try {
    for (;;) {
      const next = await rows.next();
      if (next.done) {
        if (lines.length > 0) await send();
        await Promise.all(underWay);
        if (failures.length > 0) throw failures[0];
        const notes = [...next.value.notes];
        if (oversized > 0)
          notes.push(
            `${counted(oversized, 'row')} of more than 1 MB: a cluster cuts each value that is longer than that`,
          );
        return await finish(client, database, { of, name, sent: next.value.rows, notes }, again, signal);
      }
      for (const line of csvLines(of, next.value)) {
        const size = Buffer.byteLength(line) + 1;
        if (bytes > 0 && bytes + size > PIECE_BYTES) await send();
        if (size > LONGEST_VALUE) oversized += 1;
        lines.push(line);
        bytes += size;
      }
      signal?.throwIfAborted();
    }
  } finally {
    await rows.return({ rows: 0, notes: [] });
    await Promise.allSettled(underWay);
  }
}

/** Counts what has arrived, and notes it with the table. */
async function finish(
  client: ClusterClient,
  database: string,
  { of, name, sent, notes }: { of: ClusterTable; name: string; sent: number; notes: string[] },
  again: <T>(work: () => Promise<T>) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<PlacedTable> {
  const arrived = (await countsOf(client, database, [name], signal)).get(name) ?? 0;
  if (arrived > sent) {
    await again(() => client.command(database, noteCommand(name, noteOf(of, 'broken')), signal));
    throw new Failure(
      `the table ${name} has ${counted(arrived, 'row')} where ${sent} were written: something else writes there too; it is left as it is, and the next attempt makes another`,
      exitCode.needsAttention,
    );
  }
  if (arrived < sent) notes.push(`the cluster did not take ${counted(sent - arrived, 'row')} of ${sent}`);
  await again(() => client.command(database, noteCommand(name, noteOf(of, 'whole', arrived, notes)), signal));
  return { of, name, state: 'whole', rows: arrived, notes };
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

/** Does something that is done once however often it is asked for, until it is answered or refused for good. */
async function patiently<T>(work: () => Promise<T>, wait: Wait, signal: AbortSignal | undefined): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const { status, retryAfterSeconds, code, name } = azureError(error);
      const noAnswer = name === 'TimeLimitExceeded' || /^(E[A-Z_]+|REQUEST_SEND_ERROR)$/.test(code);
      const passing = status === 0 ? noAnswer : status === 429 || status >= 500;
      if (signal?.aborted || !passing || attempt >= MOST_ATTEMPTS) throw error;
      await wait(Math.min(LONGEST_WAIT_MS, retryAfterSeconds ? retryAfterSeconds * 1000 : 500 * 2 ** attempt), signal);
    }
  }
}
