import type { Fact } from '../src/documents/fact.ts';
import type { Severity } from '../src/documents/triage.ts';
import { type PostureKey, postureKeys } from '../src/session/state.ts';
import { cells, cut } from '../src/text/cells.ts';
import { count, counted } from '../src/text/counts.ts';
import { age, day } from '../src/text/times.ts';
import type { TriageInProgress } from '../src/triage/in-progress.ts';
import { supportText } from '../src/words/fact-lines.ts';
import { between, fitLine, type Line, line, type Span, span, widthOf } from './line.ts';
import { mark, severityMark } from './marks.ts';

/** One thing of the posture row. */
export interface PostureItem {
  name: string;
  key: PostureKey;
  fact: Fact<unknown> | null;
  severity: Severity | 'unknown';
  text: string;
}

interface Told {
  severity: Severity | 'unknown';
  text: string;
}

function told<T>(fact: Fact<T> | null, tell: (value: T) => Told): Pick<PostureItem, 'fact' | 'severity' | 'text'> {
  if (!fact) return { fact, severity: 'unknown', text: mark.loading };
  if (fact.state === 'unknown') return { fact, severity: 'unknown', text: 'not known' };
  return { fact, ...tell(fact.value) };
}

/** How each thing of the posture row is called and told. */
const tellers: Record<
  PostureKey,
  { name: string; tell(part: TriageInProgress, now: Date): ReturnType<typeof told<unknown>> }
> = {
  alerts: {
    name: 'Defender',
    tell: ({ posture }) =>
      told(posture.alerts, ({ alerts, servers }) => {
        if (alerts.length === 0) return { severity: 'low', text: servers === 'P1' ? 'no alert (Plan 1)' : 'no alert' };
        const high = alerts.some((one) => /high/i.test(one.severity));
        return { severity: high ? 'critical' : 'high', text: counted(alerts.length, 'alert') };
      }),
  },
  jit: {
    name: 'JIT',
    tell: ({ posture }) =>
      told(posture.jit, ({ policy, grants, available }) => {
        const open = grants.filter((grant) => grant.open).length;
        if (policy === '' && available === false) return { severity: 'low', text: 'no plan for it' };
        if (policy === '') return { severity: 'medium', text: 'none' };
        return { severity: open > 0 ? 'medium' : 'low', text: open > 0 ? `${counted(open, 'open grant')}` : 'on' };
      }),
  },
  backup: {
    name: 'Backup',
    tell: ({ posture }, now) =>
      told(posture.backup, (backup) => {
        if (!backup.protected) return { severity: 'high', text: 'none' };
        if (backup.softDeleted !== null) return { severity: 'critical', text: `DELETED, ${backup.vaultName}` };
        const last = backup.lastPointAt ?? backup.lastBackupAt;
        if (last === null) return { severity: 'high', text: `never, ${backup.vaultName}` };
        const days = (now.getTime() - Date.parse(last)) / 86_400_000;
        const good = backup.lastGood.state === 'known' ? backup.lastGood.value.point : undefined;
        const blind = backup.points.state === 'unknown' ? ', points ?' : '';
        const before = good ? `, good ${day(good.at)}` : good === null ? ', none before the attack' : blind;
        return {
          severity: good === null ? 'high' : days > 2 ? 'medium' : 'low',
          text: `${age(last, now)}, ${backup.vaultName}${before}`,
        };
      }),
  },
  secureScore: {
    name: 'Score',
    tell: ({ posture }) =>
      told(posture.secureScore, ({ percentage }) => ({
        severity: percentage < 50 ? 'medium' : 'low',
        text: `${Math.round(percentage)} % of the subscription`,
      })),
  },
  recommendations: {
    name: 'Advice',
    tell: ({ posture }) =>
      told(posture.recommendations, ({ unhealthy }) => {
        const high = unhealthy.filter((one) => /high/i.test(one.severity)).length;
        if (unhealthy.length === 0) return { severity: 'low', text: 'all followed' };
        return {
          severity: high > 0 ? 'medium' : 'low',
          text: `${unhealthy.length} not followed${high > 0 ? `, ${high} high` : ''}`,
        };
      }),
  },
  identity: {
    name: 'Identity',
    tell: ({ posture }) =>
      told(posture.identity, (identity) => {
        const strong = identity.managedIdentities
          .flatMap((one) => one.assignments)
          .find(({ can }) => can !== null && can.length > 0)?.role;
        const unseen = identity.managedIdentities.some((one) => !one.rolesKnown);
        const password =
          identity.passwordAuthentication === true
            ? 'password'
            : identity.passwordAuthentication === false
              ? 'no password'
              : 'password ?';
        return {
          severity: strong ? 'high' : identity.passwordAuthentication ? 'medium' : 'low',
          text: [
            `${identity.localAdmin || 'admin ?'} ${password}`,
            ...(strong ? [`MI ${strong}`] : unseen ? ['MI ?'] : []),
          ].join(', '),
        };
      }),
  },
  software: {
    name: 'Software',
    tell: ({ posture }) =>
      told(posture.software, (software) => {
        const old = software.items.filter((program) => supportText(program) !== '').length;
        const ends = old > 0 ? `, ${old} end of support` : '';
        if (software.vulnerabilities.length > 0) {
          return { severity: 'high', text: `${software.vulnerabilities.length} vulnerable${ends}` };
        }
        if (software.scan.state === 'not-scanned') return { severity: 'unknown', text: `not scanned${ends}` };
        const programs = software.items.length === 0 ? 'no known hole' : counted(software.items.length, 'program');
        return { severity: old > 0 ? 'medium' : 'low', text: `${programs}${ends}` };
      }),
  },
  installations: {
    name: 'Updates',
    tell: (part, now) =>
      told(part.installations, ({ runs: [last] }) => {
        if (!last) return { severity: 'low', text: 'no run in 30d' };
        const bad = /failed|warning/i.test(last.status) || (last.failed ?? 0) > 0;
        const when = last.endedAt === null ? '' : `, ${age(last.endedAt, now)}`;
        const failed = last.failed ? `${last.failed} failed` : last.status || 'status not told';
        return { severity: bad ? 'medium' : 'low', text: `${failed}${when}` };
      }),
  },
  knownExploited: {
    name: 'Exploited',
    tell: (part, now) =>
      told(part.knownExploited, ({ matches, releasedAt }) => ({
        severity: matches.length > 0 ? 'critical' : 'low',
        text: `${matches.length === 0 ? 'none' : count(matches.length)}, list ${age(releasedAt, now)}`,
      })),
  },
  activity: {
    name: 'Activity',
    tell: ({ posture }) =>
      told(posture.activity, ({ entries }) => {
        const worth = entries.filter(({ severity }) => severity === 'high' || severity === 'critical').length;
        return {
          severity: worth > 0 ? 'high' : 'low',
          text: worth > 0 ? `${worth} of ${counted(entries.length, 'change')}` : counted(entries.length, 'change'),
        };
      }),
  },
  firewall: {
    name: 'Firewall',
    tell: ({ posture }) =>
      told(posture.firewall, ({ inbound, outbound, name }) => {
        if (name === '') return { severity: 'low', text: outbound === 'appliance' ? 'an appliance' : 'none in path' };
        const ways = inbound === 'beside-firewall' ? ', open past it' : outbound === 'firewall' ? '' : ', inbound only';
        return { severity: inbound === 'beside-firewall' ? 'medium' : 'low', text: `${name}${ways}` };
      }),
  },
};

/** The things of the posture row, in their order. */
export function postureItems(part: TriageInProgress, now: Date): PostureItem[] {
  return postureKeys.map((key) => ({ key, name: tellers[key].name, ...tellers[key].tell(part, now) }));
}

interface PostureRow {
  row: Line;
  /** Places of the things in it. */
  items: number[];
}

/** The things one after another, as many in a row of `width` cells as fit. */
function packed(items: readonly PostureItem[], width: number, selected: number | null): PostureRow[] {
  const rows: { spans: Span[]; items: number[] }[] = [];
  for (const [at, one] of items.entries()) {
    const chosen = at === selected;
    const shown = [
      span(chosen ? ` ${mark.selected}` : '  ', 'accent', true),
      span(one.name, chosen ? 'accent' : 'plain', true),
      span(' '),
      one.fact === null ? span('', 'dim') : severityMark(one.severity),
      span(
        one.fact === null ? one.text : ` ${one.text}`,
        one.fact === null ? 'dim' : one.severity === 'unknown' ? 'unknown' : 'plain',
      ),
      span(' '),
    ];
    const wide = shown.reduce((sum, piece) => sum + cells(piece.text), 0);
    const last = rows.at(-1);
    if (last && widthOf({ spans: last.spans, item: null, selected: false }) + wide <= width) {
      last.spans.push(...shown);
      last.items.push(at);
    } else rows.push({ spans: shown, items: [at] });
  }
  return rows.map(({ spans, items: own }) => ({ row: line(...spans), items: own }));
}

/** One thing a row, with what its answer came from as far as there is room; the value itself is never cut for that. */
function listed(items: readonly PostureItem[], width: number, now: Date, selected: number | null): Line[] {
  return items.map((one, at) => {
    const told = one.fact?.state === 'unknown' ? `${one.text}: ${one.fact.because}` : one.text;
    const left = line(
      span(at === selected ? mark.selected : ' ', 'accent', true),
      span(`${one.name.padEnd(10)} `, 'plain', true),
      one.fact === null ? span(' ', 'dim') : severityMark(one.severity),
      span(` ${told}`, one.severity === 'unknown' ? 'unknown' : 'plain'),
    );
    if (one.fact?.state !== 'known') return fitLine(left, width);
    const aged = age(one.fact.asOf, now);
    const room = width - widthOf(left) - cells(aged) - 6;
    const source = room >= 12 ? `${cut(one.fact.source, room)}, ${aged}` : aged;
    return between(left, line(span(`${source} `, 'dim')), width);
  });
}

/** What the rows that are not on screen hold: how many things, and the worst of them by name. */
function hiddenNote(items: readonly PostureItem[], hidden: readonly number[]): Span[] {
  if (hidden.length === 0) return [];
  const worst = hidden
    .map((at) => items[at])
    .filter((one) => one?.fact?.state === 'known' && (one.severity === 'critical' || one.severity === 'high'))
    .sort((a, b) => (a?.severity === b?.severity ? 0 : a?.severity === 'critical' ? -1 : 1))[0];
  return [
    span(`+${hidden.length} more`, 'dim'),
    ...(worst ? [span(': ', 'dim'), severityMark(worst.severity), span(` ${worst.name}`)] : []),
  ];
}

/**
 * The posture as exactly what `height` rows of `width` cells can show, and the note for its border: a list where there is
 * a row for each thing, else as many in a row as fit, with the selected one among them.
 */
export function postureBody(
  part: TriageInProgress,
  { width, height }: { width: number; height: number },
  now: Date,
  selected: number | null,
): { rows: Line[]; note: Line } {
  const items = postureItems(part, now);
  const unknown = items.filter((one) => one.fact?.state === 'unknown').length;
  const blind = unknown > 0 ? [span(`${mark.unknown} ${unknown} not known`, 'unknown')] : [];
  if (height >= items.length) return { rows: listed(items, width, now, selected), note: line(...blind) };
  const rows = packed(items, width, selected);
  const at = rows.findIndex(({ items: own }) => selected !== null && own.includes(selected));
  const from = Math.max(0, Math.min(at, rows.length - height));
  const shown = rows.slice(from, from + height);
  const visible = new Set(shown.flatMap(({ items: own }) => own));
  const more = hiddenNote(
    items,
    [...items.keys()].filter((place) => !visible.has(place)),
  );
  const gap = blind.length > 0 && more.length > 0 ? [span('  ')] : [];
  return { rows: shown.map(({ row }) => row), note: line(...blind, ...gap, ...more) };
}
