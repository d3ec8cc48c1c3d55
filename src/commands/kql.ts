import { chartText } from '../charts/chart-text.ts';
import type { AskedQuery } from '../documents/asked-query.ts';
import type { QueryDocument } from '../documents/query.ts';
import { EvidenceError } from '../evidence/evidence-error.ts';
import { evidenceFile } from '../evidence/evidence-files.ts';
import { gatherEvidence } from '../evidence/gather.ts';
import { QueryThread } from '../evidence/query-thread.ts';
import type { QueryProgress } from '../evidence/run-query.ts';
import { exitCode, Failure } from '../failure.ts';
import { KqlError } from '../kql/kqlerror.ts';
import { printable } from '../text/printable.ts';
import { caseFlags } from './case-flags.ts';
import { gatheredNotes } from './gathered-notes.ts';
import type { CaseFlags } from './into-case.ts';
import { memorySize } from './memory-size.ts';
import { type ConnectionFlags, openConnection, readNamedFile, type Streams } from './options.ts';
import { printedJson } from './printed-json.ts';
import { chartFor } from './query-chart.ts';
import { checkOut, writeAnswer } from './query-file.ts';
import { queryCsv, queryFaults, queryText } from './query-report.ts';
import { readingLine } from './reading-line.ts';

export interface KqlFlags extends ConnectionFlags {
  evidence?: string[];
  vm?: string;
  hours?: number;
  now?: string;
  json?: boolean;
  csv?: boolean;
  out?: string;
  limit?: number;
  memory?: string;
  case?: string;
  cases?: string;
}

/** Rows that are printed by default: what a user reads, and what a file may hold. */
const SHOWN = 1_000;
const WRITTEN = 1_000_000;

/** `cordon kql QUERY`: a query over evidence files, or over a VM's logs in Log Analytics. */
export async function kql(
  given: string,
  flags: KqlFlags,
  streams: Streams,
  stdin: AsyncIterable<Buffer | string> = process.stdin,
): Promise<number> {
  if (flags.json && flags.csv) throw new Failure('--json and --csv exclude each other');
  if (flags.evidence && flags.vm)
    throw new Failure('--evidence and --vm exclude each other: a query runs over files or over Log Analytics');
  if (flags.out !== undefined) checkOut(flags.out);
  const query = await queryOf(given, stdin);
  if (query.trim() === '') throw new Failure('the query is empty');
  const limit = Math.floor(flags.limit ?? (flags.json || flags.csv || flags.out !== undefined ? WRITTEN : SHOWN));
  const memory = flags.memory === undefined ? undefined : memorySize(flags.memory);
  const into = caseFlags(flags);
  if (into) await (await import('./into-case.ts')).checkCase(into);
  const asked: AskedQuery[] = [];
  let document: QueryDocument;
  try {
    if (flags.evidence)
      document = await overEvidence(query, flags.evidence, nowOf(flags.now), limit, streams, asked, memory);
    else if (flags.vm) document = await overLogs(query, flags.vm, flags, limit, asked);
    else throw new Failure('name the evidence with --evidence FILE…, or a VM with --vm');
  } catch (error) {
    // A query that Azure refused was sent all the same.
    if (into && asked.length > 0) await enter(asked, undefined, into);
    if (error instanceof KqlError) throw new Failure(queryFaults(error, query), exitCode.usage, { cause: error });
    if (error instanceof EvidenceError) throw new Failure(error.message, exitCode.usage, { cause: error });
    throw error;
  }
  if (into) await enter(asked, document, into);
  await print(document, flags, streams);
  return exitCode.done;
}

/** Prints the answer, or writes it to the file that was named; what is remarkable goes to stderr. */
async function print(document: QueryDocument, flags: KqlFlags, streams: Streams): Promise<void> {
  const notes = [...document.notes];
  if (flags.out !== undefined) {
    const written = await writeAnswer(document, flags.out);
    notes.push(...written.notes);
    (flags.json || flags.csv ? streams.stderr : streams.stdout).write(`${printable(written.line, 5000)}\n`);
  }
  for (const note of notes) streams.stderr.write(`note: ${printable(note, 1000)}\n`);
  if (flags.json) streams.stdout.write(`${printedJson(document)}\n`);
  else if (flags.csv) streams.stdout.write(queryCsv(document));
  else if (flags.out === undefined) streams.stdout.write(`${chartLines(document, streams)}${queryText(document)}`);
  if (document.rows.length < document.total && (flags.json || flags.csv || flags.out !== undefined)) {
    streams.stderr.write(
      `note: ${document.rows.length} of ${document.total} rows were written; --limit says how many\n`,
    );
  }
}

/** The chart above the rows; why there is none goes to stderr. */
function chartLines(document: QueryDocument, streams: Streams): string {
  if (document.visualization === undefined || document.visualization.kind === 'table') return '';
  try {
    return `${chartText(chartFor(document), streams.stdout.columns ?? 100).join('\n')}\n\n`;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    streams.stderr.write(`note: ${printable(error.message, 1000)}\n`);
    return '';
  }
}

/** Enters into the case what was asked, of which files, and the answer, which is kept as evidence. */
async function enter(
  asked: readonly AskedQuery[],
  document: QueryDocument | undefined,
  into: CaseFlags,
): Promise<void> {
  const { enterFiles, intoCase } = await import('./into-case.ts');
  await intoCase(into, async (file, actor) => {
    const asOf = new Date().toISOString();
    const { files } = document?.source ?? {};
    if (files) await enterFiles(file, actor, 'evidence files', files, { asOf, notSeen: document?.notes ?? [] });
    const evidence = document && (await file.evidence.writeJson('query', document));
    for (const [i, one] of asked.entries()) {
      // An answer that Azure gave was digested as it came; one over files is what is kept of it.
      const kept = i === asked.length - 1 ? evidence : undefined;
      const sha256 = one.sha256 || (kept?.sha256 ?? '');
      await file.transcript.append('query', actor, { ...one, sha256, ...(kept ? { evidence: kept } : {}) });
    }
  });
}

/** The query itself, `@FILE`, or `-` for standard input. */
async function queryOf(given: string, stdin: AsyncIterable<Buffer | string>): Promise<string> {
  if (given === '-') {
    let text = '';
    for await (const chunk of stdin) text += String(chunk);
    return text;
  }
  return given.startsWith('@') ? (await readNamedFile(given.slice(1), 'query file')).replace(/^\ufeff/, '') : given;
}

function nowOf(given: string | undefined): Date {
  if (given === undefined) return new Date();
  const now = new Date(given);
  if (Number.isNaN(now.getTime()))
    throw new Failure(`--now takes a time such as 2026-11-23T02:00:00Z, not "${printable(given, 60)}"`);
  return now;
}

async function overEvidence(
  query: string,
  given: readonly string[],
  now: Date,
  limit: number,
  streams: Streams,
  asked: AskedQuery[],
  memory: number | undefined,
): Promise<QueryDocument> {
  const evidence = await gatherEvidence(given, { named: evidenceFile });
  const thread = new QueryThread(memory);
  let drawn = false;
  const began = performance.now();
  const onProgress = (progress: QueryProgress): void => {
    if (!streams.stderr.isTTY || progress.of < 32 * 1024 * 1024) return;
    streams.stderr.write(`\r${readingLine(progress, (performance.now() - began) / 1000)}\u001b[K`);
    drawn = true;
  };
  try {
    const request = { query, files: evidence.files, now: now.getTime(), limit, memory };
    const started = performance.now();
    const {
      columns,
      rows,
      total,
      tables,
      files: read,
      notes,
      visualization,
    } = await thread.query(request, { onProgress });
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
    const last = [...notes, ...gatheredNotes(evidence)];
    if (total === 0 && /\b(?:ago|now)\s*\(/.test(query)) {
      last.push(`now() is ${now.toISOString()}; for older evidence give --now`);
    }
    const source = { files: read, tables };
    return {
      schema: 'cordon.kql/1',
      query,
      now: now.toISOString(),
      source,
      columns,
      rows,
      total,
      visualization,
      notes: last,
    };
  } finally {
    if (drawn) streams.stderr.write('\r\u001b[K');
    thread.close();
  }
}

async function overLogs(
  query: string,
  wanted: string,
  flags: KqlFlags,
  limit: number,
  asked: AskedQuery[],
): Promise<QueryDocument> {
  const opened = await openConnection(flags);
  try {
    const { resolveVm } = await import('../azure/readers/inventory.ts');
    const { queryLogs } = await import('../azure/client/log-query.ts');
    const vm = await resolveVm(opened.connection, wanted);
    const now = opened.connection.clock.now();
    const from = new Date(now.getTime() - (flags.hours ?? 24) * 3_600_000);
    const { columns, rows, partial } = await opened.connection.askedBy(
      (one) => asked.push(one),
      () => queryLogs(opened.connection, vm.id, query, { from, until: now }),
    );
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
      notes: [`of the last ${flags.hours ?? 24} hours, which --hours changes`, ...(partial === '' ? [] : [partial])],
    };
  } finally {
    await opened.close();
  }
}
