import type { Fact } from '../src/documents/fact.ts';
import type { Severity } from '../src/documents/triage.ts';
import type { TriageInProgress } from '../src/session/ports.ts';
import { cells } from '../src/text/cells.ts';
import { counted } from '../src/text/counts.ts';
import { age } from '../src/text/times.ts';
import { type Line, line, type Span, span, widthOf } from './line.ts';
import { mark, severityMark } from './marks.ts';

/** One thing of the posture row. */
export interface PostureItem {
  name: string;
  key: keyof TriageInProgress['posture'];
  fact: Fact<unknown> | null;
  severity: Severity | 'unknown';
  text: string;
}

function item<T>(
  name: string,
  key: PostureItem['key'],
  fact: Fact<T> | null,
  tell: (value: T) => { severity: Severity; text: string },
): PostureItem {
  if (!fact) return { name, key, fact, severity: 'unknown', text: mark.loading };
  if (fact.state === 'unknown') return { name, key, fact, severity: 'unknown', text: 'not known' };
  return { name, key, fact, ...tell(fact.value) };
}

/** The seven things of the posture row, in their order. */
export function postureItems(part: TriageInProgress, now: Date): PostureItem[] {
  const { posture } = part;
  return [
    item('Defender', 'alerts', posture.alerts, ({ alerts }) => ({
      severity: alerts.length === 0 ? 'low' : alerts.some((one) => /high/i.test(one.severity)) ? 'critical' : 'high',
      text: alerts.length === 0 ? 'no alert' : counted(alerts.length, 'alert'),
    })),
    item('JIT', 'jit', posture.jit, ({ policy, grants }) => {
      const open = grants.filter((grant) => grant.open).length;
      if (policy === '') return { severity: 'medium', text: 'none' };
      return { severity: open > 0 ? 'medium' : 'low', text: open > 0 ? `${counted(open, 'open grant')}` : 'on' };
    }),
    item('Backup', 'backup', posture.backup, (backup) => {
      if (!backup.protected) return { severity: 'high', text: 'none' };
      if (backup.lastBackupAt === null) return { severity: 'high', text: `never, ${backup.vaultName}` };
      const days = (now.getTime() - Date.parse(backup.lastBackupAt)) / 86_400_000;
      return { severity: days > 2 ? 'medium' : 'low', text: `${age(backup.lastBackupAt, now)}, ${backup.vaultName}` };
    }),
    item('Score', 'secureScore', posture.secureScore, ({ percentage }) => ({
      severity: percentage < 50 ? 'medium' : 'low',
      text: `${Math.round(percentage)} %`,
    })),
    item('Identity', 'identity', posture.identity, (identity) => {
      const roles = identity.managedIdentities.flatMap((one) => one.roles);
      const strong = roles.find((role) => /owner|contributor|administrator/i.test(role));
      const password =
        identity.passwordAuthentication === true
          ? 'password'
          : identity.passwordAuthentication === false
            ? 'no password'
            : 'password ?';
      return {
        severity: strong ? 'high' : identity.passwordAuthentication ? 'medium' : 'low',
        text: [`${identity.localAdmin || 'admin ?'} ${password}`, ...(strong ? [`MI ${strong}`] : [])].join(', '),
      };
    }),
    item('Software', 'software', posture.software, ({ vulnerabilities, items }) => ({
      severity: vulnerabilities.length > 0 ? 'high' : 'low',
      text: vulnerabilities.length > 0 ? `${vulnerabilities.length} vulnerable` : counted(items.length, 'program'),
    })),
    item('Firewall', 'firewall', posture.firewall, ({ inPath, name }) => ({
      severity: 'low',
      text: inPath ? name : 'none in path',
    })),
  ];
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
