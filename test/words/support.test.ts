import { expect, test } from 'vitest';
import { supportText } from '../../src/words/fact-lines.ts';

const program = (endOfSupport: string, endOfSupportAt: string) => ({
  name: 'sql_server',
  vendor: 'microsoft',
  version: '13.0',
  endOfSupport,
  endOfSupportAt,
  knownVulnerabilities: null,
});

test.each([
  ['Upcoming', '2026-07-14', '2026-07-13T23:59:59Z', 'support ends soon (2026-07-14)'],
  ['Upcoming', '2026-07-14', '2026-07-14T12:00:00Z', 'support ends soon (2026-07-14)'],
  ['Upcoming', '2026-07-14', '2026-07-15T00:00:00Z', 'no longer supported (2026-07-14)'],
  ['None', '2026-07-14', '2026-07-14T00:00:00Z', 'support ends (2026-07-14)'],
  ['None', '2026-07-14', '2026-07-15T00:00:00Z', 'no longer supported (2026-07-14)'],
  ['', '', '2026-07-15T00:00:00Z', ''],
  ['UpcomingVersion', '', '2030-01-01T00:00:00Z', 'support ends soon'],
  ['EndOfSupportVersion', '2025-01-01', '2024-12-31T00:00:00Z', 'this version is no longer supported (2025-01-01)'],
])('%s %s on %s: %s', (status, day, today, text) => {
  expect(supportText(program(status, day), today)).toBe(text);
});
