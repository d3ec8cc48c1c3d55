import { evidenceName } from '../documents/evidence-names.ts';
import type { Entry } from '../documents/transcript.ts';
import type { VerdictKind } from '../documents/verdict-kinds.ts';
import { count, counted } from '../text/counts.ts';
import type { CaseDigest, DoneStep, Subject } from './case-digest.ts';
import {
  attackOf,
  exposureBeforeAndNow,
  type Gap,
  gapsOver,
  indicatorsOver,
  recommendationsOver,
  type ToldIndicator,
  timesOver,
  verdictOver,
} from './case-story.ts';
import { type HalfDone, halfDoneIn, halfDoneText, tellsOfChanges } from './half-done.ts';
import {
  type Block,
  type Column,
  clockOf,
  dayTable,
  mark,
  momentOf,
  table,
  time,
  toTheSecond,
  words,
} from './notes-blocks.ts';
import type { NotesSource } from './notes-source.ts';
import { resourceOf } from './one-line.ts';
import { type OpenIntent, openIntents } from './recovery.ts';

const labels: Record<VerdictKind, string> = {
  compromised: 'Compromised',
  'left behind': 'Left behind',
  spreading: 'Spreading',
  'opened by': 'Opened by',
  attacked: 'Attacked',
  exposed: 'State now',
  unpatched: 'Not patched',
  'not known': 'Not known',
};

/** The contents of the first page; the findings and the record have the rest. */
const most = { leads: 20, attack: 26, gaps: 8, indicators: 18, recommendations: 16, steps: 30 };

/** A fact by the name that a person reads: "posture.jit" -> "just-in-time access". */
export function factName(name: string): string {
  return evidenceName(name.replace(/^posture\./, ''));
}

/** What the record left without its end. */
export interface Unfinished {
  open: readonly OpenIntent[];
  left: readonly HalfDone[];
}

/** The same as the entries show it. When something is undone by itself is left out: that passes. */
export async function unfinishedIn(source: NotesSource): Promise<Unfinished> {
  const entries: Entry[] = [];
  for await (const entry of source.entries()) if (tellsOfChanges(entry)) entries.push(entry);
  const left = await halfDoneIn({ id: source.id, vm: source.header.vm }, entries, () => [], new Date(0));
  return { open: await openIntents(entries), left: left.filter(({ kind }) => kind === 'unverified') };
}

/** Page one: verdict, attack, what was done, what is not known, indicators, recommendations. */
export function* pageOne(source: NotesSource, digest: CaseDigest, { open, left }: Unfinished): Generator<Block> {
  yield* head(source, digest);
  for (const one of left.slice(0, 20)) yield { kind: 'alarm', text: toTheSecond(halfDoneText(one)) };
  yield* inShort(digest);
  for (const { intent, entry } of open.slice(0, 20)) {
    yield {
      kind: 'alarm',
      text: `Outcome not known: ${intent.request.method} ${resourceOf(intent.request.url)} of ${momentOf(entry.at)}, client request ${intent.clientRequestId}`,
    };
  }
  yield* fromVmToVm(digest);
  yield* attack(digest);
  yield* done(digest);
  yield* notKnown(digest);
  yield* indicators(digest);
  yield* leftToDo(digest);
}

/** The VMs, or event logs, of which there is a conclusion. */
export function concluded({ subjects }: CaseDigest): Subject[] {
  return subjects.filter(({ readings }) => readings.length > 0);
}

function* head(
  { id: caseId, header, verification, head, count: entries }: NotesSource,
  digest: CaseDigest,
): Generator<Block> {
  yield { kind: 'title', text: `Case ${caseId}` };
  if (header.demo) yield { kind: 'alarm', text: 'This case is about the built-in simulator, not about a real VM.' };
  if (!verification.ok) {
    const { line, because } = verification;
    yield {
      kind: 'alarm',
      text: `This case does not verify: line ${line} ${because}. What follows is what can be read.`,
    };
  }
  const group = /\/resourceGroups\/([^/]+)/i.exec(header.vm.id)?.[1];
  const subjects = concluded(digest).map(({ name }) => name);
  const about = subjects.length > 1 ? subjects.slice(0, 8).join(', ') : header.vm.name;
  yield {
    kind: 'quiet',
    text: [
      `${about}${group && subjects.length < 2 ? ` in ${group}` : ''}`,
      `worked on by ${digest.actors.join(', ') || header.operator.upn}`,
      `${momentOf(digest.firstAt)} to ${momentOf(digest.lastAt)}`,
      `${counted(entries, 'entry', 'entries')}, ${verification.ok ? 'whole' : 'NOT whole'}, head ${head.slice(0, 12)}…`,
      'times are UTC; E14 is evidence file 0014 of the case, #20 its entry 20',
    ].join(' · '),
  };
}

function* inShort(digest: CaseDigest): Generator<Block> {
  yield { kind: 'heading', text: 'In short' };
  const subjects = concluded(digest);
  for (const subject of subjects) {
    if (subjects.length > 1) yield { kind: 'subheading', text: subject.name };
    yield { kind: 'verdict', lines: verdictLines(subject, digest) };
  }
  if (subjects.length === 0) yield* withoutConclusion(digest);
  if (digest.scan) yield* fleet(digest);
  for (const text of digest.unread) yield { kind: 'alarm', text };
  if (digest.errors.length > 0) {
    yield { kind: 'alarm', text: `${counted(digest.errors.length, 'error')} recorded: see annex A.` };
  }
}

function verdictLines(subject: Subject, digest: CaseDigest) {
  const state = exposureBeforeAndNow(subject);
  const lines = verdictOver(subject).map(({ about, severity, text, attack: techniques, where, readAt }) => ({
    label: labels[about],
    severity,
    text: [
      text,
      about === 'exposed' && state && state.before !== state.now ? `; before: ${state.before}` : '',
      techniques.length > 0 ? ` (${techniques.join(', ')})` : '',
      readAt === '' ? '' : ` [as read ${momentOf(readAt)}]`,
      where.length > 0 ? ` ${where.join(' ')}` : '',
    ].join(''),
  }));
  const compromisedKnown = subject.readings.at(-1)?.conclusion.verdict.some(({ about }) => about === 'compromised');
  const logons = subject.facts.get('logons')?.last;
  if (!compromisedKnown && logons?.state === 'known' && !lines.some(({ label }) => label === labels.compromised)) {
    lines.unshift({
      label: labels.compromised,
      severity: 'info',
      text: 'no logon is known to have followed failed logons',
    });
  }
  const gaps = gapsOver(digest).filter(({ vm }) => vm === subject.name);
  const whole = gaps.filter((gap) => gap.whole);
  if (gaps.length > 0 && !lines.some(({ label }) => label === labels['not known'])) {
    const names = [...new Set(gaps.map(({ about }) => factName(about)))].slice(0, 6).join(', ');
    lines.push({
      label: labels['not known'],
      severity: whole.length > 0 ? 'medium' : 'low',
      text: `nothing that decides the verdict; ${counted(gaps.length, 'gap')} below (${names})`,
    });
  }
  return lines;
}

/** A case of an earlier version, or one in which no VM was read. */
function* withoutConclusion({ subjects }: CaseDigest): Generator<Block> {
  const items = subjects.flatMap(({ facts }) =>
    [...facts.values()].map(({ last }) =>
      last.state === 'known'
        ? `${factName(last.name)}: ${last.summary}`
        : `${factName(last.name)}: not known: ${last.because ?? ''}`,
    ),
  );
  yield { kind: 'text', text: 'No reading of a VM as a whole is in this case: there is no verdict.' };
  if (items.length > 0) yield { kind: 'list', items: items.slice(0, 40).map(toTheSecond) };
}

/** What a scan says of the other VMs. */
function* fleet({ scan, scanWhere }: CaseDigest): Generator<Block> {
  if (!scan) return;
  const rows = scan.vms.filter(({ severity }) => severity === 'critical' || severity === 'high');
  const unknown = scan.vms.filter(({ severity }) => severity === 'unknown').length;
  yield {
    kind: 'text',
    text: `Scan of ${momentOf(scan.asOf)} (${scanWhere}): ${counted(scan.vms.length, 'VM')}, ${rows.length} of severity high or critical${unknown > 0 ? `, ${unknown} not known` : ''}.`,
  };
  yield* table(
    [words('VM'), mark('Severity'), words('Because')],
    rows.slice(0, 10).map(({ name, severity, because }) => [name, severity, toTheSecond(because.join('; '))]),
  );
}

/** What led from one VM to the next, and to data; what was not read is among it. */
function* fromVmToVm({ incident, incidentWhere }: CaseDigest): Generator<Block> {
  if (!incident) return;
  yield { kind: 'heading', text: 'From VM to VM' };
  const rows = incident.vms.flatMap(({ vm, logons, operations }) =>
    [logons, operations].flatMap((fact) =>
      fact.state === 'unknown'
        ? [[vm.name, 'NOT KNOWN', '', toTheSecond(`${fact.because}. To fix: ${fact.cure}`), fact.source]]
        : fact.value.map(({ to, reached, first, text }) => [
            vm.name,
            `${to.kind === 'disk' ? 'disk ' : ''}${to.name}${reached ? '' : ' (attempt)'}`,
            momentOf(first),
            toTheSecond(text),
            fact.source,
          ]),
    ),
  );
  if (rows.length === 0) yield { kind: 'text', text: 'Nothing leads on in what could be read.' };
  else {
    yield* table(
      [words('From'), words('To'), time('First (UTC)'), words('What'), words('Source')],
      rows.slice(0, most.leads),
    );
  }
  const left = rows.length > most.leads ? `${count(rows.length - most.leads)} more are in it. ` : '';
  yield {
    kind: 'quiet',
    text: `${left}Read ${momentOf(incident.asOf)}, ${incidentWhere}: coverage and what was not seen.`,
  };
}

function* attack(digest: CaseDigest): Generator<Block> {
  const subjects = concluded(digest);
  if (subjects.length === 0) return;
  yield { kind: 'heading', text: 'Attack, in order' };
  const { entries, left } = attackOf(timesOver(subjects), most.attack);
  const several = subjects.length > 1;
  const columns: Column[] = [
    time(),
    ...(several ? [words('VM')] : []),
    words('What'),
    words('Who'),
    words('From'),
    words('ATT&CK'),
    mark('Evidence'),
  ];
  if (entries.length === 0) yield { kind: 'text', text: 'Nothing that has a time was found in what is known.' };
  yield* dayTable(
    columns,
    entries.map(({ at, until, vms, text, who, from, attack: techniques, source, where }) => ({
      at,
      cells: [
        until === null
          ? clockOf(at)
          : `${clockOf(at)} – ${until.slice(0, 10) === at.slice(0, 10) ? clockOf(until) : momentOf(until)}`,
        ...(several ? [vms.join(', ')] : []),
        text,
        who,
        from,
        techniques.join(', '),
        `${source} ${where}`,
      ],
    })),
  );
  if (left > 0) yield { kind: 'quiet', text: `${count(left)} less severe: annex A, time line.` };
}

function resultOf({ verified, requests, refused }: DoneStep): string {
  if (verified) return `${verified.ok === null ? 'NOT CHECKED: ' : verified.ok ? '' : 'FAILED: '}${verified.text}`;
  return `${counted(requests, 'request')} sent${refused > 0 ? `, ${refused} refused` : ''}; NOT CHECKED`;
}

function* done(digest: CaseDigest): Generator<Block> {
  yield { kind: 'heading', text: 'What was done' };
  const { steps } = digest;
  for (const subject of concluded(digest)) {
    const state = exposureBeforeAndNow(subject);
    if (!state || !steps.some(({ requests, vm }) => requests > 0 && vm === subject.name)) continue;
    yield* table(
      [words(''), words(`Before and after: what the Internet reaches on ${subject.name}`)],
      [
        ['Before', state.before],
        ['Now', state.now],
      ],
    );
  }
  if (steps.length === 0) {
    yield { kind: 'text', text: 'Nothing was changed in Azure.' };
    return;
  }
  const several = new Set(steps.map(({ vm }) => vm)).size > 1;
  yield* dayTable(
    [
      time(),
      ...(several ? [words('VM')] : []),
      words('Step'),
      words('By'),
      words('Result, as verified'),
      words('Undone'),
    ],
    steps.slice(0, most.steps).map((step) => ({
      at: step.at,
      cells: [
        clockOf(step.verified?.at ?? step.at),
        ...(several ? [step.vm] : []),
        `${step.title} (${step.playbook})${step.reason === '' ? '' : `, because: ${step.reason}`}`,
        step.confirmed ? `${step.by}, typed “${step.confirmed}”` : step.by,
        toTheSecond(resultOf(step)),
        step.undone ? `${clockOf(step.undone.at)} ${toTheSecond(step.undone.text)}` : 'no',
      ],
    })),
  );
  if (steps.length > most.steps)
    yield { kind: 'quiet', text: `and ${count(steps.length - most.steps)} more: annex A.` };
}

/** "changes in Azure: what web01 did in other groups. To fix: …" */
export function gapText({ about, text, cure }: Gap): string {
  return `${factName(about)}: ${text}${cure === '' ? '' : `. To fix: ${cure}`}`;
}

function* notKnown(digest: CaseDigest): Generator<Block> {
  yield { kind: 'heading', text: 'What is not known' };
  const gaps = gapsOver(digest);
  if (gaps.length === 0) {
    yield { kind: 'text', text: 'No gap was recorded. What no fact names was not looked at.' };
    return;
  }
  const several = concluded(digest).length > 1;
  const items = gaps.slice(0, most.gaps).map((gap) => `${several ? `${gap.vm}: ` : ''}${toTheSecond(gapText(gap))}`);
  yield { kind: 'list', items };
  if (gaps.length > most.gaps) yield { kind: 'quiet', text: `and ${count(gaps.length - most.gaps)} more: annex A.` };
}

const span = (first: string | null, last: string | null) =>
  first === null
    ? ''
    : last === null || clockOf(last) === clockOf(first)
      ? momentOf(first)
      : `${momentOf(first)} – ${momentOf(last)}`;

/** The table of indicators; the same on page one and in the annex. */
export function* indicatorTable(all: readonly ToldIndicator[], several: boolean): Generator<Block> {
  yield* table(
    [
      words('Type'),
      words('Indicator'),
      words('What it did'),
      ...(several ? [words('VM')] : []),
      time('Seen (UTC)'),
      words('ATT&CK'),
      mark('Evidence'),
    ],
    all.map(({ type, value, role, vms, first, last, attack: techniques, where }) => [
      type,
      value,
      role,
      ...(several ? [vms.join(', ')] : []),
      span(first, last),
      techniques.join(', '),
      where,
    ]),
  );
}

function* indicators(digest: CaseDigest): Generator<Block> {
  const subjects = concluded(digest);
  const all = indicatorsOver(subjects);
  if (all.length === 0) return;
  yield { kind: 'heading', text: 'Indicators of compromise' };
  yield* indicatorTable(all.slice(0, most.indicators), subjects.length > 1);
  if (all.length > most.indicators) {
    yield {
      kind: 'quiet',
      text: `and ${count(all.length - most.indicators)} more: annex A, and the exports as CSV and STIX.`,
    };
  }
}

function* leftToDo(digest: CaseDigest): Generator<Block> {
  const subjects = concluded(digest);
  const all = recommendationsOver(subjects);
  if (all.length === 0) return;
  yield { kind: 'heading', text: 'Left to do' };
  const several = subjects.length > 1;
  yield* table(
    [mark('Severity'), ...(several ? [words('VM')] : []), words('What'), words('To do')],
    all
      .slice(0, most.recommendations)
      .map(({ severity, vm, about, text, playbook }) => [
        severity,
        ...(several ? [vm] : []),
        about,
        `${text}${playbook === '' ? '' : `: cordon run ${playbook} --vm ${vm}`}`,
      ]),
  );
  if (all.length > most.recommendations) {
    yield { kind: 'quiet', text: `and ${count(all.length - most.recommendations)} more.` };
  }
}
