import { shortName } from '../src/arm/resource-id.ts';
import { burstKinds } from '../src/documents/burst-kinds.ts';
import type { Fact } from '../src/documents/fact.ts';
import type { Burst } from '../src/documents/triage.ts';
import { portWithProtocol } from '../src/network/port-text.ts';
import type { Session } from '../src/session/session.ts';
import { aroundKey, type Pane, type SessionState, tellingInstant } from '../src/session/state.ts';
import { postureSources } from '../src/sources.ts';
import { wrap } from '../src/text/cells.ts';
import { count, sparkline } from '../src/text/counts.ts';
import { hasWords } from '../src/text/fuzzy.ts';
import { clock, moment } from '../src/text/times.ts';
import type { TriageInProgress } from '../src/triage/in-progress.ts';
import {
  assessmentLines,
  logonTypeText,
  missingPatchLines,
  patchName,
  vulnerabilityLines,
} from '../src/words/fact-lines.ts';
import { mark } from '../src/words/severity.ts';
import { witnessTexts } from '../src/words/witnesses.ts';
import { type Line, line, span } from './line.ts';
import { burstParties } from './logons-pane.ts';
import { postureItems } from './posture-pane.ts';
import { breadthText } from './words.ts';

/** A table of few rows inside a detail, for ink-table. */
export interface SmallTable {
  title: string;
  rows: Record<string, string>[];
}

/** The detail of one thing: what it is, its lines, and its small tables. */
export interface Detail {
  title: string;
  asOf: string;
  lines: { label: string; text: string }[];
  tables: SmallTable[];
}

/** Where a fact is from, what it covers and what it could not see; or why it is not known. */
export function sourceLines(fact: Fact<unknown>): { label: string; text: string }[] {
  if (fact.state === 'unknown') {
    return [
      { label: 'Not known', text: fact.because },
      { label: 'To fix', text: fact.cure },
      { label: 'Asked', text: fact.source },
    ];
  }
  return [
    { label: 'Source', text: `${fact.source}, ${moment(fact.asOf)}` },
    { label: 'Covers', text: fact.coverage },
    ...fact.notSeen.map((text) => ({ label: 'Not seen', text })),
  ];
}

/** The events next to the logon that ended a burst; those that share its address or account are marked. */
function aroundLines(state: SessionState, vmId: string, burst: Burst): Detail['lines'] {
  const instant = tellingInstant(burst);
  if (instant === '') return [];
  const fact = state.around.get(aroundKey(vmId, instant));
  const label = 'Events around';
  if (!fact) return [{ label, text: `${mark.loading} asking for the events next to ${clock(instant)}` }];
  if (fact.state === 'unknown')
    return [{ label: 'Not known', text: `events around it: ${fact.because}. ${fact.cure}` }];
  const addresses = new Set(burst.sources.map(({ address }) => address));
  const accounts = new Set(burst.accounts.map(({ name }) => name.toLowerCase()));
  const at = fact.value.events.findIndex((event) => event.at >= instant);
  const from = Math.max(0, at - 6);
  const shown = fact.value.events.slice(from, from + 40);
  const rest = fact.value.events.length - shown.length;
  const more = rest > 0 ? `; ${count(rest)} more are in the case file` : '';
  return [
    ...shown.map((event, index) => {
      const theirs =
        addresses.has(event.address) || [event.account, event.by].some((name) => accounts.has(name.toLowerCase()));
      const sign = !theirs ? mark.low : event.eventId === 4625 ? mark.medium : mark.critical;
      return {
        label: index === 0 ? label : '',
        text: `${sign} ${clock(event.at)}  ${event.eventId === 0 ? '' : `${event.eventId}  `}${event.what}`,
      };
    }),
    { label: '', text: `${fact.source}, ${fact.coverage}, asked ${clock(fact.asOf)}${more}` },
    ...fact.notSeen.map((text) => ({ label: 'Not seen', text })),
  ];
}

function portDetail(part: TriageInProgress, index: number, explained: Detail['lines']): Detail | null {
  if (part.exposure?.state !== 'known') return null;
  const port = part.exposure.value.ports[index];
  if (!port) return null;
  const reach = explained.length > 0 ? explained : [{ label: 'Who can reach it', text: breadthText(port.sources) }];
  const rows = port.decidedBy.map((rule) => ({
    rule: rule.rule,
    priority: String(rule.priority),
    level: rule.level,
    'security group': shortName(rule.nsg),
  }));
  return {
    title: `${portWithProtocol(port)} on ${part.vm.name}, nic ${shortName(port.networkInterface)}, ${port.frontend.address}`,
    asOf: part.exposure.asOf,
    lines: [...reach, ...sourceLines(part.exposure)],
    tables: [{ title: 'Decided by', rows }],
  };
}

function successText({ success }: Burst): string {
  if (success.state === 'unknown') return `${mark.unknown} not known: ${success.because}. ${success.cure}`;
  if (success.value === null) return 'no logon from these addresses was seen after it';
  const { account, address, at, logonType } = success.value;
  return `${account} from ${address || 'an address that was not recorded'} at ${moment(at)} (${logonTypeText(logonType)})`;
}

/** The parties of a burst and the reasons of its failures, the most frequent first. */
function burstTables(burst: Burst): SmallTable[] {
  const from = burst.sources.map((one) => ({ address: one.address || 'not recorded', failures: count(one.failures) }));
  const against = burst.accounts.map((one) => ({
    account: one.name,
    failures: count(one.failures),
    exists: one.exists === null ? 'not known' : one.exists ? 'yes' : 'no',
  }));
  const why = burst.codes.map((one) => ({ code: one.code, meaning: one.meaning, failures: count(one.failures) }));
  return [
    { title: 'From', rows: from.slice(0, 5) },
    { title: 'Against', rows: against.slice(0, 5) },
    { title: 'Why they failed', rows: why.slice(0, 5) },
  ];
}

function burstDetail(state: SessionState, part: TriageInProgress, index: number): Detail | null {
  if (part.logons?.state !== 'known') return null;
  const burst = part.logons.value.bursts[index];
  if (!burst) return null;
  return {
    title: `${burstKinds[burst.kind].name} on ${part.vm.name}: ${burstParties(burst)}`,
    asOf: part.logons.asOf,
    lines: [
      { label: 'When', text: `${moment(burst.start)} to ${moment(burst.end)}` },
      ...(burst.readFrom ? [{ label: 'Read from', text: burst.readFrom }] : []),
      {
        label: 'Failures',
        text: `${count(burst.failures)}, at most ${count(burst.peakPerMinute)} in a minute   ${sparkline(burst.histogram, 30)}`,
      },
      ...witnessTexts(burst).map((text, at) => ({ label: at === 0 ? 'At the same time' : '', text })),
      { label: 'A logon after it', text: successText(burst) },
      ...burst.next.map((next, at) => ({
        label: at === 0 ? 'What followed' : '',
        text: `${moment(next.at)}  ${next.eventId}  ${next.what}`,
      })),
      ...aroundLines(state, part.vm.id, burst),
      { label: 'Logon types', text: burst.logonTypes.map(logonTypeText).join('; ') || 'not recorded' },
      ...sourceLines(part.logons),
    ],
    tables: burstTables(burst),
  };
}

/** Missing patches come first in their pane, then vulnerabilities of other software. */
function patchDetail(part: TriageInProgress, index: number): Detail | null {
  const { patches } = part;
  const missing = patches?.state === 'known' ? patches.value.missing : [];
  const patch = missing[index];
  if (patch && patches?.state === 'known') {
    return {
      title: `${patchName(patch)} is missing on ${part.vm.name}`,
      asOf: patches.asOf,
      lines: [...missingPatchLines(part, patch), ...assessmentLines(patches.value), ...sourceLines(patches)],
      tables: [],
    };
  }
  const { software } = part.posture;
  const one = software?.state === 'known' ? software.value.vulnerabilities[index - missing.length] : undefined;
  if (software?.state !== 'known' || !one) return null;
  return {
    title: `${one.title} on ${part.vm.name}`,
    asOf: software.asOf,
    lines: [...vulnerabilityLines(part, one), ...sourceLines(software)],
    tables: [],
  };
}

function postureDetail(part: TriageInProgress, index: number, now: Date): Detail | null {
  const item = postureItems(part, now)[index];
  if (!item?.fact) return null;
  return {
    title: `${item.name} of ${part.vm.name}`,
    asOf: item.fact.state === 'known' ? item.fact.asOf : '',
    lines: [...postureSources[item.key].lines(part), ...sourceLines(item.fact)],
    tables: [],
  };
}

/** The detail's lines and table rows that contain every word of the search; a line keeps the label that it is under. */
export function linesWith(detail: Detail, search: string): Detail {
  let label = '';
  const under = detail.lines.map((one) => {
    label = one.label === '' ? label : one.label;
    return { label, text: one.text };
  });
  const lines = under.filter((one) => hasWords(`${one.label} ${one.text}`, search));
  return {
    ...detail,
    lines: lines.map((one, at) => (lines[at - 1]?.label === one.label ? { label: '', text: one.text } : one)),
    tables: detail.tables.map((table) => ({
      ...table,
      rows: table.rows.filter((row) => hasWords(`${table.title} ${Object.values(row).join(' ')}`, search)),
    })),
  };
}

/** What the detail view shows, or null when the thing is gone since (a refresh found it closed, say). */
export function detailOf(
  session: Pick<Session, 'explain'>,
  state: SessionState,
  { vmId, pane, index }: { vmId: string; pane: Pane; index: number },
): Detail | null {
  const part = state.triages.get(vmId)?.part;
  if (!part) return null;
  if (pane === 'ports') return portDetail(part, index, session.explain(vmId, index));
  if (pane === 'logons') return burstDetail(state, part, index);
  if (pane === 'patches') return patchDetail(part, index);
  return postureDetail(part, index, state.now);
}

/** The labelled lines as rows of `width` cells. */
export function detailRows(detail: Detail, width: number): Line[] {
  const longest = Math.max(0, ...detail.lines.map(({ label }) => label.length));
  const labels = longest === 0 ? 0 : Math.min(24, Math.max(12, longest + 2));
  return detail.lines.flatMap(({ label, text }) => {
    const unknown = /^not (known|seen)$/i.test(label) || /^\s*\?/.test(text);
    // A text that is set in stays so in all its rows.
    const indent = text.length - text.trimStart().length;
    return wrap(text.slice(indent), width - labels - 2 - indent, 40).map((part, at) =>
      line(
        span(` ${(at === 0 ? label : '').padEnd(labels).slice(0, labels)} `, 'dim'),
        span(' '.repeat(indent) + part, unknown ? 'unknown' : 'plain'),
      ),
    );
  });
}
