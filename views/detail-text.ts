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
import {
  assessmentLines,
  logonTypeText,
  missingPatchLines,
  patchName,
  vulnerabilityLines,
} from '../src/words/fact-lines.ts';
import { mark } from '../src/words/severity.ts';
import { type Line, line, span } from './line.ts';
import { burstParties } from './logons-pane.ts';
import { postureItems } from './posture-pane.ts';
import { breadthText, nameOfId } from './words.ts';

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

/** What the detail view shows, or null when the thing is gone since (a refresh found it closed, say). */
export function detailOf(
  session: Pick<Session, 'explain'>,
  state: SessionState,
  about: { vmId: string; pane: Pane; index: number },
): Detail | null {
  const part = state.triages.get(about.vmId)?.part;
  if (!part) return null;
  const vm = part.vm.name;
  if (about.pane === 'ports') {
    if (part.exposure?.state !== 'known') return null;
    const port = part.exposure.value.ports[about.index];
    if (!port) return null;
    const told = session.explain(about.vmId, about.index);
    return {
      title: `${portWithProtocol(port)} on ${vm}, nic ${nameOfId(port.networkInterface)}, ${port.frontend.address}`,
      asOf: part.exposure.asOf,
      lines: [
        ...(told.length > 0 ? told : [{ label: 'Who can reach it', text: breadthText(port.sources) }]),
        ...sourceLines(part.exposure),
      ],
      tables: [
        {
          title: 'Decided by',
          rows: port.decidedBy.map((rule) => ({
            rule: rule.rule,
            priority: String(rule.priority),
            level: rule.level,
            'security group': nameOfId(rule.nsg),
          })),
        },
      ],
    };
  }
  if (about.pane === 'logons') {
    if (part.logons?.state !== 'known') return null;
    const burst = part.logons.value.bursts[about.index];
    if (!burst) return null;
    const { success } = burst;
    const after =
      success.state === 'unknown'
        ? `${mark.unknown} not known: ${success.because}. ${success.cure}`
        : success.value === null
          ? 'no logon from these addresses was seen after it'
          : `${success.value.account} from ${success.value.address || 'an address that was not recorded'} at ${moment(success.value.at)} (${logonTypeText(success.value.logonType)})`;
    return {
      title: `${burstKinds[burst.kind].name} on ${vm}: ${burstParties(burst)}`,
      asOf: part.logons.asOf,
      lines: [
        { label: 'When', text: `${moment(burst.start)} to ${moment(burst.end)}` },
        ...(burst.readFrom ? [{ label: 'Read from', text: burst.readFrom }] : []),
        {
          label: 'Failures',
          text: `${count(burst.failures)}, at most ${count(burst.peakPerMinute)} in a minute   ${sparkline(burst.histogram, 30)}`,
        },
        { label: 'A logon after it', text: after },
        ...burst.next.map((next, at) => ({
          label: at === 0 ? 'What followed' : '',
          text: `${moment(next.at)}  ${next.eventId}  ${next.what}`,
        })),
        ...aroundLines(state, about.vmId, burst),
        { label: 'Logon types', text: burst.logonTypes.map(logonTypeText).join('; ') || 'not recorded' },
        ...sourceLines(part.logons),
      ],
      tables: [
        {
          title: 'From',
          rows: burst.sources
            .slice(0, 5)
            .map((one) => ({ address: one.address || 'not recorded', failures: count(one.failures) })),
        },
        {
          title: 'Against',
          rows: burst.accounts.slice(0, 5).map((one) => ({
            account: one.name,
            failures: count(one.failures),
            exists: one.exists === null ? 'not known' : one.exists ? 'yes' : 'no',
          })),
        },
        {
          title: 'Why they failed',
          rows: burst.codes
            .slice(0, 5)
            .map((one) => ({ code: one.code, meaning: one.meaning, failures: count(one.failures) })),
        },
      ],
    };
  }
  if (about.pane === 'patches') {
    const missing = part.patches?.state === 'known' ? part.patches.value.missing : [];
    const patch = missing[about.index];
    if (patch && part.patches?.state === 'known') {
      return {
        title: `${patchName(patch)} is missing on ${vm}`,
        asOf: part.patches.asOf,
        lines: [
          ...missingPatchLines(part, patch),
          ...assessmentLines(part.patches.value),
          ...sourceLines(part.patches),
        ],
        tables: [],
      };
    }
    const software = part.posture.software;
    if (software?.state !== 'known') return null;
    const one = software.value.vulnerabilities[about.index - missing.length];
    if (!one) return null;
    return {
      title: `${one.title} on ${vm}`,
      asOf: software.asOf,
      lines: [...vulnerabilityLines(part, one), ...sourceLines(software)],
      tables: [],
    };
  }
  const item = postureItems(part, state.now)[about.index];
  if (!item?.fact) return null;
  return {
    title: `${item.name} of ${vm}`,
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

/** The labelled lines as rows of `width` cells. */
export function detailRows(detail: Detail, width: number): Line[] {
  const labels = Math.min(24, Math.max(12, ...detail.lines.map(({ label }) => label.length + 2)));
  return detail.lines.flatMap(({ label, text }) => {
    const unknown = /^not (known|seen)$/i.test(label);
    return wrap(text, width - labels - 2, 40).map((part, at) =>
      line(
        span(` ${(at === 0 ? label : '').padEnd(labels).slice(0, labels)} `, 'dim'),
        span(part, unknown ? 'unknown' : 'plain'),
      ),
    );
  });
}
