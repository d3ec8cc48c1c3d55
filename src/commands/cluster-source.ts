import { at, textAt } from '../arm/json.ts';
import { azureError } from '../azure/client/azure-error.ts';
import type { Connection } from '../azure/client/connection.ts';
import type { AskedQuery } from '../documents/asked-query.ts';
import type { ChangeGate } from '../documents/exchange.ts';
import type { QueryDocument } from '../documents/query.ts';
import type { EvidenceParts } from '../evidence/evidence-parts.ts';
import type { Evidence } from '../evidence/gather.ts';
import { QueryThread } from '../evidence/query-thread.ts';
import { exitCode, Failure } from '../failure.ts';
import { saidBy } from '../kusto/answer.ts';
import { clusterAddress, databaseName } from '../kusto/cluster-address.ts';
import type { ClusterClient, Sent } from '../kusto/cluster-client.ts';
import { clusterTable } from '../kusto/cluster-table.ts';
import { type PlacedTable, placeTables, withViews, writeTable } from '../kusto/ingestion.ts';
import { count, counted } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import { caseFlags } from './case-flags.ts';
import { confirmWrite } from './confirm-write.ts';
import type { archiveDigests } from './gathered-logs.ts';
import { gatheredNotes } from './gathered-notes.ts';
import type { CaseFlags } from './into-case.ts';
import { openConnection, type Streams } from './options.ts';
import type { QuerySource, SourceFlags } from './query-sources.ts';
import { ReadingLine } from './reading-line.ts';

/** Evidence that is to be asked in a cluster. */
export interface GivenEvidence {
  evidence: Evidence;
  archives: Awaited<ReturnType<typeof archiveDigests>>;
}

/** Tables that are listed one by one before they are written. */
const mostTold = 12;

/**
 * A cluster of Azure Data Explorer, or an emulator of one, as the source of answers: over evidence, which is written into it
 * once, or over what its database has. Throws Failure for flags that do not fit.
 */
export async function overCluster(
  flags: SourceFlags & { cluster: string },
  given: GivenEvidence | undefined,
  now: Date,
  streams: Streams,
): Promise<QuerySource> {
  const address = clusterAddress(flags.cluster);
  if (flags.database === undefined) throw new Failure('--cluster needs --database NAME');
  const database = databaseName(flags.database);
  const opened = await openConnection(flags);
  const asking = new ClusterQuestions(opened.connection, { address: address.uri, database, given, now, streams });
  const into = caseFlags(flags);
  return {
    title: `${given ? `${counted(given.evidence.files.length, 'file')} in ` : ''}the database ${database} of ${address.uri}`,
    ask: (query, limit, asked, signal) =>
      asking.ask(query, { limit, asked, signal, yes: flags.yes === true, into, local: address.local }),
    complete: (text, position) => asking.thread.complete({ text, position, files: given?.evidence.files }),
    async close() {
      asking.thread.close();
      await opened.close();
    },
  };
}

interface Asking {
  limit: number;
  asked: AskedQuery[];
  signal: AbortSignal | undefined;
  yes: boolean;
  into: CaseFlags | undefined;
  local: boolean;
}

class ClusterQuestions {
  readonly #connection: Connection;
  readonly #given: GivenEvidence | undefined;
  readonly #address: string;
  readonly #database: string;
  readonly #now: Date;
  readonly #streams: Streams;
  #client: Promise<ClusterClient> | undefined;
  /** Parses queries, and describes evidence. */
  readonly thread = new QueryThread();

  constructor(
    connection: Connection,
    about: { address: string; database: string; given: GivenEvidence | undefined; now: Date; streams: Streams },
  ) {
    this.#connection = connection;
    this.#given = about.given;
    this.#address = about.address;
    this.#database = about.database;
    this.#now = about.now;
    this.#streams = about.streams;
  }

  async #opened(): Promise<ClusterClient> {
    const { clusterClient } = await import('../kusto/cluster-client.ts');
    this.#client ??= clusterClient(this.#connection.cluster());
    this.#client.catch(() => {
      this.#client = undefined;
    });
    return this.#client;
  }

  async ask(query: string, asking: Asking): Promise<QueryDocument> {
    const { limit, asked, signal } = asking;
    if (/^\s*\./.test(query)) throw new Failure('a management command is no query: cordon only asks the cluster');
    const described = await this.#described(query, signal);
    if (described && /\bexternaldata\s*\(/.test(query))
      throw new Failure(
        'externaldata is not fetched, also by a cluster: name its table as evidence, and that in the query',
      );
    const client = await this.#opened();
    const written: PlacedTable[] = [];
    const tables = described ? await this.#written(client, described, asking, written) : [];
    const { text, lines } = described ? withViews(query, tables) : { text: query, lines: 0 };
    const began = performance.now();
    let sent: Sent = { clientRequestId: '', activityId: '', sha256: '' };
    const entered = (rows: number | null, error: string): void => {
      asked.push({
        service: 'Azure Data Explorer',
        text: query,
        rows,
        sha256: sent.sha256,
        durationSeconds: (performance.now() - began) / 1000,
        error,
        clientRequestId: sent.clientRequestId,
        requestId: sent.activityId,
        correlationId: '',
        cluster: { uri: this.#address, database: this.#database, sent: text },
      });
    };
    try {
      const onSent = (one: Sent): void => {
        sent = one;
      };
      const answer = await client.query(this.#database, text, {
        now: this.#now,
        onSent,
        signal,
        nothingElse: described !== undefined,
      });
      const { columns, rows, others, partial } = answer;
      entered(rows.length === 0 && partial !== '' ? null : rows.length, partial);
      const notes = [
        `asked the cluster ${this.#address}, database ${this.#database}, activity id ${sent.activityId || 'not given'}`,
        ...(partial === '' ? [] : [`not all rows: ${partial}`]),
        ...(others === 0 ? [] : [`${counted(others, 'further result')} of the query not shown`]),
        ...this.#notesOf(tables, written, described),
      ];
      if (tables.length > 0 && /\bingestion_time\s*\(/.test(query))
        notes.push('ingestion_time() is when the cluster took the rows');
      return {
        schema: 'cordon.kql/1',
        query,
        now: this.#now.toISOString(),
        source: {
          cluster: {
            uri: this.#address,
            database: this.#database,
            activityId: sent.activityId,
            clientRequestId: sent.clientRequestId,
            stored: tables.map(({ of, name, rows: stored }) => ({
              name,
              table: of.part.table,
              file: of.part.file.path,
              sha256: of.part.digest.sha256,
              rows: stored,
              written: written.some((one) => one.name === name),
            })),
          },
          ...(described && this.#given ? { files: [...described.files, ...this.#given.archives] } : {}),
          ...(tables.length > 0 ? { tables: rowsByTable(tables) } : {}),
        },
        columns,
        rows: rows.slice(0, limit),
        total: rows.length,
        ...(partial === '' ? {} : { partial }),
        visualization: /\brender\b/i.test(query)
          ? (await import('../kql/visualization.ts')).visualizationOf(query)
          : undefined,
        notes,
      };
    } catch (error) {
      const failure = refusalOf(error, lines);
      if (sent.clientRequestId !== '')
        entered(null, failure instanceof Error ? printable(failure.message, 400) : 'it failed');
      throw failure;
    }
  }

  /** What of the evidence the query can depend on; undefined where the cluster's own tables are asked. */
  async #described(query: string, signal: AbortSignal | undefined): Promise<EvidenceParts | undefined> {
    if (!this.#given) return undefined;
    const line = new ReadingLine(this.#streams);
    try {
      const { files } = this.#given.evidence;
      return await this.thread.parts(
        { query, files },
        { onProgress: (one) => line.draw(one), ...(signal && { signal }) },
      );
    } finally {
      line.clear();
    }
  }

  /** The tables of the evidence in the cluster, those that were missing written now. */
  async #written(
    client: ClusterClient,
    { parts }: EvidenceParts,
    { signal, yes, into, local }: Asking,
    written: PlacedTable[],
  ): Promise<PlacedTable[]> {
    const placed = await placeTables(client, this.#database, parts.map(clusterTable), signal);
    const missing = placed.filter(({ state }) => state !== 'whole');
    if (missing.length === 0) return placed;
    // A change is entered in a case before it is made; an emulator on this computer is nobody's Azure.
    if (!local && !into)
      throw new Failure(
        'nothing was written: evidence is written into a cluster with --case ID alone, where it is entered',
      );
    await confirmWrite(this.#planned(missing), { yes, streams: this.#streams, signal });
    const done = new Map<string, PlacedTable>();
    const note = into ? await this.#noting(into) : async () => {};
    for (const one of missing) {
      const table = await this.#write(client, one, { signal, note });
      done.set(table.name, table);
      written.push(table);
    }
    return placed.map((one) => done.get(one.name) ?? one);
  }

  async #write(
    client: ClusterClient,
    table: PlacedTable,
    { signal, note }: { signal: AbortSignal | undefined; note(text: string): Promise<void> },
  ): Promise<PlacedTable> {
    const { of, name } = table;
    const { file, digest } = of.part;
    const place = `the table ${name} of the database ${this.#database} of ${this.#address}`;
    const what = `${of.part.table} of ${file.path} (SHA-256 ${digest.sha256})`;
    let noted = false;
    const gate: ChangeGate = {
      async before({ requestBody }) {
        if (!textAt(requestBody, 'csl').includes(`['${name}']`)) throw new Error(`only ${name} is written now`);
        if (!noted) await note(`Writing ${what} into ${place}`);
        noted = true;
        return undefined;
      },
      after: async () => {},
    };
    const line = new ReadingLine(this.#streams);
    try {
      const whole = await this.#connection.changing(gate, () =>
        writeTable(client, this.#database, table, { signal, onProgress: (one) => line.draw(one) }),
      );
      line.clear();
      this.#streams.stderr.write(`wrote ${counted(whole.rows, 'row')} of ${printable(what, 300)} into ${name}\n`);
      await note(`Wrote ${counted(whole.rows, 'row')} of ${what} into ${place}`);
      return whole;
    } catch (error) {
      line.clear();
      const failure = refusalOf(error, 0);
      const because = failure instanceof Error ? failure.message : String(failure);
      if (noted) {
        await note(`Not all of ${what} was written into ${place}: ${because}`);
        this.#streams.stderr.write(
          `not all of ${printable(what, 300)} is in ${name}; the next attempt goes on where this one ended\n`,
        );
      }
      throw failure;
    }
  }

  /** Enters sentences into the case, each before what it speaks of goes on. */
  async #noting(into: CaseFlags): Promise<(text: string) => Promise<void>> {
    const { intoCase } = await import('./into-case.ts');
    return (text) =>
      intoCase(into, async (file, actor) => {
        await file.transcript.append('note', actor, { text: printable(text, 2000) });
      });
  }

  #planned(missing: readonly PlacedTable[]): string[] {
    const lines = missing.slice(0, mostTold).map(({ of, name, state }) => {
      const { table, file, digest, columns } = of.part;
      const begun = state === 'begun' ? ', goes on with what is there' : '';
      return `  ${table} of ${file.path}, ${count(digest.bytes)} bytes → table ${name}, ${counted(columns.length, 'column')}${begun}`;
    });
    if (missing.length > mostTold)
      lines.push(`  and ${counted(missing.length - mostTold, 'more table', 'more tables')}`);
    return [
      `This is written into the database ${this.#database} of ${this.#address}, where it stays until you drop it:`,
      ...lines,
    ];
  }

  #notesOf(
    tables: readonly PlacedTable[],
    written: readonly PlacedTable[],
    described: EvidenceParts | undefined,
  ): string[] {
    if (!described || !this.#given) return [];
    const before = tables.length - written.length;
    return [
      ...(before > 0
        ? [
            `${counted(before, 'table')} of the evidence ${before === 1 ? 'was' : 'were'} in the cluster already, and not written again`,
          ]
        : []),
      // A file that has rows of two tables was read for each, and remarked on twice.
      ...new Set([...tables.flatMap(({ notes }) => notes), ...described.notes]),
      ...gatheredNotes(this.#given.evidence),
    ];
  }
}

function rowsByTable(tables: readonly PlacedTable[]): { name: string; rows: number }[] {
  const rows = new Map<string, number>();
  for (const { of, rows: own } of tables) rows.set(of.part.table, (rows.get(of.part.table) ?? 0) + own);
  return [...rows].map(([name, sum]) => ({ name, rows: sum }));
}

/** The place of an error in the query as its author wrote it: `lines` are in front of it. */
const placed = (text: string, lines: number): string =>
  text.replace(
    /\[line:position=(\d+):(\d+)\]/g,
    (_, line: string, column: string) => `[line ${Number(line) - lines}, column ${column}]`,
  );

/** A refusal of the cluster as a Failure with its own words; any other error as it is. */
function refusalOf(error: unknown, lines: number): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name === 'ClusterQueryFailed')
    return new Failure(`the cluster gave no answer: ${placed(error.message, lines)}`, exitCode.needsAttention, {
      cause: error,
    });
  const { status } = azureError(error);
  if (error.name !== 'RestError' || status < 400 || status === 401 || status === 429) return error;
  const body: unknown = Reflect.get(error, 'details');
  const said = saidBy(at(body, 'error'));
  if (said === '') return error;
  const code = status === 400 ? exitCode.usage : status === 403 ? exitCode.notPermitted : exitCode.needsAttention;
  return new Failure(`the cluster refused it (${status}): ${placed(said, lines)}`, code, { cause: error });
}
