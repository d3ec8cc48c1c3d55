import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import type { TriageDocument } from '../../src/documents/triage.ts';
import type { SessionState } from '../../src/session/state.ts';
import { postureKeys, sources } from '../../src/sources.ts';
import type { TriageInProgress } from '../../src/triage/in-progress.ts';
import { detailOf } from '../../views/detail-text.ts';
import { blank, textOf } from '../../views/line.ts';
import { patchesRows } from '../../views/patches-pane.ts';
import { postureBody, postureSummary } from '../../views/posture-pane.ts';
import { incident, known, unknown } from './fixtures/incident.ts';

const now = new Date('2026-11-23T02:20:11Z');
const part = (changes: Partial<TriageDocument> = {}): TriageInProgress => {
  const { schema: _, asOf: __, ...rest } = { ...incident(), ...changes };
  return rest;
};
const exploited = known(
  {
    catalogVersion: '2026.11.20',
    releasedAt: '2026-11-20T15:00:11Z',
    count: 1300,
    matches: [
      {
        cve: 'CVE-2023-31102',
        name: '7-Zip',
        vendor: '7-Zip',
        product: '7-Zip',
        addedAt: '2026-02-01',
        dueAt: '',
        ransomware: true,
        on: ['7-Zip 19.00'],
      },
    ],
  },
  '2026-11-20T15:00:11Z',
);
const pane = (of: TriageInProgress, width: number) => patchesRows(of, width).map(textOf);

describe('the patches pane', () => {
  it('tells since when a reboot is pending, and marks what is exploited in words', () => {
    const rows = pane(part({ knownExploited: exploited }), 78).join('\n');
    expect(rows).toContain('● reboot pending since 2026-11-19');
    expect(rows).toMatch(/7-Zip 19\.00 +exploited, ransomware CVE-2023-31102/);
    expect(pane(part({ knownExploited: exploited }), 38).join('\n')).toMatch(/△ 7-Zip 19\.00 +exploited $/m);
    expect(rows).not.toContain('exploited?');
  });

  it('shows what the assessment counts where Azure does not list it, and “none” only where it counts none', () => {
    const { patches } = incident();
    if (patches.state !== 'known') throw new Error('the incident has patches');
    const counted = (counts: Record<string, number>) =>
      pane(part({ patches: { ...patches, value: { ...patches.value, missing: [], counts } } }), 78).join('\n');
    const rows = counted({ critical: 5, security: 1, other: 0 });
    expect(rows).toContain('▲ 5 critical updates missing, not listed');
    expect(rows).toContain('△ 1 security update missing, not listed');
    expect(rows).not.toContain('No patch was missing');
    expect(counted({ critical: 0, security: 0 })).toContain('No patch was missing when it was assessed.');
  });

  it('says that nothing is marked because there is no list', () => {
    expect(pane(part(), 78).join('\n')).toContain('? exploited? no list of exploited ones was given (--kev)');
  });

  it('does not call software free of holes that no scan has looked at', () => {
    const { posture } = incident();
    const software = (scan: 'scanned' | 'not-scanned') =>
      known({ items: [], vulnerabilities: [], scan: { state: scan, at: null, because: 'no scan' } }, undefined, 'now', [
        'vulnerabilities: no scan',
      ]);
    const rows = pane(part({ posture: { ...posture, software: software('not-scanned') } }), 78).join('\n');
    expect(rows).not.toContain('no known vulnerability');
    expect(rows).toContain('? not seen: vulnerabilities: no scan');
    expect(pane(part({ posture: { ...posture, software: software('scanned') } }), 78).join('\n')).toContain(
      '· no known vulnerability',
    );
  });

  it('names a WSUS server for what it is', () => {
    const document = incident();
    if (document.patches.state !== 'known') throw new Error('patches');
    const patches = { ...document.patches, value: { ...document.patches.value, service: 'WU-WSUS' } };
    expect(pane(part({ patches }), 120).join('\n')).toContain('a WSUS server, which can hide updates');
  });
});

describe('the posture', () => {
  it('names the worst of what has no room, and lists all where there is', () => {
    const all = part({ knownExploited: exploited });
    const { rows, note } = postureSummary(all, { width: 50, height: 1 }, now);
    expect(rows).toHaveLength(1);
    expect(textOf(rows[0] ?? blank)).toContain('▲ Exploited: ');
    expect(textOf(note)).toMatch(/\+\d+ more/);
    const list = postureBody(all, { width: 78, height: 20 }, now, 2).rows.map(textOf);
    expect(list).toHaveLength(postureKeys.length);
    const marks = list.map((row) => row.charAt(1));
    expect(marks, 'the worst first').toEqual([...marks].sort((a, b) => '▲△?●·'.indexOf(a) - '▲△?●·'.indexOf(b)));
    expect(list.find((row) => row.startsWith('❯'))).toMatch(/^❯● Backup +9d, vault-eus, good 2026-11-14/);
    for (const row of list) expect(stringWidth(row)).toBeLessThanOrEqual(78);
    // The value is never cut for the name of its source.
    expect(list.join('\n')).toContain('54 % of the subscription');
  });

  it('keeps the selected thing among the rows that are shown', () => {
    for (const at of postureKeys.keys()) {
      const rows = postureBody(part(), { width: 78, height: 2 }, now, at).rows.map(textOf).join('');
      expect(rows).toContain('❯');
    }
  });
});

describe('the detail of each thing of the posture', () => {
  const open = (of: TriageInProgress, key: (typeof postureKeys)[number]) => {
    const state = { now, triages: new Map([[of.vm.id, { part: of }]]), cases: new Map() } as unknown as SessionState;
    const detail = detailOf({ explain: () => [] }, state, {
      vmId: of.vm.id,
      pane: 'posture',
      index: postureKeys.indexOf(key),
    });
    return detail?.lines.map(({ label, text }) => `${label}: ${text}`).join('\n') ?? '';
  };

  it('has source, coverage and what was not seen, whatever it is', () => {
    const all = part({ knownExploited: exploited });
    const inFixture = postureKeys.filter((key) => sources[key].fact(all)?.state === 'known');
    expect(inFixture).toHaveLength(11);
    for (const key of inFixture) {
      const text = open(all, key);
      expect(text, key).toMatch(/^Source: the simulator, 2026-11-2/m);
      expect(text, key).toMatch(/^Covers: now/m);
    }
    const unseen = known({ runs: [] }, undefined, 'now', ['what Windows Update did alone']);
    expect(open(part({ installations: unseen }), 'installations')).toContain('Not seen: what Windows Update did alone');
  });

  it('says why a thing is not known, and how to see it', () => {
    const { posture } = incident();
    const blind = unknown('no permission', 'ask for Reader');
    const all = part({
      installations: blind,
      knownExploited: blind,
      posture: Object.fromEntries(Object.keys(posture).map((key) => [key, blind])) as unknown as typeof posture,
    });
    for (const key of postureKeys) {
      expect(open(all, key), key).toBe('Not known: no permission\nTo fix: ask for Reader\nAsked: Log Analytics');
    }
  });

  it('tells the last good point, the vault’s locks, and each point', () => {
    const text = open(part(), 'backup');
    expect(text).toContain(
      'Last good point: 2026-11-14 02:00:00Z, application-consistent: the last before 2026-11-23 00:10:40Z',
    );
    expect(text).toContain('Soft delete: on, and can be switched off by anyone who may change the vault, 14 days');
    expect(text).toContain('Points: 2026-11-14 02:00:00Z  application-consistent  HardenedRP; until 2026-12-14');
  });

  it('labels the score as the subscription’s', () => {
    expect(open(part(), 'secureScore')).toContain('contoso-prod: 54 % (27 of 50 points); not this VM’s');
  });

  it('tells what is exploited, since when, and by the list of which day', () => {
    const text = open(part({ knownExploited: exploited }), 'knownExploited');
    expect(text).toContain('Catalogue: 2026.11.20 of 2026-11-20, 1,300 vulnerabilities');
    expect(text).toContain('CVE-2023-31102 is exploited (CISA, since 2026-02-01; used by ransomware)');
  });
});
