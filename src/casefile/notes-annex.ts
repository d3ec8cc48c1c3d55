import type { Change } from '../documents/run.ts';
import type { Entry } from '../documents/transcript.ts';
import { counted } from '../text/counts.ts';
import { evidenceOf, type FactBody, type OutcomeBody, readBody } from './bodies.ts';
import type { CaseDigest, Subject } from './case-digest.ts';
import { gapsOver, indicatorsOver, timesOver } from './case-story.ts';
import {
  type Block,
  clockOf,
  columnsOf,
  Days,
  dayTable,
  id,
  mark,
  momentOf,
  table,
  time,
  toTheSecond,
  words,
} from './notes-blocks.ts';
import { concluded, factName, gapText, indicatorTable } from './notes-page-one.ts';
import type { NotesSource } from './notes-source.ts';
import { cameOf, entryLine, stepName } from './one-line.ts';

const most = 5000;

/** The record: everything from which an outsider can check what page one says. */
export async function* annexes(source: NotesSource, digest: CaseDigest): AsyncGenerator<Block> {
  yield { kind: 'annex', text: 'Annex A: the record' };
  yield* headerTable(source);
  yield* summary(source, digest);
  yield* factTable(digest);
  yield* changedFacts(digest);
  yield* allGaps(digest);
  yield* allIndicators(digest);
  yield* timeLine(digest);
  yield* changes(source);
  yield* plans(source);
  yield* transcript(source);
  yield { kind: 'annex', text: 'Annex B: queries' };
  yield* queries(source);
  yield { kind: 'annex', text: 'Annex C: evidence and integrity' };
  yield* evidence(source);
  yield* integrity(source);
}

function* headerTable({ header, id: caseId, exportedAt }: NotesSource): Generator<Block> {
  const offset = header.timeZoneOffsetMinutes;
  const of = (tenant: string | undefined) => (tenant ? `, of tenant ${tenant}` : '');
  const zone = `UTC${offset < 0 ? '-' : '+'}${hours(Math.abs(offset))}`;
  yield* table(
    [words('Field'), words('Value')],
    [
      ['Case', caseId],
      ['VM', `${header.vm.name} (${header.vm.id})`],
      ['Tenant', header.tenantId],
      ['Subscription', header.subscriptionId],
      ['Cloud', header.cloud],
      ['Operator', `${header.operator.upn} (object id ${header.operator.oid}${of(header.operator.tenantId)})`],
      ['Worked from', `${header.osUser} on ${header.host}, local time ${zone}`],
      ['Tool', `cordon ${header.toolVersion}`],
      ['Exported', momentOf(exportedAt)],
      ['Times', 'UTC, by the clock of the computer that was worked from; the transcript has them to the millisecond'],
    ],
  );
}

function* summary(source: NotesSource, { kinds, firstAt, lastAt, actors, errors }: CaseDigest): Generator<Block> {
  const count = (kind: Entry['kind']) => kinds.get(kind) ?? 0;
  yield {
    kind: 'list',
    items: [
      `${counted(source.count, 'entry', 'entries')} from ${momentOf(firstAt)} to ${momentOf(lastAt)}, by ${actors.join(', ')}`,
      `${counted(count('fact'), 'fact')} and ${counted(count('query'), 'query', 'queries')} recorded`,
      `${counted(count('intent'), 'change')} sent to Azure, ${count('undo')} undone; ${counted(count('confirm'), 'confirmation')}`,
    ],
  };
  for (const { at, text } of errors) yield { kind: 'alarm', text: `${momentOf(at)} ${text}` };
}

const several = (subjects: readonly Subject[]) => subjects.length > 1;

function* factTable({ subjects }: CaseDigest): Generator<Block> {
  const told = subjects.filter(({ facts }) => facts.size > 0);
  if (told.length === 0) return;
  yield { kind: 'heading', text: 'What was known at last' };
  const rows = told.flatMap(({ name, facts }) =>
    [...facts.values()].map(({ last: fact, lastAt, where }) => [
      ...(several(told) ? [name] : []),
      factName(fact.name),
      fact.state === 'known' ? toTheSecond(fact.summary) : `NOT KNOWN ${fact.summary} ${fact.because ?? ''}`.trim(),
      `${fact.source}${fact.coverage === '' ? '' : `; ${fact.coverage}`}`,
      momentOf(fact.asOf ?? lastAt),
      where,
    ]),
  );
  yield* table(
    [
      ...(several(told) ? [words('VM')] : []),
      words('Fact'),
      words('What'),
      words('Source and coverage'),
      time('As of (UTC)'),
      mark('Evidence'),
    ],
    rows,
  );
}

const said = (fact: FactBody) => (fact.state === 'known' ? fact.summary : `not known: ${fact.because ?? ''}`);

function* changedFacts({ subjects }: CaseDigest): Generator<Block> {
  const rows = subjects.flatMap(({ facts }) =>
    [...facts.values()].flatMap(({ first, firstAt, last, lastAt }) =>
      said(first) === said(last)
        ? []
        : [
            [
              factName(first.name),
              toTheSecond(said(first)),
              momentOf(firstAt),
              toTheSecond(said(last)),
              momentOf(lastAt),
            ],
          ],
    ),
  );
  if (rows.length === 0) return;
  yield { kind: 'heading', text: 'Before and after' };
  yield* table([words('Fact'), words('Before'), time('At (UTC)'), words('Now'), time('At (UTC)')], rows);
}

function* allGaps(digest: CaseDigest): Generator<Block> {
  const gaps = gapsOver(digest);
  if (gaps.length === 0) return;
  yield { kind: 'heading', text: 'What was not seen' };
  yield { kind: 'list', items: gaps.slice(0, most).map((gap) => `${gap.vm}: ${toTheSecond(gapText(gap))}`) };
}

function* allIndicators(digest: CaseDigest): Generator<Block> {
  const subjects = concluded(digest);
  const all = indicatorsOver(subjects);
  if (all.length <= 18) return;
  yield { kind: 'heading', text: 'Every indicator' };
  yield* indicatorTable(all.slice(0, most), several(subjects));
}

function* timeLine(digest: CaseDigest): Generator<Block> {
  const times = timesOver(concluded(digest));
  if (times.length === 0) return;
  yield { kind: 'heading', text: 'Time line in full' };
  yield* dayTable(
    [time(), words('VM'), mark('Severity'), words('What'), words('Who'), words('From'), mark('Evidence')],
    times.slice(-most).map(({ at, vms, severity, text, who, from, where }) => ({
      at,
      cells: [clockOf(at), vms.join(', '), severity, text, who, from, where],
    })),
  );
}

async function* changes(source: NotesSource): AsyncGenerator<Block> {
  const outcomes = new Map<string, OutcomeBody>();
  let sent = 0;
  for await (const entry of source.entries()) {
    if (entry.kind === 'intent') sent += 1;
    const outcome = readBody(entry, 'outcome');
    if (outcome !== null && outcomes.size < most) outcomes.set(outcome.intent, outcome);
  }
  if (sent === 0) return;
  yield { kind: 'heading', text: 'Changes sent to Azure' };
  const columns = [time(), words('Step, request'), words('Outcome'), words('Ids')];
  yield columnsOf(columns);
  const days = new Days(columns.length);
  for await (const entry of source.entries()) {
    const intent = readBody(entry, 'intent');
    if (intent === null) continue;
    yield* days.before(entry.at);
    const outcome = outcomes.get(intent.id);
    const { method, url, apiVersion } = intent.request;
    const ids = [
      `client request ${intent.clientRequestId}`,
      outcome?.requestId ? `request ${outcome.requestId}` : '',
      outcome?.correlationId ? `correlation ${outcome.correlationId}` : '',
    ];
    yield {
      kind: 'row',
      cells: [
        clockOf(entry.at),
        `${intent.playbook ?? ''} ${intent.step}: ${method} ${url}${url.includes('api-version') ? '' : ` api-version ${apiVersion}`}`.trim(),
        outcome === undefined ? 'NOT KNOWN' : `${outcomeText(outcome)} in ${outcome.durationSeconds.toFixed(1)} s`,
        ids.filter((text) => text !== '').join(', '),
      ],
    };
  }
  yield { kind: 'end' };
}

function outcomeText(outcome: OutcomeBody): string {
  const state = outcome.ok === null ? 'NOT KNOWN' : outcome.ok ? 'done' : 'FAILED';
  return [state, outcome.status === null ? '' : String(outcome.status), outcome.result ?? '', outcome.error ?? '']
    .filter((part) => part !== '')
    .join(' ');
}

async function* plans(source: NotesSource): AsyncGenerator<Block> {
  let begun = false;
  for await (const entry of source.entries()) {
    if (entry.kind !== 'plan' && entry.kind !== 'confirm' && entry.kind !== 'undo' && entry.kind !== 'verify') continue;
    if (!begun) yield { kind: 'heading', text: 'Plans, confirmations and checks' };
    begun = true;
    if (entry.kind === 'plan') yield* onePlan(source, entry);
    else yield { kind: 'text', text: decision(entry) };
  }
}

function decision(entry: Entry): string {
  const at = momentOf(entry.at);
  if (entry.kind === 'confirm') return confirmation(entry);
  const { text } = entryLine(entry);
  return entry.kind === 'undo'
    ? `${at} undone by ${entry.actor}: ${toTheSecond(text)}`
    : `${at} checked ${String(entry.body.step ?? '')}: ${toTheSecond(text)}`;
}

async function* onePlan(source: NotesSource, entry: Entry): AsyncGenerator<Block> {
  const at = momentOf(entry.at);
  const plan = readBody({ kind: 'plan', body: await source.fullBody(entry) }, 'plan') ?? readBody(entry, 'plan');
  if (plan === null) {
    yield { kind: 'subheading', text: `${at} a plan in a form this version does not know (entry ${entry.seq})` };
    return;
  }
  yield { kind: 'subheading', text: `${at} plan ${plan.playbook}` };
  for (const [index, step] of plan.steps.entries()) {
    yield { kind: 'text', text: `Step ${index + 1} (${step.id}): ${step.title}` };
    const items = [
      ...(step.guidance === '' ? [] : [`Why: ${step.guidance}`]),
      `Danger: ${step.danger}`,
      ...step.touches.map((touched) => `Touches: ${touched}`),
      ...step.permissions.map(
        ({ action, scope, held }) =>
          `Needs ${action} on ${scope}: ${held === null ? 'not known' : held ? 'held' : 'MISSING'}`,
      ),
      ...step.warnings.map((warning) => `Warning: ${warning}`),
      ...(step.undo === '' ? [] : [`Undo: ${step.undo}`]),
    ];
    yield { kind: 'list', items };
    for (const change of step.changes) yield { kind: 'code', language: 'diff', lines: diffLines(change) };
  }
}

function diffLines(change: Change): string[] {
  const lines = [`  ${change.method} ${change.resourceId}`];
  for (const { property, before, after } of change.diff) {
    if (before !== '') lines.push(`- ${property}: ${before}`);
    if (after !== '') lines.push(`+ ${property}: ${after}`);
  }
  return lines;
}

function confirmation(entry: Entry): string {
  const at = momentOf(entry.at);
  const body = readBody(entry, 'confirm');
  if (body === null) return `${at} confirmed by ${entry.actor}`;
  const typed = body.typed === '' ? 'nothing had to be typed' : `typed "${body.typed}"`;
  const reason = body.reason === '' ? '' : `, because: ${body.reason}`;
  return `${at} ${entry.actor} confirmed ${body.playbook} ${stepName(body)} (${body.step}, ${body.level}): ${typed}${reason}`;
}

async function* transcript(source: NotesSource): AsyncGenerator<Block> {
  yield { kind: 'heading', text: 'Every entry' };
  const columns = [mark('#'), time(), words('Who'), mark('Kind'), words('What'), words('Ids')];
  yield columnsOf(columns);
  const days = new Days(columns.length);
  for await (const entry of source.entries()) {
    yield* days.before(entry.at);
    const { text } = entryLine(entry);
    yield {
      kind: 'row',
      cells: [
        String(entry.seq),
        clockOf(entry.at),
        entry.actor,
        entry.kind,
        toTheSecond(text),
        idsOf(entry).join(', '),
      ],
    };
  }
  yield { kind: 'end' };
}

/** Azure's ids and the evidence of an entry, each with its name. */
function idsOf(entry: Entry): string[] {
  const ids: string[] = [];
  for (const [name, label] of [
    ['clientRequestId', 'client request'],
    ['requestId', 'request'],
    ['correlationId', 'correlation'],
    ['operationUrl', 'operation'],
    ['intent', 'intent'],
  ] as const) {
    const value = entry.body[name];
    if (typeof value === 'string' && value !== '') ids.push(`${label} ${value}`);
  }
  return [...ids, ...evidenceOf(entry).map((ref) => ref.file)];
}

async function* queries(source: NotesSource): AsyncGenerator<Block> {
  const texts = new Map<string, number>();
  let number = 0;
  for await (const entry of source.entries()) {
    const query = readBody({ kind: entry.kind, body: await source.fullBody(entry) }, 'query');
    if (query === null) continue;
    number += 1;
    const came = `${cameOf(query)}${query.sha256 === '' ? '' : `, sha256 ${query.sha256}`}`;
    const same = texts.get(query.text);
    const where = query.cluster
      ? ` (${query.cluster.uri}, database ${query.cluster.database}, activity ${query.requestId || 'id not given'})`
      : '';
    const again = same === undefined ? '' : `; the text is that of query ${same}`;
    yield {
      kind: 'text',
      text: `Query ${number}, ${momentOf(entry.at)} ${query.service}${where}: ${came}, ${query.durationSeconds.toFixed(1)} s${again}`,
    };
    if (same !== undefined) continue;
    if (texts.size < most) texts.set(query.text, number);
    yield { kind: 'code', language: 'kusto', lines: query.text.split(/\r?\n/).slice(0, most) };
  }
  if (number === 0) yield { kind: 'text', text: 'No query.' };
}

async function* evidence(source: NotesSource): AsyncGenerator<Block> {
  let begun = false;
  for await (const entry of source.entries()) {
    for (const ref of evidenceOf(entry)) {
      if (!begun) yield columnsOf([words('File'), mark('Bytes'), id('SHA-256'), mark('Entry')]);
      begun = true;
      yield { kind: 'row', cells: [ref.file, String(ref.bytes), ref.sha256, String(entry.seq)] };
    }
  }
  if (begun) yield { kind: 'end' };
  else yield { kind: 'text', text: 'No evidence file.' };
}

async function* integrity(source: NotesSource): AsyncGenerator<Block> {
  const { verification, id: caseId, head, count } = source;
  const exportedAt = momentOf(source.exportedAt);
  yield { kind: 'heading', text: 'Integrity' };
  yield {
    kind: 'text',
    text: verification.ok
      ? `The chain of ${counted(count, 'entry', 'entries')} and ${counted(verification.evidence, 'evidence file')} was whole at ${exportedAt}.`
      : `The case did NOT verify at ${exportedAt}: line ${verification.line} ${verification.because}.`,
  };
  if (verification.ok && verification.unlisted.length > 0) {
    yield {
      kind: 'text',
      text: `Files in the evidence folder that no entry vouches for: ${verification.unlisted.join(', ')}`,
    };
  }
  yield* table(
    [words('Field'), id('Value')],
    [
      ['Entries', String(count)],
      ['Head (SHA-256)', head],
    ],
  );
  yield {
    kind: 'text',
    text: 'Keep these two where a person who can change the case file cannot change them. This checks the file against them:',
  };
  yield { kind: 'code', language: '', lines: [`cordon case verify ${caseId} --head ${head} --entries ${count}`] };
}

function hours(minutes: number): string {
  const two = (part: number) => String(Math.floor(part)).padStart(2, '0');
  return `${two(minutes / 60)}:${two(minutes % 60)}`;
}
