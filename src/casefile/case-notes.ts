import type { Change } from '../documents/run.ts';
import type { Entry } from '../documents/transcript.ts';
import { counted } from '../text/counts.ts';
import { type CaseHeader, evidenceOf, type FactBody, type OutcomeBody, readBody } from './bodies.ts';
import { cameOf, entryLine, resourceOf, stepName } from './one-line.ts';
import { openIntents } from './recovery.ts';
import type { Verification } from './verify.ts';

/** A piece of the case notes. Every text in it is untrusted: who renders it neutralises it for the format. */
export type Block =
  | { kind: 'title' | 'heading' | 'subheading' | 'text' | 'alarm'; text: string }
  | { kind: 'list'; items: string[] }
  /** A table is its columns, its rows, its end: it may be longer than what fits in memory. */
  | { kind: 'columns'; names: string[] }
  | { kind: 'row'; cells: string[] }
  | { kind: 'end' }
  | { kind: 'code'; language: '' | 'diff' | 'kusto'; lines: string[] };

/** What the notes are made of. */
export interface NotesSource {
  id: string;
  header: CaseHeader;
  /** The same entries each time it is called. */
  entries(): AsyncIterable<Entry>;
  /** The whole body of an entry that was too large for its line. */
  fullBody(entry: Entry): Promise<Record<string, unknown>>;
  verification: Verification;
  /** The last entry the notes cover. */
  head: string;
  count: number;
  /** ISO 8601 UTC. */
  exportedAt: string;
}

const most = 5000;

/** The case notes from first to last: what an outsider needs to follow and to check what was seen, decided and done. */
export async function* caseNotes(source: NotesSource): AsyncGenerator<Block> {
  const { header } = source;
  yield { kind: 'title', text: `Case ${source.id}` };
  if (header.demo) yield { kind: 'alarm', text: 'This case is about the built-in simulator, not about a real VM.' };
  if (!source.verification.ok) {
    const { line, because } = source.verification;
    yield {
      kind: 'alarm',
      text: `This case does not verify: line ${line} ${because}. What follows is what can be read.`,
    };
  }
  yield* headerTable(source);
  yield* summary(source);
  yield* factTable(source);
  yield* beforeAndAfter(source);
  yield* changes(source);
  yield* plans(source);
  yield* notes(source);
  yield* notSeen(source);
  yield* timeline(source);
  yield* queries(source);
  yield* evidence(source);
  yield* integrity(source);
}

async function* headerTable({ header, id, exportedAt }: NotesSource): AsyncGenerator<Block> {
  const offset = header.timeZoneOffsetMinutes;
  const zone = `UTC${offset < 0 ? '-' : '+'}${clock(Math.abs(offset))}`;
  yield* table(
    ['Field', 'Value'],
    [
      ['Case', id],
      ['Machine', `${header.vm.name} (${header.vm.id})`],
      ['Tenant', header.tenantId],
      ['Subscription', header.subscriptionId],
      ['Cloud', header.cloud],
      ['Operator', `${header.operator.upn} (object id ${header.operator.oid})`],
      ['Worked from', `${header.osUser} on ${header.host}, local time ${zone}`],
      ['Tool', `cordon ${header.toolVersion}`],
      ['Exported', exportedAt],
      ['Times', 'UTC, by the clock of the VM that was worked from'],
    ],
  );
}

async function* summary(source: NotesSource): AsyncGenerator<Block> {
  yield { kind: 'heading', text: 'Summary' };
  const kinds = new Map<string, number>();
  const actors = new Set<string>();
  let first = '';
  let last = '';
  for await (const entry of source.entries()) {
    first ||= entry.at;
    last = entry.at;
    kinds.set(entry.kind, (kinds.get(entry.kind) ?? 0) + 1);
    if (actors.size < 50) actors.add(entry.actor);
  }
  const open = await openIntents(source.entries());
  const count = (kind: string) => kinds.get(kind) ?? 0;
  const items = [
    `${counted(source.count, 'entry', 'entries')} from ${first} to ${last}, by ${[...actors].join(', ')}`,
    `${counted(count('fact'), 'fact')} and ${counted(count('query'), 'query', 'queries')} recorded`,
    `${counted(count('intent'), 'change')} sent to Azure, ${count('undo')} undone; ${counted(count('confirm'), 'confirmation')}`,
  ];
  for (const { fact } of (await facts(source)).values()) {
    items.push(
      fact.state === 'known' ? `${fact.name}: ${fact.summary}` : `${fact.name}: not known: ${fact.because ?? ''}`,
    );
  }
  yield { kind: 'list', items };
  for (const { intent, entry } of open.slice(0, 100)) {
    yield {
      kind: 'alarm',
      text: `Outcome not known: ${intent.request.method} ${resourceOf(intent.request.url)} of ${entry.at}, client request ${intent.clientRequestId}`,
    };
  }
  if (count('error') > 0)
    yield { kind: 'alarm', text: `${counted(count('error'), 'error')} recorded: see the timeline.` };
}

/** Each fact by name: as it was first known, as it was last, and when. */
async function facts(source: NotesSource) {
  const found = new Map<string, { first: FactBody; firstAt: string; fact: FactBody; at: string }>();
  for await (const entry of source.entries()) {
    const fact = readBody(entry, 'fact');
    if (fact === null || (found.size >= most && !found.has(fact.name))) continue;
    const before = found.get(fact.name);
    found.set(fact.name, {
      first: before?.first ?? fact,
      firstAt: before?.firstAt ?? entry.at,
      fact,
      at: entry.at,
    });
  }
  return found;
}

async function* factTable(source: NotesSource): AsyncGenerator<Block> {
  const found = await facts(source);
  if (found.size === 0) return;
  yield { kind: 'heading', text: 'What was known at last' };
  const rows = [...found.values()].map(({ fact, at }) => [
    fact.name,
    fact.state === 'known' ? 'known' : 'NOT KNOWN',
    fact.state === 'known' ? fact.summary : `${fact.summary} ${fact.because ?? ''}`.trim(),
    fact.source,
    fact.asOf ?? at,
    fact.coverage,
  ]);
  yield* table(['Fact', 'State', 'What', 'Source', 'As of', 'Coverage'], rows);
}

async function* beforeAndAfter(source: NotesSource): AsyncGenerator<Block> {
  const said = (fact: FactBody) => (fact.state === 'known' ? fact.summary : `not known: ${fact.because ?? ''}`);
  const rows: string[][] = [];
  for (const { first, firstAt, fact, at } of (await facts(source)).values()) {
    if (said(first) !== said(fact)) rows.push([first.name, said(first), firstAt, said(fact), at]);
  }
  const checks: string[][] = [];
  for await (const entry of source.entries()) {
    const check = readBody(entry, 'verify');
    if (check === null || checks.length >= most) continue;
    checks.push([entry.at, check.step, check.ok === null ? '? not checked' : check.ok ? '✓' : '✗', check.text]);
  }
  if (rows.length === 0 && checks.length === 0) return;
  yield { kind: 'heading', text: 'Before and after' };
  if (rows.length > 0) yield* table(['Fact', 'Before', 'At', 'Now', 'At'], rows);
  if (checks.length > 0) yield* table(['UTC', 'Step', 'Verified', 'What Azure says now'], checks);
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
  yield {
    kind: 'columns',
    names: ['UTC', 'Step', 'Request', 'Outcome', 'Client request id', 'Request id', 'Correlation id', 'Seconds'],
  };
  for await (const entry of source.entries()) {
    const intent = readBody(entry, 'intent');
    if (intent === null) continue;
    const outcome = outcomes.get(intent.id);
    const { method, url, apiVersion } = intent.request;
    yield {
      kind: 'row',
      cells: [
        entry.at,
        `${intent.playbook ?? ''} ${intent.step}`.trim(),
        `${method} ${url}${url.includes('api-version') ? '' : ` api-version ${apiVersion}`}`,
        outcome === undefined ? 'NOT KNOWN' : outcomeText(outcome),
        intent.clientRequestId,
        outcome?.requestId ?? '',
        outcome?.correlationId ?? '',
        outcome === undefined ? '' : outcome.durationSeconds.toFixed(1),
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
    if (entry.kind !== 'plan' && entry.kind !== 'confirm' && entry.kind !== 'undo') continue;
    if (!begun) yield { kind: 'heading', text: 'Plans and confirmations' };
    begun = true;
    if (entry.kind === 'plan') yield* onePlan(source, entry);
    else if (entry.kind === 'confirm') yield { kind: 'text', text: confirmation(entry) };
    else yield { kind: 'text', text: `${entry.at} undone by ${entry.actor}: ${entryLine(entry).text}` };
  }
}

async function* onePlan(source: NotesSource, entry: Entry): AsyncGenerator<Block> {
  const plan = readBody({ kind: 'plan', body: await source.fullBody(entry) }, 'plan') ?? readBody(entry, 'plan');
  if (plan === null) {
    yield { kind: 'subheading', text: `${entry.at} a plan in a form this version does not know (entry ${entry.seq})` };
    return;
  }
  yield { kind: 'subheading', text: `${entry.at} plan ${plan.playbook}` };
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
  const body = readBody(entry, 'confirm');
  if (body === null) return `${entry.at} confirmed by ${entry.actor}`;
  const typed = body.typed === '' ? 'nothing had to be typed' : `typed "${body.typed}"`;
  const reason = body.reason === '' ? '' : `, because: ${body.reason}`;
  return `${entry.at} ${entry.actor} confirmed ${body.playbook} ${stepName(body)} (${body.step}, ${body.level}): ${typed}${reason}`;
}

async function* notes(source: NotesSource): AsyncGenerator<Block> {
  let begun = false;
  for await (const entry of source.entries()) {
    const note = readBody({ kind: entry.kind, body: await source.fullBody(entry) }, 'note');
    if (note === null) continue;
    if (!begun) {
      yield { kind: 'heading', text: 'Notes' };
      yield { kind: 'columns', names: ['UTC', 'Who', 'Note'] };
    }
    begun = true;
    yield { kind: 'row', cells: [entry.at, entry.actor, note.text] };
  }
  if (begun) yield { kind: 'end' };
}

async function* notSeen(source: NotesSource): AsyncGenerator<Block> {
  yield { kind: 'heading', text: 'What was not seen' };
  const items: string[] = [];
  for (const { fact } of (await facts(source)).values()) {
    if (fact.state === 'unknown') {
      items.push(
        `${fact.name}: not known, because ${fact.because ?? ''}${fact.cure ? `. It would need: ${fact.cure}` : ''}`,
      );
    }
    for (const gap of fact.notSeen.slice(0, 100)) items.push(`${fact.name}: ${gap}`);
  }
  if (items.length > 0) yield { kind: 'list', items };
  else yield { kind: 'text', text: 'No gap was recorded. What no fact names was not looked at.' };
}

async function* timeline(source: NotesSource): AsyncGenerator<Block> {
  yield { kind: 'heading', text: 'Timeline' };
  yield { kind: 'columns', names: ['#', 'UTC', 'Who', 'Kind', 'What', 'Ids'] };
  for await (const entry of source.entries()) {
    const { text } = entryLine(entry);
    yield { kind: 'row', cells: [String(entry.seq), entry.at, entry.actor, entry.kind, text, idsOf(entry).join(' ')] };
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
  let begun = false;
  for await (const entry of source.entries()) {
    const query = readBody({ kind: entry.kind, body: await source.fullBody(entry) }, 'query');
    if (query === null) continue;
    if (!begun) yield { kind: 'heading', text: 'Queries' };
    begun = true;
    const came = `${cameOf(query)}${query.sha256 === '' ? '' : `, sha256 ${query.sha256}`}`;
    yield { kind: 'text', text: `${entry.at} ${query.service}: ${came}, ${query.durationSeconds.toFixed(1)} s` };
    yield { kind: 'code', language: 'kusto', lines: query.text.split(/\r?\n/).slice(0, most) };
  }
}

async function* evidence(source: NotesSource): AsyncGenerator<Block> {
  yield { kind: 'heading', text: 'Evidence' };
  let begun = false;
  for await (const entry of source.entries()) {
    for (const ref of evidenceOf(entry)) {
      if (!begun) yield { kind: 'columns', names: ['File', 'Bytes', 'SHA-256', 'Entry'] };
      begun = true;
      yield { kind: 'row', cells: [ref.file, String(ref.bytes), ref.sha256, String(entry.seq)] };
    }
  }
  if (begun) yield { kind: 'end' };
  else yield { kind: 'text', text: 'No evidence file.' };
}

async function* integrity(source: NotesSource): AsyncGenerator<Block> {
  const { verification, id, head, count } = source;
  yield { kind: 'heading', text: 'Integrity' };
  yield {
    kind: 'text',
    text: verification.ok
      ? `The chain of ${counted(count, 'entry', 'entries')} and ${counted(verification.evidence, 'evidence file')} was whole at ${source.exportedAt}.`
      : `The case did NOT verify at ${source.exportedAt}: line ${verification.line} ${verification.because}.`,
  };
  if (verification.ok && verification.unlisted.length > 0) {
    yield {
      kind: 'text',
      text: `Files in the evidence folder that no entry vouches for: ${verification.unlisted.join(', ')}`,
    };
  }
  yield* table(
    ['Field', 'Value'],
    [
      ['Entries', String(count)],
      ['Head (SHA-256)', head],
    ],
  );
  yield {
    kind: 'text',
    text: 'Keep these two where nobody who could change the case file can change them. This checks the file against them:',
  };
  yield { kind: 'code', language: '', lines: [`cordon case verify ${id} --head ${head} --entries ${count}`] };
}

function* table(names: string[], rows: Iterable<string[]>): Generator<Block> {
  yield { kind: 'columns', names };
  for (const cells of rows) yield { kind: 'row', cells };
  yield { kind: 'end' };
}

function clock(minutes: number): string {
  const two = (part: number) => String(Math.floor(part)).padStart(2, '0');
  return `${two(minutes / 60)}:${two(minutes % 60)}`;
}
