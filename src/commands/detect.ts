import { join } from 'node:path';
import envPaths from 'env-paths';
import { detectInThread } from '../detect/detect-thread.ts';
import { NoPlaceholders, readPlaceholders } from '../detect/placeholders.ts';
import { levels } from '../detect/rule.ts';
import { NoRules } from '../detect/rule-files.ts';
import type { DetectProgress, DetectRequest, DetectResult } from '../detect/run-detections.ts';
import type { Placeholders } from '../detect/sigma/values.ts';
import type { DetectionsDocument } from '../documents/detections.ts';
import { EvidenceError } from '../evidence/evidence-error.ts';
import { evidenceFile } from '../evidence/evidence-files.ts';
import { gatherEvidence } from '../evidence/gather.ts';
import { exitCode, Failure } from '../failure.ts';
import { KqlError } from '../kql/kqlerror.ts';
import { count, counted, progressBar } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import { caseFlags } from './case-flags.ts';
import { detectionsMarkdown, detectionsText } from './detect-report.ts';
import type { FailOn } from './fail-on.ts';
import { gatheredNotes } from './gathered-notes.ts';
import type { CaseFlags } from './into-case.ts';
import { noteLines } from './note-lines.ts';
import type { Streams } from './options.ts';
import { printedJson } from './printed-json.ts';
import { terminalWidth } from './terminal-width.ts';

export interface DetectFlags {
  evidence?: string[];
  rules?: string[];
  placeholders?: string;
  now?: string;
  hits?: number;
  showQuery?: boolean;
  json?: boolean;
  markdown?: boolean;
  out?: string;
  failOn?: FailOn;
  case?: string;
  cases?: string;
}

/** Matches of each rule that a document holds, and that a file of them may. */
const HITS = 20;
const WRITTEN = 100_000;

/** The responder's own rules: CORDON_RULES, or a folder of the configuration. */
const ownRules = (): string => process.env.CORDON_RULES || join(envPaths('cordon', { suffix: '' }).config, 'rules');

/** `cordon detect`: rules of Sigma and in KQL over evidence files, without Azure. */
export async function detect(flags: DetectFlags, streams: Streams): Promise<number> {
  if (flags.json && flags.markdown) throw new Failure('--json and --markdown exclude each other');
  const rules = flags.rules ?? [ownRules()];
  const placeholders =
    flags.placeholders === undefined ? undefined : await readPlaceholders(flags.placeholders).catch(refused);
  if (flags.showQuery) return await showQueries(rules, placeholders, streams).catch(refused);
  if (!flags.evidence)
    throw new Failure('name the evidence with --evidence FILE…, or see the queries with --show-query');
  const now = new Date(flags.now ?? Date.now());
  if (Number.isNaN(now.getTime())) throw new Failure('--now takes a time such as 2026-11-23T02:00:00Z');
  if (flags.out !== undefined) {
    const { checkOut, formsOfRows } = await import('./query-file.ts');
    checkOut(flags.out, formsOfRows);
  }
  const into = caseFlags(flags);
  if (into) await (await import('./into-case.ts')).checkCase(into);
  const hits = Math.floor(flags.hits ?? 0);
  const held = Math.max(HITS, hits);
  const most = flags.out === undefined ? held : Math.max(WRITTEN, held);
  const asking = { rules, now: now.getTime(), hits: most, ...(placeholders ? { placeholders } : {}) };
  const result = await detected(asking, flags.evidence, streams);
  const whole: DetectionsDocument = { schema: 'cordon.detect/1', now: now.toISOString(), ...result };
  const detections = whole.detections.map((one) => ({ ...one, hits: one.hits.slice(0, held) }));
  const document: DetectionsDocument = { ...whole, detections };
  if (into) await enter(document, into);
  if (flags.out !== undefined) await writeMatches(whole, flags.out, most, streams);
  for (const line of noteLines(document.notes, terminalWidth(streams.stderr))) streams.stderr.write(`${line}\n`);
  if (flags.json) streams.stdout.write(`${printedJson(document)}\n`);
  else if (flags.markdown) streams.stdout.write(detectionsMarkdown(document));
  // A file takes lines of any length.
  else streams.stdout.write(detectionsText(document, terminalWidth(streams.stdout), hits));
  return flags.failOn ? failing(document, flags.failOn, streams) : exitCode.done;
}

/** Every match as a row of a file; of each rule `most` were kept. */
async function writeMatches(
  document: DetectionsDocument,
  out: string,
  most: number,
  { stderr }: Streams,
): Promise<void> {
  const [{ rowsOfMatches }, { writeAnswer }] = await Promise.all([
    import('./detect-rows.ts'),
    import('./query-file.ts'),
  ]);
  const rows = rowsOfMatches(document);
  const { line, notes } = await writeAnswer(rows, out);
  const left = rows.total - rows.rows.length;
  if (left > 0) notes.push(`${counted(left, 'match', 'matches')} more are not in the file: it has ${most} of a rule`);
  stderr.write(`${printable(line, 5000)}\n`);
  for (const note of noteLines(notes, terminalWidth(stderr))) stderr.write(`${note}\n`);
}

function refused(error: unknown): never {
  if (
    error instanceof NoRules ||
    error instanceof NoPlaceholders ||
    error instanceof EvidenceError ||
    error instanceof KqlError
  )
    throw new Failure(error.message, exitCode.usage, { cause: error });
  throw error;
}

async function detected(
  asking: Omit<DetectRequest, 'files'>,
  evidence: readonly string[],
  streams: Streams,
): Promise<DetectResult> {
  let drawn = '';
  const onProgress = (told: DetectProgress): void => {
    if (!streams.stderr.isTTY) return;
    const line =
      told.stage === 'reading'
        ? `  reading ${progressBar(told.progress.bytes / told.progress.of, 30)} ${Math.floor((told.progress.bytes / told.progress.of) * 100)} %`
        : `  asking  ${progressBar(told.rules / told.of, 30)} ${count(told.rules)} of ${counted(told.of, 'rule')}`;
    if (line === drawn) return;
    drawn = line;
    streams.stderr.write(`\r${line}\u001b[K`);
  };
  try {
    const gathered = await gatherEvidence(evidence, { named: evidenceFile });
    const result = await detectInThread({ ...asking, files: gathered.files }, onProgress);
    return { ...result, notes: [...result.notes, ...gatheredNotes(gathered)] };
  } catch (error) {
    return refused(error);
  } finally {
    if (drawn !== '') streams.stderr.write('\r\u001b[K');
  }
}

/** The queries that would run in Log Analytics. */
async function showQueries(
  rules: readonly string[],
  placeholders: Placeholders | undefined,
  streams: Streams,
): Promise<number> {
  const { queriesOf } = await import('../detect/rule-queries.ts');
  const { queries, notRun } = await queriesOf(rules, placeholders);
  for (const { rule, query } of queries) {
    const about = [rule.level === 'none' ? '' : rule.level, rule.techniques.join(' '), rule.id].filter(
      (text) => text !== '',
    );
    streams.stdout.write(
      `// ${rule.title}${about.length === 0 ? '' : ` (${about.join(', ')})`}\n${safeLines(query)}\n\n`,
    );
  }
  for (const { file, line, title, because } of notRun)
    streams.stderr.write(`cordon: ${printable(`${file}:${line}: ${title}: ${because}`, 1000)}\n`);
  return exitCode.done;
}

const safeLines = (text: string): string =>
  text
    .split('\n')
    .map((line) => `${/^ */.exec(line)?.[0] ?? ''}${printable(line.trimStart(), 100_000)}`)
    .join('\n');

const worse: Record<FailOn, number> = { critical: 0, high: 1, medium: 2, low: 4 };

/** 1 for a match at or above the level, or for a rule of such a level that could not be asked: that is no "no". */
function failing(document: DetectionsDocument, failOn: FailOn, { stderr }: Streams): number {
  const reached = ({ level }: { level: (typeof levels)[number] }) => levels.indexOf(level) <= worse[failOn];
  const found = document.detections.some(reached);
  const unasked = document.notRun.filter(reached).length;
  if (unasked > 0) {
    const what = `${failOn}${failOn === 'critical' ? '' : ' or worse'}`;
    stderr.write(`cordon: ${counted(unasked, 'rule')} that would be ${what} could not be asked; --json names them\n`);
  }
  return found || unasked > 0 ? exitCode.findings : exitCode.done;
}

/** Enters into the case which files were asked, and what was found. */
async function enter(document: DetectionsDocument, flags: CaseFlags): Promise<void> {
  const [{ enterFiles, intoCase }, { factEntry }, { known }] = await Promise.all([
    import('./into-case.ts'),
    import('../casefile/bodies.ts'),
    import('../documents/fact.ts'),
  ]);
  const { rules, detections, source, notes } = document;
  await intoCase(flags, async (file, actor) => {
    const asOf = new Date().toISOString();
    await enterFiles(file, actor, 'evidence files', source.files, { asOf, notSeen: notes });
    const unasked = `${counted(rules.noEvents + rules.refused, 'rule')} could not be asked`;
    const fact = known(document, {
      source: 'detection rules',
      asOf,
      coverage: `${counted(rules.run, 'rule')} over the named files`,
      notSeen: rules.noEvents + rules.refused > 0 ? [unasked] : [],
    });
    const worst = detections.slice(0, 3).map(({ level, title }) => `${title} (${level})`);
    const summary = `${counted(detections.length, 'rule')} of ${count(rules.run)} matched${worst.length > 0 ? `: ${worst.join('; ')}` : ''}; ${unasked}`;
    const evidence = await file.evidence.writeJson('detections', fact);
    await file.transcript.append('fact', actor, factEntry('detections', printable(summary, 600), fact, evidence));
  });
}
