import type { Fact } from '../src/documents/fact.ts';
import type { Severity } from '../src/documents/triage.ts';
import { supportText } from '../src/session/fact-lines.ts';
import type { TriageInProgress } from '../src/session/ports.ts';
import { type PostureKey, postureKeys } from '../src/session/state.ts';
import { cells } from '../src/text/cells.ts';
import { count, counted } from '../src/text/counts.ts';
import { age, day } from '../src/text/times.ts';
import { type Line, line, type Span, span, widthOf } from './line.ts';
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
        const before = good ? `, good ${day(good.at)}` : good === null ? ', none before the attack' : '';
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
        return { severity: old > 0 ? 'medium' : 'low', text: `${counted(software.items.length, 'program')}${ends}` };
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

/** The posture as rows of `width` cells: the things one after another, as many in a row as fit. */
export function postureRows(part: TriageInProgress, width: number, now: Date, selected: number | null): Line[] {
  const rows: Line[] = [];
  let spans: Span[] = [];
  for (const [at, one] of postureItems(part, now).entries()) {
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
    if (spans.length > 0 && widthOf({ spans, item: null, selected: false }) + wide > width) {
      rows.push(line(...spans));
      spans = [];
    }
    spans.push(...shown);
  }
  if (spans.length > 0) rows.push(line(...spans));
  return rows;
}
