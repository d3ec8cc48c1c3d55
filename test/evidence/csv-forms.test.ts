import { describe, expect, it } from 'vitest';
import { evidenceFile } from '../../src/evidence/evidence-files.ts';
import { gatherEvidence } from '../../src/evidence/gather.ts';
import { runQuery } from '../../src/evidence/run-query.ts';
import { temporaryFolder } from '../eventlog/temporary.ts';

const folder = temporaryFolder();

describe('CSV in other forms than that of RFC 4180', () => {
  it('is found and known by its header, and asked as any other', async () => {
    const header = ['TimeGenerated [UTC]', 'UserPrincipalName', 'IPAddress', 'ResultType', 'AppDisplayName', 'Type'];
    const row = ['22.11.2026 10:00:00', 'jörg@b.c', '198.51.100.1', '50126', 'Portal', 'SigninLogs'];
    const written = (separator: string) => `${[header, row].map((cells) => cells.join(separator)).join('\r\n')}\r\n`;
    folder.write('semicolons.csv', `sep=;\r\n${written(';')}`);
    folder.write('tabs.tsv', written('\t'));
    folder.write('unicode.txt', Buffer.from(`\ufeff${written('\t')}`, 'utf16le'));
    folder.write('windows.csv', Buffer.from(written(';'), 'latin1'));
    folder.write('typed.csv', `#TYPE System.Object\r\n${written(',')}`);
    folder.write('netstat.txt', 'Proto;Local;Foreign\r\nTCP;1;2\r\n');
    const evidence = await gatherEvidence([folder.path], { named: evidenceFile });
    expect(evidence.files.map(({ table }) => table)).toEqual(Array(5).fill('SigninLogs'));
    expect(evidence.others).toEqual([{ ending: '.txt', files: 1 }]);
    const query = 'SigninLogs | summarize count() by TimeGenerated, UserPrincipalName, ResultType';
    const { rows, notes } = await runQuery({ query, files: evidence.files, now: 0, limit: 10 }, () => {});
    expect(rows).toEqual([['2026-11-22T10:00:00Z', 'jörg@b.c', '50126', 5]]);
    expect(notes.filter((note) => note.includes('Windows-1252'))).toHaveLength(1);
  });
});
