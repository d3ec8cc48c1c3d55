import { at, textAt } from '../arm/json.ts';
import { azureError } from '../azure/client/azure-error.ts';
import type { ClusterAddress } from '../azure/client/cluster-door.ts';
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
import { clusterTable, type WayName } from '../kusto/cluster-table.ts';
import { type PlacedTable, placeTables, withViews, writeTable } from '../kusto/ingestion.ts';
import { IngestionService } from '../kusto/ingestion-service.ts';
import { patience } from '../kusto/patience.ts';
import { type Choice, chooseWay, inlineWay, queuedWay } from '../kusto/ways.ts';
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
  const asking = new ClusterQuestions(opened.connection, { address, database, given, now, streams });
  const into = caseFlags(flags);
  return {
    title: `${given ? `${counted(given.evidence.files.length, 'file')} in ` : ''}the database ${database} of ${address.uri}`,
    ask: (query, limit, asked, signal) =>
      asking.ask(query, {
        limit,
        asked,
        signal,
        yes: flags.yes === true,
        into,
        local: address.local,
        wanted: flags.ingestion,
      }),
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
  /** How evidence is to be sent; by its size when undefined. */
  wanted: WayName | undefined;
}

/** A table that is not whole, and how its rows will be sent. */
interface Missing {
  table: PlacedTable;
  choice: Choice;
}

const wayWords: Record<WayName, string> = { inline: 'by .ingest inline', queued: 'by queued ingestion' };

class ClusterQuestions {
  readonly #connection: Connection;
  readonly #given: GivenEvidence | undefined;
  readonly #address: string;
  readonly #local: boolean;
  readonly #database: string;
  readonly #now: Date;
  readonly #streams: Streams;
  #client: Promise<{ client: ClusterClient; service: IngestionService }> | undefined;
  /** Parses queries, and describes evidence. */
  readonly thread = new QueryThread();

  constructor(
    connection: Connection,
    about: { address: ClusterAddress; database: string; given: GivenEvidence | undefined; now: Date; streams: Streams },
  ) {
    this.#connection = connection;
    this.#given = about.given;
    this.#address = about.address.uri;
    this.#local = about.address.local;
    this.#database = about.database;
    this.#now = about.now;
    this.#streams = about.streams;
  }

  async #opened(): Promise<{ client: ClusterClient; service: IngestionService }> {
    const { clusterClient } = await import('../kusto/cluster-client.ts');
    const door = this.#connection.cluster();
    this.#client ??= clusterClient(door).then((client) => ({
      client,
      service: new IngestionService(client, door, this.#connection.clock),
    }));
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
    const written: PlacedTable[] = [];
    const { client, tables } = await this.#ready(described, asking, written).catch((error: unknown) => {
      throw this.#refusal(error, 0);
    });
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
            stored: tables.map(({ of, name, rows: stored, way = 'inline' }) => ({
              name,
              table: of.part.table,
              file: of.part.file.path,
              sha256: of.part.digest.sha256,
              rows: stored,
              way,
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
      const failure = this.#refusal(error, lines);
      if (sent.clientRequestId !== '')
        entered(null, failure instanceof Error ? printable(failure.message, 400) : 'it failed');
      throw failure;
    }
  }

  /** The client, and the tables of the evidence in the cluster. */
  async #ready(
    described: EvidenceParts | undefined,
    asking: Asking,
    written: PlacedTable[],
  ): Promise<{ client: ClusterClient; tables: PlacedTable[] }> {
    const { client, service } = await this.#opened();
    const tables = described ? await this.#written({ client, service }, described, asking, written) : [];
    return { client, tables };
  }

  #refusal(error: unknown, lines: number): unknown {
    return refusalOf(error, lines, { uri: this.#address, local: this.#local });
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
    { client, service }: { client: ClusterClient; service: IngestionService },
    { parts }: EvidenceParts,
    { signal, yes, into, local, wanted }: Asking,
    written: PlacedTable[],
  ): Promise<PlacedTable[]> {
    const placed = await placeTables(client, this.#database, parts.map(clusterTable), { way: wanted, signal });
    const missing = placed.filter(({ state }) => state !== 'whole');
    if (missing.length === 0) return placed;
    // A change is entered in a case before it is made; an emulator on this computer is nobody's Azure.
    if (!local && !into)
      throw new Failure(
        'nothing was written: evidence is written into a cluster with --case ID alone, where it is entered',
      );
    const chosen: Missing[] = [];
    for (const table of missing) {
      const { bytes } = table.of.part.digest;
      chosen.push({ table, choice: await chooseWay(service, { begun: table.way, wanted, bytes }) });
    }
    await confirmWrite(this.#planned(chosen), { yes, streams: this.#streams, signal });
    const done = new Map<string, PlacedTable>();
    const note = into ? await this.#noting(into) : async () => {};
    for (const one of chosen) {
      const table = await this.#write({ client, service }, one, { signal, note });
      done.set(table.name, table);
      written.push(table);
    }
    return placed.map((one) => done.get(one.name) ?? one);
  }

  async #write(
    { client, service }: { client: ClusterClient; service: IngestionService },
    { table, choice }: Missing,
    { signal, note }: { signal: AbortSignal | undefined; note(text: string): Promise<void> },
  ): Promise<PlacedTable> {
    const { of, name } = table;
    const { file, digest } = of.part;
    const place = `the table ${name} of the database ${this.#database} of ${this.#address}`;
    const what = `${of.part.table} of ${file.path} (SHA-256 ${digest.sha256})`;
    let noted = false;
    const gate: ChangeGate = {
      async before({ requestBody }) {
        // A command, or what the upload of a piece says of itself.
        const ours = textAt(requestBody, 'csl').includes(`['${name}']`) || textAt(requestBody, 'table') === name;
        if (!ours) throw new Error(`only ${name} is written now`);
        if (!noted) await note(`Writing ${what} into ${place}, ${wayWords[choice.name]}`);
        noted = true;
        return undefined;
      },
      after: async () => {},
    };
    const line = new ReadingLine(this.#streams);
    const trying = patience(signal);
    const way = choice.name === 'queued' ? queuedWay(service, trying) : inlineWay(client, trying);
    try {
      const whole = await this.#connection.changing(gate, () =>
        writeTable(client, this.#database, table, { patience: trying, way, onProgress: (one) => line.draw(one) }),
      );
      line.clear();
      const rows = `${counted(whole.rows, 'row')}, as many as were read, of`;
      this.#streams.stderr.write(`wrote ${rows} ${printable(what, 300)} into ${name}, ${wayWords[choice.name]}\n`);
      await note(`Wrote ${rows} ${what} into ${place}, ${wayWords[choice.name]}`);
      return whole;
    } catch (error) {
      line.clear();
      const failure = this.#refusal(error, 0);
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

  #planned(missing: readonly Missing[]): string[] {
    const lines = missing.slice(0, mostTold).map(({ table: { of, name, state }, choice }) => {
      const { table, file, digest, columns } = of.part;
      const begun = state === 'begun' ? ', goes on with what is there' : '';
      const way = `${wayWords[choice.name]} (${choice.because})`;
      return `  ${table} of ${file.path}, ${count(digest.bytes)} bytes → table ${name}, ${counted(columns.length, 'column')}, ${way}${begun}`;
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
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    const ways = [...new Set(tables.flatMap(({ way }) => (way ? [wayWords[way]] : [])))].join(' and ');
    return [
      ...(tables.length > 0
        ? [`the cluster has ${counted(rows, 'row')} of the evidence, counted there: as many as were sent, ${ways}`]
        : []),
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

/** A refusal of the cluster, or its silence, as a Failure with its own words; any other error as it is. */
function refusalOf(error: unknown, lines: number, { uri, local }: ClusterAddress): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name === 'StorageFailed')
    return new Failure(
      `${error.message}: --ingestion inline sends the evidence through the cluster itself`,
      exitCode.needsAttention,
      { cause: error },
    );
  if (error.name === 'ClusterQueryFailed')
    return new Failure(`the cluster gave no answer: ${placed(error.message, lines)}`, exitCode.needsAttention, {
      cause: error,
    });
  const { status, code: errorCode } = azureError(error);
  if (status === 0 && /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT)$/.test(errorCode)) {
    const silent = local
      ? `no Kusto emulator answers at ${uri} (${errorCode}): start it, or name the port that it listens at`
      : `the cluster ${uri} does not answer (${errorCode}): check its name and the network; a cluster that is stopped has to be started first`;
    return new Failure(silent, exitCode.needsAttention, { cause: error });
  }
  if (error.name !== 'RestError' || status < 400 || status === 401) return error;
  const body: unknown = Reflect.get(error, 'details');
  const said = saidBy(at(body, 'error'));
  if (said === '') return error;
  const code = status === 400 ? exitCode.usage : status === 403 ? exitCode.notPermitted : exitCode.needsAttention;
  return new Failure(`the cluster refused it (${status}): ${placed(said, lines)}`, code, { cause: error });
}
