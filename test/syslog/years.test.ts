import { utimesSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { deriveYears } from '../../src/syslog/rotation.ts';
import { noGaps, syslogEntries, yearEvidence } from '../../src/syslog/syslog-file.ts';
import { isoOf } from '../../src/triage/logons/ticks.ts';
import { temporaryFolder } from '../eventlog/temporary.ts';

const folder = temporaryFolder();
const now = new Date('2026-11-23T12:00:00Z');

function write(name: string, times: readonly string[], modified: string): { path: string; modified: Date } {
  const text = times.map((time) => `${time} web01 sshd[1]: Invalid user x from 203.0.113.9\n`).join('');
  const path = folder.write(name, name.endsWith('.gz') ? gzipSync(text) : text);
  utimesSync(path, new Date(modified), new Date(modified));
  return { path, modified: new Date(modified) };
}

/** The instants of each log's lines, and where their year comes from. */
async function told(
  logs: readonly { path: string; modified: Date }[],
): Promise<Record<string, { at: string[]; from: string }>> {
  const read = await Promise.all(logs.map(async (log) => ({ ...log, evidence: await yearEvidence(log.path) })));
  const years = deriveYears(read, now);
  const found: Record<string, { at: string[]; from: string }> = {};
  for (const { path } of logs) {
    const year = years.get(path);
    const at: string[] = [];
    for await (const entries of syslogEntries({ path, format: 'syslog', ...(year ? { year } : {}) }, noGaps()))
      at.push(...entries.map((entry) => isoOf(entry.at).slice(0, 10)));
    found[path.split('/').at(-1) ?? ''] = { at, from: year?.from ?? '' };
  }
  return found;
}

describe('lines without a year', () => {
  it('are of the year that the file was written in, or of the one before, and go over to the next', async () => {
    const logs = [
      write(
        'auth.log',
        ['Dec 30 10:00:00', 'Dec 31 23:59:59', 'Jan  1 00:00:03', 'Dec 31 23:59:58', 'Jan  9 07:00:00'],
        '2026-01-09T08:00:00Z',
      ),
    ];
    expect(await told(logs)).toEqual({
      'auth.log': {
        at: ['2025-12-30', '2025-12-31', '2026-01-01', '2025-12-31', '2026-01-09'],
        from: 'the time of the file (2026-01-09)',
      },
    });
  });

  it('are no later than the first line of the log that followed, where the files were all copied today', async () => {
    const today = '2026-11-23T11:00:00Z';
    const logs = [
      write('secure', ['Nov 20 00:00:01'], today),
      write('secure.1', ['Mar  2 00:00:01', 'Nov  1 00:00:01'], today),
      write('secure.2.gz', ['Nov 28 00:00:01', 'Dec 24 00:00:01'], today),
      write('secure.10', ['Dec  1 00:00:01'], today),
    ];
    expect(await told(logs)).toEqual({
      secure: { at: ['2026-11-20'], from: 'the time of the file (2026-11-23)' },
      'secure.1': { at: ['2026-03-02', '2026-11-01'], from: 'the first line of secure (2026-11-20)' },
      'secure.2.gz': { at: ['2025-11-28', '2025-12-24'], from: 'the first line of secure.1 (2026-03-02)' },
      'secure.10': { at: ['2024-12-01'], from: 'the first line of secure.2.gz (2025-11-28)' },
    });
  });

  it('are of the date in the name, of a line beside with its year, of a leap year on its day', async () => {
    const today = '2026-11-23T11:00:00Z';
    const logs = [
      write('messages-20231105.gz', ['Oct 30 00:00:01', 'Nov  4 00:00:01'], today),
      write('syslog', ['Nov  4 00:00:01', 'Feb  1 00:00:01', '2022-02-01T00:00:05+00:00'], today),
      write('leap.log', ['Feb 29 00:00:01', 'Mar  1 00:00:01'], today),
      write('none.log', ['Nov 25 00:00:01'], '1980-01-01T00:00:00Z'),
    ];
    expect(await told(logs)).toEqual({
      'messages-20231105.gz': { at: ['2023-10-30', '2023-11-04'], from: 'its name (2023-11-05)' },
      syslog: { at: ['2021-11-04', '2022-02-01', '2022-02-01'], from: 'a line of the log that has its year' },
      'leap.log': { at: ['2024-02-29', '2024-03-01'], from: 'the time of the file (2026-11-23)' },
      'none.log': { at: ['2025-11-25'], from: 'the time of this reading' },
    });
  });
});
