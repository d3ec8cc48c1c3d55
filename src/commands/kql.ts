import { chartText } from '../charts/chart-text.ts';
import type { AskedQuery } from '../documents/asked-query.ts';
import type { QueryDocument } from '../documents/query.ts';
import { EvidenceError } from '../evidence/evidence-error.ts';
import { exitCode, Failure } from '../failure.ts';
import { KqlError } from '../kql/kqlerror.ts';
import { type PartQuery, severalQueries } from '../kql/several-queries.ts';
import { printable } from '../text/printable.ts';
import { caseFlags } from './case-flags.ts';
import type { CaseFlags } from './into-case.ts';
import { readNamedFile } from './named-file.ts';
import { noteLines } from './note-lines.ts';
import { onInterrupt } from './on-interrupt.ts';
import type { Streams } from './options.ts';
import { printedJson } from './printed-json.ts';
import { chartFor } from './query-chart.ts';
import { queryCsv } from './query-csv.ts';
import { checkOut, writeAnswer } from './query-file.ts';
import { queryFaults, queryText } from './query-report.ts';
import { type QuerySource, querySource, type SourceFlags } from './query-sources.ts';
import { terminalWidth } from './terminal-width.ts';

export interface KqlFlags extends SourceFlags {
  json?: boolean;
  csv?: boolean;
  out?: string;
  limit?: number;
  /** Which query of a text that holds several. */
  part?: number;
}

/** Rows that are printed by default: what a user reads, and what a file may hold. */
const SHOWN = 1_000;
const WRITTEN = 1_000_000;

/**
 * `cordon kql QUERY`: a query over evidence files, or over a VM's logs in Log Analytics. Without a query, in a terminal, a
 * prompt for as many as wanted.
 */
export async function kql(
  given: string | undefined,
  flags: KqlFlags,
  streams: Streams,
  stdin: AsyncIterable<Buffer | string> = process.stdin,
): Promise<number> {
  if (flags.json && flags.csv) throw new Failure('--json and --csv exclude each other');
  if (flags.out !== undefined) checkOut(flags.out);
  const text = given === undefined ? undefined : await queryOf(given, stdin);
  const query = text === undefined || flags.part === undefined ? text : partOf(text, flags.part);
  if (query?.trim() === '') throw new Failure('the query is empty');
  const into = caseFlags(flags);
  if (into) await (await import('./into-case.ts')).checkCase(into);
  const source = await querySource(flags, streams).catch(withoutEvidence);
  try {
    if (query === undefined) return await prompted(source, flags, streams);
    const limit = Math.floor(flags.limit ?? (flags.json || flags.csv || flags.out !== undefined ? WRITTEN : SHOWN));
    const question = (signal?: AbortSignal) => asked(source, query, limit, into, signal);
    // A cluster goes on with a query that nobody waits for any more, unless it is cancelled there.
    const document = flags.cluster === undefined ? await question() : await untilEnded(question);
    await print(document, flags, streams);
    // A part of an answer must not pass for the whole where nobody reads what is remarked.
    return document.partial === undefined ? exitCode.done : exitCode.needsAttention;
  } finally {
    await source.close();
  }
}

const listOfParts = (parts: readonly PartQuery[]): string =>
  [
    `the text holds ${parts.length} queries, divided by empty lines; --part says which to ask:`,
    ...parts.slice(0, 50).map(({ line, head }, i) => `  --part ${i + 1}  line ${line}: ${printable(head, 100)}`),
  ].join('\n');

function partOf(text: string, part: number): string {
  const parts = severalQueries(text);
  const found = parts[part - 1];
  if (found) return found.query;
  throw new Failure(parts.length === 0 ? 'the text holds one query; --part is for several' : listOfParts(parts));
}

/** Does work that Ctrl-C ends. */
async function untilEnded<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const ending = new AbortController();
  const stop = onInterrupt((because) => ending.abort(new Failure(because, exitCode.needsAttention)));
  try {
    return await work(ending.signal);
  } finally {
    stop();
  }
}

function withoutEvidence(error: unknown): never {
  if (error instanceof EvidenceError) throw new Failure(error.message, exitCode.usage, { cause: error });
  throw error;
}

/** Asks, and enters question and answer into the case. Throws Failure for a query that is wrong, with the place. */
async function asked(
  source: QuerySource,
  query: string,
  limit: number,
  into: CaseFlags | undefined,
  signal?: AbortSignal,
): Promise<QueryDocument> {
  const sent: AskedQuery[] = [];
  try {
    const document = await source.ask(query, limit, sent, signal);
    if (into) await enter(sent, document, into);
    return document;
  } catch (error) {
    // A query that Azure refused was sent all the same.
    if (into && sent.length > 0) await enter(sent, undefined, into);
    if (error instanceof KqlError) {
      const several = error.kind === 'syntax' ? severalQueries(query) : [];
      const faults = several.length > 0 ? listOfParts(several) : queryFaults(error, query);
      throw new Failure(faults, exitCode.usage, { cause: error });
    }
    return withoutEvidence(error);
  }
}

async function prompted(source: QuerySource, flags: KqlFlags, streams: Streams): Promise<number> {
  if (flags.json || flags.csv || flags.out !== undefined)
    throw new Failure('give a query, @FILE or -: what is written needs one');
  const { promptForQueries } = await import('./kql-prompt.ts');
  const into = caseFlags(flags);
  const limit = Math.floor(flags.limit ?? WRITTEN);
  return promptForQueries({
    title: source.title,
    ask: (query, signal) => asked(source, query, limit, into, signal),
    complete: source.complete,
    drawn: (document) => `${chartLines(document, streams)}${queryText(document, terminalWidth(streams.stdout))}`,
  });
}

/** Prints the answer, or writes it to the file that was named; what is remarkable goes to stderr. */
async function print(document: QueryDocument, flags: KqlFlags, streams: Streams): Promise<void> {
  const notes = [...document.notes];
  if (flags.out !== undefined) {
    const written = await writeAnswer(document, flags.out);
    notes.push(...written.notes);
    (flags.json || flags.csv ? streams.stderr : streams.stdout).write(`${printable(written.line, 5000)}\n`);
  }
  for (const line of noteLines(notes, terminalWidth(streams.stderr))) streams.stderr.write(`${line}\n`);
  if (flags.json) streams.stdout.write(`${printedJson(document)}\n`);
  else if (flags.csv) {
    const csvNotes: string[] = [];
    for (const piece of queryCsv(document, csvNotes)) streams.stdout.write(piece);
    for (const line of noteLines(csvNotes, terminalWidth(streams.stderr))) streams.stderr.write(`${line}\n`);
  } else if (flags.out === undefined)
    streams.stdout.write(`${chartLines(document, streams)}${queryText(document, terminalWidth(streams.stdout))}`);
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
    return `${chartText(chartFor(document), streams.stdout.columns || 100).join('\n')}\n\n`;
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
