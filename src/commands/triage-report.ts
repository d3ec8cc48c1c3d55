import { shortName } from '../arm/resource-id.ts';
import { burstKinds } from '../documents/burst-kinds.ts';
import type { Fact } from '../documents/fact.ts';
import { severityOf } from '../documents/severity.ts';
import type { ExposedPort, TimeLine, TriageDocument } from '../documents/triage.ts';
import { listeningInWords, usersInWords } from '../network/listening.ts';
import { portWithProtocol, serviceText } from '../network/port-text.ts';
import { sourcesText } from '../network/source-breadth.ts';
import { postureKeys, postureSources } from '../sources.ts';
import { count, counted } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import { assessmentLines, exploitedAmong, patchName, type ToldLine } from '../words/fact-lines.ts';
import { patchSeverity, severityMarks } from '../words/severity.ts';
import { witnessTexts } from '../words/witnesses.ts';

interface Section {
  title: string;
  about: string;
  lines: string[];
}

/** Instants to the second: fractions matter to the documents, not to a reader. */
const toTheSecond = (text: string) => text.replace(/(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z/g, '$1 $2Z');

function section<T>(title: string, fact: Fact<T>, lines: (value: T) => string[]): Section {
  if (fact.state === 'unknown') {
    return {
      title,
      about: printable(fact.source),
      lines: [`? not known: ${printable(fact.because)}`, `  to fix: ${printable(fact.cure)}`],
    };
  }
  const drawn = lines(fact.value);
  return {
    title,
    about: toTheSecond(printable(`${fact.source}; ${fact.coverage}; as of ${fact.asOf}`)),
    lines: [
      ...(drawn.length > 0 ? drawn : ['· nothing found']),
      ...fact.notSeen.map((what) => `? not seen: ${printable(what)}`),
    ].map(toTheSecond),
  };
}

/** Labelled lines as the lines of a section. */
function toldLines(lines: readonly ToldLine[]): string[] {
  return lines.map(({ label, text }) => printable(`  ${label === '' ? '    ' : `${label}: `}${text}`, 1000));
}

/** What listens at a port and who used it, as far as that was asked. */
function socketLines(port: ExposedPort): string[] {
  return [
    ...(port.listening ? [`listening: ${listeningInWords(port.listening)}`] : []),
    ...(port.usedBy ? [`used by: ${usersInWords(port.usedBy)}`] : []),
  ];
}

/** The document as titled lines, the same for the terminal and for Markdown. */
function triageSections(document: TriageDocument): Section[] {
  const { exposure, logons, patches } = document;
  return [
    section('Exposed ports', exposure, (value) => [
      ...(value.ports.length === 0 ? ['· no port is open to the Internet'] : []),
      ...value.ports.flatMap((port, at) => {
        const sign = severityMarks[severityOf(document.findings, `exposure.ports[${at}]`) ?? 'low'];
        const who = sourcesText(port.sources);
        const by = port.decidedBy
          .map((rule) => `${shortName(rule.nsg)}/${rule.rule} (${rule.priority}, ${rule.level})`)
          .join(' then ');
        const agrees = {
          'effective-rules': 'Azure agrees',
          'not-checked': 'not checked with Azure',
          disagrees: 'AZURE DISAGREES',
        }[port.agrees];
        return [
          printable(
            `${[sign, portWithProtocol(port), serviceText(port)].filter(Boolean).join(' ')}  from ${who}  at ${port.frontend.address} via ${port.via}  by ${by || 'no network security group'}  [${agrees}]`,
          ),
          ...socketLines(port).map((text) => printable(`    ${text}`, 600)),
        ];
      }),
      ...value.disagreements.map((d) =>
        printable(`▲ disagreement on ${d.ports}/${d.protocol}: cordon says ${d.cordon}; Azure says ${d.azure}`),
      ),
      ...value.secondOpinion.map((o) => printable(`  second opinion, ${shortName(o.networkInterface)}: ${o.result}`)),
    ]),
    section('Failed logons', logons, (value) => [
      `  ${count(value.failures)} failures; ${counted(value.bursts.length, 'burst')} (${value.thresholds.failures} in ${value.thresholds.windowSeconds} s)`,
      ...value.bursts.slice(0, 12).flatMap((burst) => {
        const success =
          burst.success.state === 'unknown'
            ? `? whether one succeeded is not known: ${burst.success.because}`
            : burst.success.value
              ? `▲ THEN A LOGON as ${burst.success.value.account} from ${burst.success.value.address} at ${burst.success.value.at}`
              : '· no success followed';
        const accounts =
          burst.accounts.length > 3
            ? `${count(burst.distinctAccounts ?? burst.accounts.length)} accounts`
            : burst.accounts.map((a) => printable(a.name, 60)).join(', ');
        return [
          printable(
            `${burst.success.state === 'known' && burst.success.value ? '▲' : '△'} ${burst.start} – ${burst.end}  ${burstKinds[burst.kind].name}  ${count(burst.failures)}  ${burst.sources
              .slice(0, 3)
              .map((s) => s.address)
              .join(', ')} → ${accounts}`,
          ),
          ...witnessTexts(burst).map((text) => printable(`    ? at the same time: ${text}`)),
          printable(`    ${success}`),
          ...burst.next.slice(0, 6).map((event) => printable(`    ${event.at}  ${event.eventId} ${event.what}`)),
        ];
      }),
    ]),
    section('Patch gaps', patches, (value) => [
      ...toldLines(assessmentLines(value)),
      ...value.missing.slice(0, 20).map((patch, at) => {
        const severity = severityOf(document.findings, `patches.missing[${at}]`) ?? patchSeverity(patch);
        const exploited = exploitedAmong(document, patch.cves).map(({ cve }) => cve);
        return printable(
          [
            `${severityMarks[severity]} ${patchName(patch)}  ${patch.classification}  ${patch.ageDays === null ? 'age unknown' : `${patch.ageDays} d`}`,
            ...(patch.lastAttempt ? [`last attempt: ${patch.lastAttempt.state}`] : []),
            ...(exploited.length > 0 ? [`EXPLOITED ${exploited.join(' ')}`] : patch.cves),
          ].join('  '),
        );
      }),
      ...(value.missing.length > 20 ? [`  and ${count(value.missing.length - 20)} more`] : []),
    ]),
    ...postureKeys.flatMap((key) => {
      const { title, fact, lines } = postureSources[key];
      const found = fact(document);
      return found ? [section(title, found, () => toldLines(lines(document)))] : [];
    }),
  ];
}

/** The last entries of the time line that a report shows. */
const timeLineLimit = 200;

function timeLineText({ entries, unknown }: TimeLine): string[] {
  return [
    '',
    'Time line — everything that has a time, UTC',
    ...unknown.map((what) => `  ? not seen: ${what}`),
    ...(entries.length > timeLineLimit ? [`  the last ${timeLineLimit} of ${count(entries.length)}`] : []),
    ...entries
      .slice(-timeLineLimit)
      .map((entry) =>
        printable(
          `  ${entry.at.slice(0, 19)}Z ${severityMarks[entry.severity]} ${entry.source.padEnd(8)} ${entry.text}${entry.who ? `  ${entry.who}` : ''}${entry.from ? `  from ${entry.from}` : ''}`,
        ),
      ),
  ];
}

function timeLineMarkdown({ entries, unknown }: TimeLine): string[] {
  const rows = entries
    .slice(-timeLineLimit)
    .map(({ at, until, severity, source, text, who, from, attack }) => [
      `${at.slice(0, 19)}Z${until ? ` – ${until.slice(0, 19)}Z` : ''}`,
      severity,
      source,
      text,
      who,
      from,
      attack.join(', '),
    ]);
  const head = ['Time (UTC)', 'Severity', 'Source', 'What', 'Who', 'From', 'ATT&CK'];
  return [
    '',
    '## Time line',
    '',
    ...unknown.map((what) => `- Not seen: ${escapeMarkdown(what)}`),
    ...(entries.length > timeLineLimit ? [`- The last ${timeLineLimit} of ${count(entries.length)} entries.`] : []),
    '',
    `| ${head.map(escapeMarkdown).join(' | ')} |`,
    `|${head.map(() => '---').join('|')}|`,
    ...rows.map((row) => `| ${row.map((cell) => escapeMarkdown(printable(cell))).join(' | ')} |`),
  ];
}

/** Text in place of public addresses: there is none, or none could be read. */
function noAddress(exposure: TriageDocument['exposure']): string {
  if (exposure.state === 'unknown') return 'public address not known';
  return exposure.notSeen.length === 0 ? 'no public address' : 'no public address seen';
}

function heading(document: TriageDocument): { title: string; where: string } {
  const { vm } = document;
  return {
    title: printable(
      `${vm.name}  ${vm.osName} · ${vm.power} · ${vm.publicAddresses.join(', ') || noAddress(document.exposure)}`,
    ),
    where: printable(`${vm.subscriptionName} › ${vm.resourceGroup} › ${vm.name}  ${vm.id}`),
  };
}

/** The report for a terminal or a pipe. */
export function triageText(document: TriageDocument): string {
  const { title, where } = heading(document);
  const findings = document.findings.map(
    ({ severity, title: told, unknown }) =>
      `${severityMarks[severity]} ${severity.toUpperCase().padEnd(8)} ${told}${unknown.length > 0 ? `  (? ${unknown.length})` : ''}`,
  );
  const body = triageSections(document).flatMap(({ title: name, about, lines }) => [
    '',
    `${name} — ${about}`,
    ...lines.map((line) => `  ${line}`),
  ]);
  return [
    `cordon triage  ${toTheSecond(document.asOf)}`,
    title,
    where,
    '',
    ...(findings.length > 0 ? findings : ['· no finding from what is known']),
    ...timeLineText(document.timeLine),
    ...body,
    '',
  ].join('\n');
}

const escapeMarkdown = (text: string) => text.replace(/[\\`*_{}[\]<>|#!&~]/g, (character) => `\\${character}`);

/** The report as Markdown; everything that came from Azure is neutralised. */
export function triageMarkdown(document: TriageDocument): string {
  const { title, where } = heading(document);
  return [
    `# ${escapeMarkdown(title)}`,
    '',
    `${escapeMarkdown(where)}. Read ${toTheSecond(document.asOf)}.`,
    '',
    '## Findings',
    '',
    ...document.findings.map(
      ({ severity, title: told, attack, unknown }) =>
        `- **${severity}** ${escapeMarkdown(told)}${attack.length > 0 ? ` (${attack.join(', ')})` : ''}${unknown.length > 0 ? `. Not known: ${escapeMarkdown(unknown.join('; '))}` : ''}`,
    ),
    ...timeLineMarkdown(document.timeLine),
    ...triageSections(document).flatMap(({ title: name, about, lines }) => [
      '',
      `## ${name}`,
      '',
      `_${escapeMarkdown(about)}_`,
      '',
      ...lines.map((line) => `- ${escapeMarkdown(line.trim())}`),
    ]),
    '',
  ].join('\n');
}
