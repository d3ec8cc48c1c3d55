import type { AskedQuery } from '../documents/asked-query.ts';
import type { QueryDocument } from '../documents/query.ts';
import { evidenceFile } from '../evidence/evidence-files.ts';
import { type Evidence, gatherEvidence } from '../evidence/gather.ts';
import { QueryThread } from '../evidence/query-thread.ts';
import { Failure } from '../failure.ts';
import type { Completion } from '../kql/completion.ts';
import { KqlError } from '../kql/kqlerror.ts';
import type { WayName } from '../kusto/cluster-table.ts';
import { counted, listed } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import { archiveDigests } from './gathered-logs.ts';
import { gatheredNotes } from './gathered-notes.ts';
import { memorySize } from './memory-size.ts';
import { type ConnectionFlags, openConnection, type Streams } from './options.ts';
import { ReadingLine } from './reading-line.ts';

/** Evidence files or a VM's logs, to ask as often as wanted and to close. */
export interface QuerySource {
  /** In a few words. */
  readonly title: string;
  /**
   * The answer, of at most `limit` rows. What was sent is added to `asked`, also where the answer is an error. Rejects
   * with KqlError, EvidenceError, Failure, or the signal's reason.
   */
  ask(query: string, limit: number, asked: AskedQuery[], signal?: AbortSignal): Promise<QueryDocument>;
  /** The texts that fit a place of a query. */
  complete(text: string, position: number): Promise<Completion>;
  close(): Promise<void>;
}

export interface SourceFlags extends ConnectionFlags {
  evidence?: string[];
  vm?: string;
  /** A cluster that is asked, and its database; evidence is written into it first. */
  cluster?: string;
  database?: string;
  /** How evidence is sent into the cluster; by its size when absent. */
  ingestion?: WayName;
  /** Answers yes to what is about to be written. */
  yes?: boolean;
  case?: string;
  cases?: string;
  hours?: number;
  now?: string;
  memory?: string;
}

/** What the flags name. Throws Failure where they name neither or both. */
export async function querySource(flags: SourceFlags, streams: Streams): Promise<QuerySource> {
  if (flags.evidence && flags.vm)
    throw new Failure('--evidence and --vm exclude each other: a query runs over files or over Log Analytics');
  const { cluster } = flags;
  if (cluster !== undefined) {
    if (flags.vm)
      throw new Failure('--cluster and --vm exclude each other: a query runs in a cluster or in Log Analytics');
    const given = flags.evidence === undefined ? undefined : await gathered(flags.evidence);
    const { overCluster } = await import('./cluster-source.ts');
    return overCluster({ ...flags, cluster }, given, nowOf(flags.now), streams);
  }
  if (flags.database !== undefined || flags.yes || flags.ingestion !== undefined)
    throw new Failure('--database, --ingestion and --yes belong to --cluster');
  if (flags.evidence) return overEvidence(flags.evidence, flags, streams);
  if (flags.vm) return overLogs(flags.vm, flags);
  throw new Failure('name the evidence with --evidence FILE…, a VM with --vm, or a cluster with --cluster');
}

function nowOf(given: string | undefined): Date {
  if (given === undefined) return new Date();
  const now = new Date(given);
  if (Number.isNaN(now.getTime()))
    throw new Failure(`--now takes a time such as 2026-11-23T02:00:00Z, not "${printable(given, 60)}"`);
  return now;
}

async function gathered(given: readonly string[]) {
  const evidence = await gatherEvidence(given, { named: evidenceFile });
  return { evidence, archives: await archiveDigests(evidence) };
}

async function overEvidence(
  given: readonly string[],
  { now: wantedNow, memory: wantedMemory }: SourceFlags,
  streams: Streams,
): Promise<QuerySource> {
  const now = nowOf(wantedNow);
  const memory = wantedMemory === undefined ? undefined : memorySize(wantedMemory);
  const { evidence, archives } = await gathered(given);
  const thread = new QueryThread(memory);
  return {
    title: counted(evidence.files.length, 'file'),
    ask: (query, limit, asked, signal) =>
      askEvidence(thread, { query, evidence, archives, now, limit, memory }, asked, streams, signal),
    complete: (text, position) => thread.complete({ text, position, files: evidence.files }),
    close: async () => thread.close(),
  };
}

interface EvidenceQuestion {
  query: string;
  evidence: Evidence;
  /** Archives that were opened, with their digests. */
  archives: Awaited<ReturnType<typeof archiveDigests>>;
  now: Date;
  limit: number;
  memory: number | undefined;
}

async function askEvidence(
  thread: QueryThread,
  { query, evidence, archives, now, limit, memory }: EvidenceQuestion,
  asked: AskedQuery[],
  streams: Streams,
  signal: AbortSignal | undefined,
): Promise<QueryDocument> {
  const line = new ReadingLine(streams);
  try {
    const started = performance.now();
    const answer = await thread.query(
      { query, files: evidence.files, now: now.getTime(), limit, memory },
      { onProgress: (progress) => line.draw(progress), ...(signal && { signal }) },
    );
    const { columns, rows, total, tables, files, visualization } = answer;
    asked.push({
      service: 'evidence files',
      text: query,
      rows: total,
      sha256: '',
      durationSeconds: (performance.now() - started) / 1000,
      error: '',
      clientRequestId: '',
      requestId: '',
      correlationId: '',
    });
    const notes = [...gatheredNotes(evidence), ...answer.notes];
    if (total === 0 && /\b(?:ago|now)\s*\(/.test(query)) {
      notes.push(`now() is ${now.toISOString()}; for older evidence give --now`);
    }
    const source = { files: [...files, ...archives], tables };
    return {
      schema: 'cordon.kql/1',
      query,
      now: now.toISOString(),
      source,
      columns,
      rows,
      total,
      visualization,
      notes,
    };
  } catch (error) {
    throw error instanceof KqlError ? withUnread(error, evidence) : error;
  } finally {
    line.clear();
  }
}

/** A table may be unknown since its file was not read. */
function withUnread(error: KqlError, { unread }: Evidence): KqlError {
  const [first, ...others] = error.diagnostics;
  if (first === undefined || unread.length === 0 || !/\btables?\b/.test(first.message)) return error;
  const files = unread.map(({ path, because }) => `${path}: ${because}`);
  const message = `${first.message} Not read: ${listed(files, 3)}.`;
  return new KqlError(error.kind, message, [{ ...first, message }, ...others]);
}

async function overLogs(wanted: string, flags: SourceFlags): Promise<QuerySource> {
  const opened = await openConnection(flags);
  const { connection } = opened;
  // For names alone: what is asked of Log Analytics runs there.
  let thread: QueryThread | undefined;
  const { resolveVm } = await import('../azure/readers/inventory.ts');
  const vm = await resolveVm(connection, wanted).catch(async (error: unknown) => {
    await opened.close();
    throw error;
  });
  const hours = flags.hours ?? 24;
  const complete = (text: string, position: number, near?: string): Promise<Completion> => {
    thread ??= new QueryThread();
    return thread.complete({ text, position, files: undefined, ...(near === undefined ? {} : { near }) });
  };
  return {
    title: `the logs of ${vm.name}, ${hours} hours`,
    async ask(query, limit, asked, signal) {
      const { queryLogs } = await import('../azure/client/log-query.ts');
      const now = connection.clock.now();
      const from = new Date(now.getTime() - hours * 3_600_000);
      const { columns, rows, partial } = await connection
        .askedBy(
          (one) => asked.push(one),
          () => queryLogs(connection, vm.id, query, { from, until: now }, signal),
        )
        .catch(async (error: unknown) => {
          const { faultOf } = await import('./log-query-fault.ts');
          const nearest = async (position: number, name: string): Promise<string> =>
            (await complete(query, position, name)).texts[0] ?? '';
          throw (await faultOf(error, { query, nearest })) ?? error;
        });
      return {
        schema: 'cordon.kql/1',
        query,
        now: now.toISOString(),
        source: { machine: vm.id },
        columns,
        rows: rows.slice(0, limit),
        total: rows.length,
        visualization: /\brender\b/i.test(query)
          ? (await import('../kql/visualization.ts')).visualizationOf(query)
          : undefined,
        notes: [`of the last ${hours} hours, which --hours changes`, ...(partial === '' ? [] : [partial])],
      };
    },
    complete: (text, position) => complete(text, position),
    async close() {
      thread?.close();
      await opened.close();
    },
  };
}
