import { mkdirSync } from 'node:fs';
import { relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evidenceFile } from '../../src/evidence/evidence-files.ts';
import { gatherEvidence } from '../../src/evidence/gather.ts';
import { runQuery } from '../../src/evidence/run-query.ts';
import { writeZip } from '../archives/zip-writer.ts';
import { temporaryFolder } from '../eventlog/temporary.ts';

const folder = temporaryFolder();

/** Small pieces of what the programs write, in their own folders. */
const files: Record<string, string> = {
  'EventLogs/hayabusa.csv':
    '"Timestamp","RuleTitle","Level","Computer","Channel","EventID","RecordID","Details","ExtraFieldInfo"\n"2026-11-23 02:00:01.000 +00:00","Logon Failure (Wrong Password)","low","web01","Sec",4625,101,"Type: 3 - NETWORK ¦ TgtUser: admin ¦ SrcIP: 203.0.113.9",""\n',
  'EventLogs/chainsaw/account_tampering.csv':
    'timestamp,detections,path,Event ID,Record ID,Computer,User\n2026-11-23T02:00:01+00:00,‣ New User Created,Security.evtx,4720,101,web01,eve\n',
  'Registry/20261123020000_RECmd_Batch_Kroll_Batch_Output.csv':
    'HivePath,HiveType,Description,Category,KeyPath,ValueName,ValueType,ValueData\nC:\\SYSTEM,SYSTEM,Run,Autoruns,ROOT\\Run,x,RegSz,evil.exe\n',
  'ProgramExecution/20261123020000_PECmd_Output.csv': 'Note,SourceFilename,ExecutableName,RunCount\n,a.pf,EVIL.EXE,3\n',
  'winevent.csv':
    '"Message","Id","ProviderName","LogName","MachineName","TimeCreated"\n"An account failed to log on.","4625","Microsoft-Windows-Security-Auditing","Security","web01","11/23/2026 2:00:01 AM"\n',
  'ual.csv':
    'RecordId,CreationDate,RecordType,Operation,UserId,AuditData\n1,2026-11-23T02:00:01.0000000Z,15,UserLoggedIn,a@b.c,"{""ClientIP"":""203.0.113.9""}"\n',
  // As Purview's portal exported it before 2023.
  'purview.csv':
    'CreationDate,UserIds,Operations,AuditData\n2026-11-23T02:00:01.0000000Z,a@b.c,New-InboxRule,"{""ClientIP"":""203.0.113.9""}"\n',
  'graph.json':
    '[{"id":"1","createdDateTime":"2026-11-23T02:00:01Z","auditLogRecordType":"exchangeAdmin","operation":"New-InboxRule","auditData":{"ClientIP":"203.0.113.9"}}]',
  'cloudtrail.json':
    '{"Records":[{"eventVersion":"1.08","eventTime":"2026-11-23T02:00:01Z","eventSource":"sts.amazonaws.com","eventName":"AssumeRole","awsRegion":"eu-west-1"}]}',
};

describe('what programs of responders write', () => {
  it('is a table named after the artifact, in the layout that the program leaves it', async () => {
    for (const name of ['EventLogs/chainsaw', 'Registry', 'ProgramExecution'])
      mkdirSync(`${folder.path}/kape/${name}`, { recursive: true });
    for (const [name, content] of Object.entries(files)) folder.write(`kape/${name}`, content);
    const evidence = await gatherEvidence([`${folder.path}/kape`], { named: evidenceFile });
    expect(
      Object.fromEntries(evidence.files.map(({ path, table }) => [relative(`${folder.path}/kape`, path), table])),
    ).toEqual({
      'EventLogs/hayabusa.csv': 'Hayabusa',
      'EventLogs/chainsaw/account_tampering.csv': 'Chainsaw',
      'Registry/20261123020000_RECmd_Batch_Kroll_Batch_Output.csv': 'RECmd',
      'ProgramExecution/20261123020000_PECmd_Output.csv': 'PECmd_Output',
      'winevent.csv': 'GetWinEvent',
      'ual.csv': 'UnifiedAuditLog',
      'purview.csv': 'UnifiedAuditLog',
      'graph.json': 'UnifiedAuditLog',
    });
    // Of AWS: a form that is no table here, and is named.
    expect(evidence.tableless.map((path) => relative(`${folder.path}/kape`, path))).toEqual(['cloudtrail.json']);
    const ask = async (query: string) =>
      (await runQuery({ query, files: evidence.files, now: 0, limit: 5 }, () => {})).rows;
    expect(await ask('Hayabusa | where Details has "203.0.113.9" | project Computer, EventID')).toEqual([
      ['web01', 4625],
    ]);
    expect(await ask('PECmd_Output | project ExecutableName, RunCount')).toEqual([['EVIL.EXE', 3]]);
  });

  it('of Velociraptor is an artifact a table, with the logs of its uploads beside', async () => {
    const collection = writeZip([
      {
        name: 'results/Windows.System.Pslist.json',
        content: '{"Pid":4,"Name":"System"}\n{"Pid":9,"Name":"evil.exe"}\n',
      },
      { name: 'results/Linux.Sys.LastUserLogin.json', content: '{"login_User":"admin","login_Host":"203.0.113.9"}\n' },
      {
        name: 'results/Windows.KapeFiles.Targets%2FAll%20File%20Metadata.json',
        content: '{"SourceFile":"C:\\\\a","Size":1}\n',
      },
      { name: 'results/Windows.System.Pslist.json.index', content: Buffer.alloc(16) },
      {
        name: 'uploads/auto/%2Fvar%2Flog%2Fauth.log',
        content: 'Nov 23 02:00:01 web01 sshd[1]: Failed password for root from 203.0.113.9 port 1 ssh2\n',
      },
      { name: 'client_info.json', content: '{"Hostname":"web01","OS":"linux"}' },
    ]);
    const path = folder.write('Collection-web01.zip', collection);
    const evidence = await gatherEvidence([path], { named: evidenceFile });
    expect(evidence.files.map(({ table, format }) => [table, format])).toEqual([
      ['Windows_System_Pslist', 'jsonl'],
      ['Linux_Sys_LastUserLogin', 'jsonl'],
      ['Windows_KapeFiles_Targets_All_File_Metadata', 'jsonl'],
      ['Syslog', 'syslog'],
    ]);
    expect(evidence.tableless).toEqual([`${path}!client_info.json`]);
    const query = 'Windows_System_Pslist | where Name == "evil.exe" | project Pid';
    const { rows } = await runQuery({ query, files: evidence.files, now: 0, limit: 5 }, () => {});
    expect(rows).toEqual([[9]]);
  });

  it('of PowerShell’s module for Graph are sign-ins as Graph has them', async () => {
    const signIn = {
      Id: '1',
      CreatedDateTime: '2026-11-23T02:00:01Z',
      UserPrincipalName: 'a@b.c',
      UserDisplayName: 'A',
      IPAddress: '203.0.113.9',
      IsInteractive: true,
      AppDisplayName: 'Azure Portal',
      Status: { ErrorCode: 50126, FailureReason: 'Invalid username or password' },
      Location: { CountryOrRegion: 'NL', City: 'Amsterdam' },
    };
    const path = folder.write('20261123-SignInLogsGraph.json', JSON.stringify([signIn]));
    const { files: found } = await gatherEvidence([path], { named: evidenceFile });
    const query =
      'SigninLogs | project TimeGenerated, UserPrincipalName, IPAddress, ResultType, Location, tostring(Status.errorCode)';
    const { rows } = await runQuery({ query, files: found, now: 0, limit: 5 }, () => {});
    expect(rows).toEqual([['2026-11-23T02:00:01Z', 'a@b.c', '203.0.113.9', '50126', 'NL', '50126']]);
  });

  it('is named with its cure where it lost what makes it evidence', async () => {
    mkdirSync(`${folder.path}/lossy`);
    folder.write('lossy/a.txt', 'Event[0]:\r\n  Log Name: Security\r\n  Source: x\r\n');
    folder.write(
      'lossy/b.csv',
      'Keywords,Date and Time,Source,Event ID,Task Category\nAudit Failure,11/23/2026 2:00:01 AM,x,4625,Logon,"An account"\n',
    );
    folder.write('lossy/c.json', '{"value":[{"code":"ComponentStatus/StdOut/succeeded","message":"x"}]}');
    const { unread, files: found } = await gatherEvidence([`${folder.path}/lossy`], { named: evidenceFile });
    expect(found).toEqual([]);
    expect(unread.map(({ because }) => because.replace(/[,:].*$/, ''))).toEqual([
      'it is the text of wevtutil',
      'it is CSV of Event Viewer',
      'it is the answer of a Run Command',
    ]);
  });
});
