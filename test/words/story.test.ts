import { expect, test } from 'vitest';
import type { VerdictKind } from '../../src/documents/verdict-kinds.ts';
import type { TriageInProgress } from '../../src/triage/in-progress.ts';
import { verdictOf } from '../../src/triage/verdict.ts';
import { storyOf } from '../../src/words/story.ts';
import { burst, incident, known } from '../views/fixtures/incident.ts';

const kinds: Record<string, VerdictKind> = {
  COMPROMISED: 'compromised',
  'UNDER ATTACK': 'attacked',
  SPREADING: 'spreading',
  OPEN: 'exposed',
  'STILL OPEN': 'exposed',
};
const now = new Date('2026-11-23T02:20:11Z');
const { schema: _, asOf: __, ...read } = incident();
const logonsWith = (bursts: ReturnType<typeof burst>[]): TriageInProgress =>
  read.logons.state === 'known' ? { ...read, logons: known({ ...read.logons.value, bursts }) } : read;
const refused = burst({ success: { state: 'known', value: null } });
const unsure = burst({ success: { state: 'unknown', because: 'not collected', cure: '' } });

test.each([
  ['a break-in', read],
  ['an attack that did not succeed', logonsWith([refused])],
  ['an attack of which that is not known', logonsWith([refused, unsure])],
  ['no attack', logonsWith([])],
])('the screen and the notes state the same, as severe: %s', (_name, part) => {
  const stated = new Map(verdictOf(part).map(({ about, severity }) => [about, severity]));
  const headlines = storyOf(part, now);
  expect(headlines.length).toBeGreaterThan(0);
  for (const { label, severity } of headlines)
    expect([label, severity]).toEqual([label, stated.get(kinds[label] ?? 'not known')]);
});

test('a list that is cut says how much is left', () => {
  const many = Array.from({ length: 5 }, (_one, at) => burst({ failures: 100 + at, success: refused.success }));
  const line = verdictOf(logonsWith(many)).find(({ about }) => about === 'attacked');
  expect(line?.text).toMatch(/^104 failures .*; and 2 more bursts$/);
  expect(storyOf(logonsWith(many), now)[0]?.texts[0]).toMatch(/^104 failed logons .*; 4 more bursts$/);
});
