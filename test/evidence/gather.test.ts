import { mkdirSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { gatheredNotes } from '../../src/commands/gathered-notes.ts';
import { evidenceFile } from '../../src/evidence/evidence-files.ts';
import { type Evidence, gatherEvidence } from '../../src/evidence/gather.ts';
import { runQuery } from '../../src/evidence/run-query.ts';
import { writeZip } from '../archives/zip-writer.ts';
import { hex32, text, writeLog } from '../eventlog/log-writer.ts';
import { temporaryFolder } from '../eventlog/temporary.ts';

const folder = temporaryFolder();

const failure = (recordId: number, computer: string, account: string) => ({
  recordId,
  time: `2026-11-23T02:00:${String(recordId).padStart(2, '0')}Z`,
  eventId: 4625,
  computer,
  data: [
    ['TargetUserName', text(account)],
    ['IpAddress', text('203.0.113.9')],
    ['Status', hex32(0xc000006d)],
  ] as const,
});
const logOf = (computer: string, account: string): Buffer => writeLog([failure(1, computer, account)]);

const signIns =
  'TimeGenerated [UTC],UserPrincipalName,IPAddress,ResultType,AppDisplayName,Type\r\n"11/22/2026, 10:00:00.123 AM",a@b.c,198.51.100.1,50126,Portal,SigninLogs\r\n';

function collection(): string {
  const root = folder.path;
  for (const path of ['kape/C/Windows/System32/winevt/logs', 'empty', 'exports'])
    mkdirSync(join(root, path), { recursive: true });
  folder.write('kape/C/Windows/System32/winevt/logs/Security.evtx', logOf('web01', 'alice'));
  folder.write('kape/2026_CopyLog.csv', 'CopiedTimestamp,SourceFile,DestinationFile,FileSize\r\n1,2,3,4\r\n');
  folder.write('exports/signins.csv', signIns);
  folder.write('exports/more.csv.gz', gzipSync(signIns));
  const raptor = writeZip([
    {
      name: 'uploads/auto/C%3A/Windows/System32/winevt/Logs/Security.evtx',
      content: logOf('web02', 'bob'),
    },
    { name: 'uploads/ntfs/%5C%5C.%5CC%3A/$MFT', content: 'FILE0\0\u0003\0'.repeat(50) },
    { name: 'locked/Security.evtx', content: 'x', encrypted: true },
    { name: '../Security.evtx', content: logOf('web03', 'eve') },
  ]);
  folder.write('Collection-web02.zip', writeZip([{ name: 'data.zip', content: raptor }]));
  folder.write('old.7z', Buffer.from('377abcaf271c0004', 'hex'));
  return root;
}

const gathered = (given: readonly string[]): Promise<Evidence> => gatherEvidence(given, { named: evidenceFile });

describe('a folder as evidence', () => {
  const root = collection();
  const names = (evidence: Evidence): string[] => evidence.files.map(({ path }) => relative(root, path));

  it('holds what is in its folders and archives, each with its kind, and what is not read with the reason', async () => {
    const evidence = await gathered([root]);
    expect(names(evidence)).toEqual([
      'Collection-web02.zip!data.zip!uploads/auto/C%3A/Windows/System32/winevt/Logs/Security.evtx',
      'exports/more.csv.gz',
      'exports/signins.csv',
      'kape/C/Windows/System32/winevt/logs/Security.evtx',
    ]);
    expect(evidence.files.map(({ format, table }) => [format, table])).toEqual([
      ['evtx', undefined],
      ['csv', 'SigninLogs'],
      ['csv', 'SigninLogs'],
      ['evtx', undefined],
    ]);
    expect(evidence.unread.map(({ path, because }) => [relative(root, path), because])).toEqual([
      [
        'Collection-web02.zip!data.zip!locked/Security.evtx',
        'it is protected by a password: unpack it with that, and name the folder',
      ],
      ['Collection-web02.zip!data.zip!../Security.evtx', 'its name leads out of the archive'],
      ['old.7z', 'it is a .7z archive, which is not read: unpack it (7z x FILE)'],
    ]);
    expect(evidence.tableless.map((path) => relative(root, path))).toEqual(['kape/2026_CopyLog.csv']);
    expect(evidence.artifacts).toMatchObject([{ what: '$MFT', files: 1, bytes: 400 }]);
    expect(evidence.others).toEqual([]);
  });

  it('holds by content what names only claim, and counts what other programs read by its kind', async () => {
    const claims = join(folder.path, 'claims');
    mkdirSync(claims);
    folder.write('claims/whole.zip.002', 'the rest of a member');
    folder.write('claims/first.bin', Buffer.from('PK\u0007\u0008PK\u0003\u0004', 'latin1'));
    folder.write('claims/Security.evtx', '<html>sign in to go on</html>');
    folder.write('claims/Zeros.evtx', Buffer.alloc(70_000));
    folder.write('claims/Empty.evtx', '');
    folder.write('claims/SigninLogs.csv', '<html>\n<body>sign in to go on</body>\n</html>');
    folder.write('claims/Collection.zip', 'not found');
    folder.write('claims/auth.log-20261115', gzipSync('Nov 14 10:00:00 web01 sshd[1]: x'));
    folder.write('claims/NTUSER.DAT', Buffer.concat([Buffer.from('regf'), Buffer.alloc(2_000_000)]));
    folder.write('claims/SYSTEM', Buffer.concat([Buffer.from('regf'), Buffer.alloc(1_000_000)]));
    folder.write('claims/os.vhd', Buffer.alloc(4096));
    folder.write('claims/lastlog', Buffer.alloc(292));
    folder.write('claims/notes.img', 'text, whatever its name says');
    folder.write(
      'claims/ausearch.txt',
      '----\ntype=USER_AUTH msg=audit(11/23/2026 02:17:00.123:42) : pid=1 res=failed\n',
    );
    const evidence = await gathered([claims]);
    expect(evidence.files).toEqual([]);
    expect(evidence.unread.map(({ path, because }) => [relative(claims, path), because])).toEqual([
      ['Collection.zip', 'it is no archive, whatever its name says, or its beginning is lost'],
      ['Empty.evtx', 'it is empty'],
      ['Security.evtx', 'it is called .evtx: it is XML: export the log as .evtx'],
      ['Zeros.evtx', 'it is called .evtx: not an event log (.evtx)'],
      ['ausearch.txt', 'it is what ausearch -i prints, with the time of an unnamed zone: give audit.log itself'],
      ['auth.log-20261115', 'it is packed, and its name does not say so: add .gz to it'],
      [
        'first.bin',
        'it is the first part of a split .zip archive, which is not read: unpack it (zip -s 0 FIRST.zip --out WHOLE.zip)',
      ],
      ['whole.zip.002', 'it is a part of a split archive, which is not read: join them (cat PARTS > WHOLE)'],
    ]);
    expect(gatheredNotes(evidence)).toEqual(
      expect.arrayContaining([
        'not read: 2 registry hives, 3 MB: read them with RECmd or regipy',
        'not read: 1 virtual disk (VHD), 4 kB: attach it read-only and name the folder (also qemu-nbd, ewfmount, Arsenal Image Mounter)',
        'not read: 1 lastlog, 1 kB: read them with lastlog(8), beside the passwd of their computer',
      ]),
    );
    expect(evidence.others).toEqual([
      { ending: '.csv', files: 1 },
      { ending: '.img', files: 1 },
    ]);
  });

  it('is asked as one: rows of each computer, with the file that each is from', async () => {
    const { files } = await gathered([root]);
    const query =
      'SecurityEvent | project Computer, TargetUserName, _EvidenceFile | union (SigninLogs | summarize TargetUserName = tostring(count()) | extend Computer = "entra") | sort by Computer asc';
    const { rows, files: digests } = await runQuery({ query, files, now: 0, limit: 10 }, () => {});
    expect(rows.map(([computer, account]) => [computer, account])).toEqual([
      ['entra', '2'],
      ['web01', 'alice'],
      ['web02', 'bob'],
    ]);
    expect(String(rows[2]?.[2])).toMatch(/Collection-web02\.zip!data\.zip!uploads/);
    expect(digests).toHaveLength(4);
  });

  it('is read by its content, not by the ending of its name, where NAME=FILE names it', async () => {
    const portal = folder.write(
      'InteractiveSignIns.csv',
      '"Date (UTC)","Request ID","User","Username","Application","IP address","Status","Sign-in error code"\r\n"2026-11-23T02:00:01Z","r1","Bob","bob@contoso.com","Portal","203.0.113.9","Failure","50126"\r\n',
    );
    const lines = folder.write('lines.json', '{"a":1}\n{"a":2}\n');
    const list = folder.write('list.jsonl', '[{"a":3},\n{"a":4}]\n');
    const log = folder.write(
      'auth.log',
      'Nov 23 02:00:01 web01 sshd[7]: Failed password for root from 203.0.113.9 port 4000 ssh2\n',
    );
    const rows = async (query: string, ...given: string[]) => {
      const { files } = await gatherEvidence(given, { named: evidenceFile });
      return (await runQuery({ query, files, now: 0, limit: 9 }, () => {})).rows;
    };
    const who = 'project TimeGenerated, UserPrincipalName, ResultType';
    const failed = [['2026-11-23T02:00:01Z', 'bob@contoso.com', '50126']];
    expect(await rows(`SigninLogs | ${who}`, `SigninLogs=${portal}`)).toEqual(failed);
    await expect(rows('AuditLogs', `AuditLogs=${portal}`)).rejects.toThrow(
      'its rows are of SigninLogs, not of AuditLogs',
    );
    expect(await rows('Mine | project Username', `Mine=${portal}`)).toEqual([['bob@contoso.com']]);
    expect(await rows('union T, U', `T=${lines}`, `U=${list}`)).toEqual([[1], [2], [3], [4]]);
    expect(await rows('lines', lines)).toEqual([[1], [2]]);
    expect(await rows('Syslog | project Computer', `Syslog=${log}`)).toEqual([['web01']]);
    await expect(gatherEvidence([`T=${log}`], { named: evidenceFile })).rejects.toThrow(/auth\.log.*not "\.log"/);
  });

  it('is chosen from by patterns, and a file that is named twice counts once', async () => {
    expect(names(await gathered([join(root, '**/*.evtx')]))).toEqual([
      'kape/C/Windows/System32/winevt/logs/Security.evtx',
    ]);
    expect(names(await gathered([join(root, 'exp*')]))).toEqual(['exports/more.csv.gz', 'exports/signins.csv']);
    expect(names(await gathered([join(root, 'exports/signins.csv'), join(root, 'exports')]))).toEqual([
      'exports/signins.csv',
      'exports/more.csv.gz',
    ]);
    expect((await gathered([join(root, '*.none')])).unread).toMatchObject([{ because: 'no file is named so' }]);
  });

  it('is not left by a symbolic link, nor lost in a loop of them', async () => {
    const linked = join(folder.path, 'linked');
    mkdirSync(linked);
    symlinkSync('..', join(linked, 'up'));
    symlinkSync('.', join(linked, 'loop'));
    const { files, unread } = await gathered([linked]);
    expect(files).toEqual([]);
    expect(unread).toEqual([
      { path: join(linked, 'up'), because: 'it is a symbolic link that leads out of the folder' },
    ]);
  });

  it('is read on where a file of it is damaged, which is named; a file that was named itself ends the query', async () => {
    const broken = join(folder.path, 'broken');
    mkdirSync(broken);
    folder.write('broken/SigninLogs.csv', `${signIns}"an open quote`);
    folder.write('broken/Sound.csv', signIns);
    const ask = async (given: string) =>
      runQuery({ query: 'SigninLogs | count', files: (await gathered([given])).files, now: 0, limit: 1 }, () => {});
    const { rows, notes } = await ask(broken);
    expect(rows).toEqual([[2]]);
    expect(notes.join('\n')).toMatch(/not read to its end: .*SigninLogs\.csv, line 3: the file ends within quotes/);
    await expect(ask(join(broken, 'SigninLogs.csv'))).rejects.toThrow('line 3: the file ends within quotes');
  });
});
